/**
 * Whom Calico's selectors find at an address: the pod that lives there, and every network set of which a block holds it,
 * each with its labels in one flat space; and every host endpoint that is expected to have the address.
 *
 * Labels of pods, with `projectcalico.org/…` for what Calico knows itself, `pcns.` for the labels of the namespace and
 * `pcsa.` for those of the service account; own labels with these prefixes are stripped. A NetworkSet has its namespace's
 * labels, a GlobalNetworkSet has none but its own.
 */
import { blockHolds } from '../address-number.ts';
import type { Inhabitant, ResolvedEnd } from '../inhabitants.ts';
import type { CalicoWorld, HostEndpointObject, NetworkSetObject } from './calico-objects.ts';
import type { FlatLabels } from './calico-selector-text.ts';

/** A pod or a host endpoint, with the names that it gives to ports. */
interface Carrier {
  readonly labels: FlatLabels;
  readonly ports: Inhabitant['ports'];
}

/** Answers for one world; answers are remembered. */
export class CalicoIdentities {
  readonly #world: CalicoWorld;
  readonly #hosts: readonly HostEndpointObject[];
  readonly #sets: readonly { readonly blocks: readonly string[]; readonly labels: FlatLabels }[];
  readonly #pods: Map<Inhabitant, FlatLabels> = new Map();
  readonly #ends: Map<ResolvedEnd, readonly FlatLabels[]> = new Map();

  constructor(world: CalicoWorld) {
    this.#world = world;
    this.#hosts = world.hostEndpoints ?? [];
    this.#sets = world.networkSets.map((set) => ({ blocks: set.spec.nets.map(asBlock), labels: this.#labelsOfSet(set) }));
  }

  /** Everything that selectors find there. */
  at(end: ResolvedEnd): readonly FlatLabels[] {
    const known = this.#ends.get(end);
    if (known !== undefined) return known;
    const sets = this.#sets.filter(({ blocks }) => blocks.some((block) => blockHolds(block, end.address)));
    const found = [...this.carriersAt(end).map(({ labels }) => labels), ...sets.map(({ labels }) => labels)];
    this.#ends.set(end, found);
    return found;
  }

  /** Who gives names to ports there: "per endpoint from container ports or HEP ports". */
  carriersAt(end: ResolvedEnd): readonly Carrier[] {
    const hosts = this.#hosts.filter(({ spec: { expectedIPs = [] } }) => expectedIPs.some((ip) => blockHolds(asBlock(ip), end.address)));
    return [
      ...(end.pod === undefined ? [] : [{ labels: this.ofPod(end.pod), ports: end.pod.ports }]),
      ...hosts.map((host) => ({
        labels: this.ofHost(host),
        ports: (host.spec.ports ?? []).map(({ name, protocol, port }) => ({ name, protocol, number: port })),
      })),
    ];
  }

  /** The labels of a host endpoint: its own, "neither namespace label nor profile". */
  ofHost({ metadata: { labels = {} } }: HostEndpointObject): FlatLabels {
    return new Map(ownLabels(labels));
  }

  /** The labels of a pod. */
  ofPod(pod: Inhabitant): FlatLabels {
    const known = this.#pods.get(pod);
    if (known !== undefined) return known;
    const { serviceAccount } = pod;
    const account = this.#world.serviceAccounts.find(
      ({ metadata }) => metadata.namespace === pod.namespace && metadata.name === serviceAccount,
    );
    const labels = new Map([
      ...ownLabels(pod.labels),
      ...ofNamespace(pod.namespace, pod.namespaceLabels),
      ['projectcalico.org/orchestrator', 'k8s'],
      ...(serviceAccount === undefined ? [] : ofAccount(serviceAccount, account?.metadata.labels ?? {})),
    ]);
    this.#pods.set(pod, labels);
    return labels;
  }

  #labelsOfSet({ kind, metadata: { namespace = '', labels = {} } }: NetworkSetObject): FlatLabels {
    if (kind === 'GlobalNetworkSet') return new Map(ownLabels(labels));
    const found = this.#world.namespaces.find(({ metadata }) => metadata.name === namespace)?.metadata.labels ?? {};
    return new Map([...ownLabels(labels), ...ofNamespace(namespace, { ...found, 'kubernetes.io/metadata.name': namespace })]);
  }
}

type Entries = [string, string][];

function ownLabels(labels: Readonly<Record<string, string>>): Entries {
  return Object.entries(labels).filter(([key]) => !/^pc(ns|sa)\./.test(key));
}

function ofNamespace(name: string, labels: Readonly<Record<string, string>>): Entries {
  const inherited = Object.entries(labels).map(([key, value]): [string, string] => [`pcns.${key}`, value]);
  return [...inherited, ['projectcalico.org/namespace', name], ['pcns.projectcalico.org/name', name]];
}

function ofAccount(name: string, labels: Readonly<Record<string, string>>): Entries {
  const inherited = Object.entries(labels).map(([key, value]): [string, string] => [`pcsa.${key}`, value]);
  return [...inherited, ['projectcalico.org/serviceaccount', name], ['pcsa.projectcalico.org/name', name]];
}

/** A block, or an address alone. */
export function asBlock(text: string): string {
  return text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`;
}
