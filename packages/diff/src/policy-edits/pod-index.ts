/** Pods by their labels and addresses, so that of those which a rule may match few are asked. */
import type { LabelKey, PolicyWorld, Selector } from '@weir/model';
import { type Address, type AddressRange, addToGroup, compareAddresses, countBefore } from '@weir/net';
import type { EditedEnd } from './edited-end.ts';
import { narrowestLabel, toldLabels } from './selector-index.ts';

/** A pod with its address. */
interface AddressedPod {
  readonly pod: EditedEnd;
  readonly address: Address;
}

const none: readonly EditedEnd[] = [];

/** Indexes that are made when they are asked for. */
export class PodIndex {
  readonly #pods: readonly EditedEnd[];
  readonly #labels: Map<string, Map<string, EditedEnd[]>> = new Map();
  #addressed: readonly AddressedPod[] | undefined;
  #unaddressed: readonly EditedEnd[] = none;

  constructor(pods: readonly EditedEnd[]) {
    this.#pods = pods;
  }

  /** Those that a selector may match. */
  matching(selector: Selector, world: Pick<PolicyWorld, 'unknownNamespaces'>): readonly EditedEnd[] {
    const required = narrowestLabel(selector, toldLabels(world));
    if (required === undefined) return this.#pods;
    const ofValues = this.#ofLabel(required.label);
    const [only] = required.values;
    if (only !== undefined && required.values.length === 1) return ofValues.get(only) ?? none;
    return [...new Set(required.values)].flatMap((value) => ofValues.get(value) ?? none);
  }

  /** Those whose addresses are in the ranges, and those of which nobody told an address. */
  within(ranges: readonly AddressRange[]): readonly EditedEnd[] {
    this.#addressed ??= this.#sorted();
    const found = [...this.#unaddressed];
    for (const { first, last } of ranges) {
      for (
        let at = countBefore(this.#addressed, ({ address }) => compareAddresses(address, first) < 0);
        at < this.#addressed.length;
        at++
      ) {
        const one = this.#addressed[at];
        if (one === undefined || compareAddresses(one.address, last) > 0) break;
        found.push(one.pod);
      }
    }
    return found;
  }

  #ofLabel({ space, key }: LabelKey): Map<string, EditedEnd[]> {
    const name = `${space} ${key}`;
    let ofValues = this.#labels.get(name);
    if (ofValues === undefined) {
      this.#labels.set(name, (ofValues = new Map<string, EditedEnd[]>()));
      for (const pod of this.#pods) {
        const { after } = pod.joint;
        const value = after?.kind === 'endpoint' ? after.endpoint.labels[space][key] : undefined;
        if (value !== undefined) addToGroup(ofValues, value, pod);
      }
    }
    return ofValues;
  }

  #sorted(): readonly AddressedPod[] {
    const addressed: AddressedPod[] = [];
    const unaddressed: EditedEnd[] = [];
    for (const pod of this.#pods) {
      const address = pod.joint.after?.address;
      if (address === undefined) unaddressed.push(pod);
      else addressed.push({ pod, address });
    }
    this.#unaddressed = unaddressed;
    return addressed.sort((a, b) => compareAddresses(a.address, b.address));
  }
}

/** The indexes of pods that many edits share. */
const known: WeakMap<readonly EditedEnd[], PodIndex> = new WeakMap();

/** The index of the pods of a list, which is kept with it. */
export function podIndexOf(pods: readonly EditedEnd[]): PodIndex {
  let index = known.get(pods);
  if (index === undefined) known.set(pods, (index = new PodIndex(pods)));
  return index;
}
