/** One end of a difference in which policies alone are others. */
import type { Endpoint } from '@weir/model';
import type { AddressRange, Family } from '@weir/net';
import { type JointClass, type JointEnd, podEnd } from '../joint-ends.ts';
import type { PairedPod } from '../paired-pods.ts';

/** An end with where it is told apart. */
export interface EditedEnd {
  readonly kind: JointClass['kind'];
  /** Among all ends. */
  readonly place: number;
  readonly joint: JointEnd;
  /** Of addresses outside: which they are. */
  readonly ranges: readonly AddressRange[];
  /** Of pods the node that they run on. */
  readonly nodeName?: string;
}

/** Pods as ends, which are the same after each edit. */
const known: Readonly<Record<Family, WeakMap<readonly PairedPod[], readonly EditedEnd[]>>> = { 4: new WeakMap(), 6: new WeakMap() };

/** The pods that have addresses of the family, or may get one. */
export function endsOfPods(pods: readonly PairedPod[], family: Family): readonly EditedEnd[] {
  let ends = known[family].get(pods);
  if (ends === undefined) {
    const found: EditedEnd[] = [];
    for (const pod of pods) {
      const joint = podEnd(pod, family);
      const node = pod.after?.node;
      if (joint !== undefined)
        found.push({ kind: 'pods', place: found.length, joint, ranges: [], ...(node === undefined ? {} : { nodeName: node }) });
    }
    ends = found;
    known[family].set(pods, ends);
  }
  return ends;
}

/** The names that a pod gives its ports, as a text. */
export function portNamesOf({ joint: { before } }: EditedEnd): string {
  if (before?.kind !== 'endpoint') return '';
  let names = portNames.get(before.endpoint);
  if (names === undefined) portNames.set(before.endpoint, (names = JSON.stringify(before.endpoint.namedPorts)));
  return names;
}

const portNames: WeakMap<Endpoint, string> = new WeakMap();
