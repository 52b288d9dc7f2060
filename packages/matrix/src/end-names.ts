/**
 * Names of the ends in a matrix: the workloads of a class where they are few, else what its pods have in
 * common; nodes; blocks of addresses. Two ends of different members never have the same name.
 */
import { blockAround, describeRanges, type EndClasses, EndDescriber } from '@weir/connectivity';
import { type Endpoint, type FlowEnd, podName } from '@weir/model';
import { type AddressRange, cidrRange, type Family, formatAddress, formatCidr, subtractAddressRanges } from '@weir/net';
import { copiesOf, listed, listedMax, type Snapshot } from '@weir/snapshot';
import type { MatrixEnd, MatrixWorkload } from './matrix-report.ts';

/** Names ends; one for all families of a report. */
export class EndNames {
  readonly #snapshot: Snapshot;
  readonly #members: Map<string, string> = new Map();
  /** How many pods of each workload take part, by its name. */
  readonly #podsOf: Map<string, number> = new Map();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    for (const endpoint of snapshot.endpoints.values()) {
      const { key } = this.#workloadOf(endpoint);
      this.#podsOf.set(key, (this.#podsOf.get(key) ?? 0) + 1);
    }
  }

  /** An end of some pods; `ends` are the classes that they belong to. */
  pods(pods: readonly Endpoint[], ends: EndClasses): MatrixEnd {
    const workloads = this.#workloads(pods);
    const describer = new EndDescriber(ends, new Map());
    const text = workloads.length <= listedMax ? workloads.map(workloadText).join(', ') : describer.describePods(pods);
    const key = workloads.map(({ kind, namespace, pods: members }) => `${kind} ${namespace} ${members.join()}`).join();
    return { ...emptyEnd('pods', this.#unique(text, key), ends.family), workloads };
  }

  /** An end of pods that are not among the objects, the first of them by name. */
  absentPods(pods: readonly Endpoint[], family: Family): MatrixEnd {
    const workloads = this.#workloads(pods);
    const texts = workloads.map(({ namespace, name }) => `${namespace}/${name}`);
    // They are long: three where there are no more, else the first alone.
    const text = texts.length <= listedMax ? texts.join(', ') : `${texts[0] ?? ''} and ${texts.length - 1} more`;
    return { ...emptyEnd('pods', this.#unique(text, `absent ${pods.map(podName).sort().join()}`), family), workloads };
  }

  /** An end of nodes, or of some addresses of them. */
  nodes(nodes: readonly string[], isEvery: boolean, family: Family): MatrixEnd {
    const text = isEvery && nodes.length > 1 ? `every node (${nodes.length})` : `node${nodes.length === 1 ? '' : 's'} ${listed(nodes)}`;
    return { ...emptyEnd('nodes', this.#unique(text, `nodes ${nodes.join()}`), family), nodes };
  }

  /** An end of addresses outside. */
  outside(ranges: readonly AddressRange[], hosts: readonly string[], family: Family): MatrixEnd {
    const blocks = describeRanges(ranges);
    const text = rangesText(ranges, blocks);
    return { ...emptyEnd('outside', this.#unique(text, blocks.join()), family), blocks, hosts };
  }

  /** Some pods, nodes and addresses in words; they may be a part of an end, and are none by themselves. */
  textOf(members: readonly FlowEnd[]): string {
    const pods = this.#workloads(members.flatMap((end) => (end.kind === 'endpoint' ? [end.endpoint] : [])));
    const nodes = [...new Set(members.flatMap((end) => (end.kind === 'node' ? [`node ${end.node.name}`] : [])))];
    const addresses = members.flatMap((end) => (end.kind === 'address' ? [formatAddress(end.address)] : []));
    return listed([...pods.map(workloadText), ...nodes, ...addresses]);
  }

  #workloads(pods: readonly Endpoint[]): MatrixWorkload[] {
    const found = new Map<
      string,
      { readonly kind: string; readonly namespace: string; readonly name: string; readonly pods: Endpoint[] }
    >();
    for (const pod of pods) {
      const { key, ...workload } = this.#workloadOf(pod);
      const same = found.get(key);
      if (same === undefined) found.set(key, { ...workload, pods: [pod] });
      else same.pods.push(pod);
    }
    const workloads = [...found].map(([key, { pods: members, ...workload }]) => ({
      ...workload,
      pods: members.map(({ name }) => name).sort(),
      copies: members.reduce((sum, pod) => sum + copiesOf(this.#snapshot, pod), 0),
      isWhole: members.length === this.#podsOf.get(key),
    }));
    return workloads.sort((a, b) => compareTexts(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`));
  }

  #workloadOf(pod: Endpoint): { readonly key: string; readonly kind: string; readonly namespace: string; readonly name: string } {
    const { kind, namespace, name } = this.#snapshot.workloads.get(podName(pod)) ?? {
      kind: 'Pod',
      namespace: pod.namespace,
      name: pod.name,
    };
    return { key: `${kind} ${namespace}/${name}`, kind, namespace, name };
  }

  /** The text, with a number behind it where others have it already. */
  #unique(text: string, members: string): string {
    for (let number = 1; ; number++) {
      const name = number === 1 ? text : `${text} #${number}`;
      const taken = this.#members.get(name);
      if (taken === undefined) this.#members.set(name, members);
      if (taken === undefined || taken === members) return name;
    }
  }
}

/** The blocks; or the least block around them and what it is without, where that is shorter. */
function rangesText(ranges: readonly AddressRange[], blocks: readonly string[]): string {
  const around = blockAround(ranges);
  const holes = around === undefined ? [] : subtractAddressRanges([cidrRange(around)], ranges);
  // Each hole is one block at least.
  const exceptions = holes.length < blocks.length ? describeRanges(holes) : [];
  const isShorter = around !== undefined && exceptions.length > 0 && exceptions.length < blocks.length;
  return isShorter ? `${formatCidr(around)} except ${listed(exceptions)}` : listed(blocks);
}

/** `shop/web`; of a part of a workload the pods themselves, where they are few. */
function workloadText({ namespace, name, pods, isWhole }: MatrixWorkload): string {
  if (isWhole) return `${namespace}/${name}`;
  return pods.length <= listedMax ? pods.map((pod) => `${namespace}/${pod}`).join(', ') : `${namespace}/${name} (${pods.length} pods)`;
}

function emptyEnd(kind: MatrixEnd['kind'], name: string, family: Family): MatrixEnd {
  return { name, kind, families: [family], workloads: [], nodes: [], blocks: [], hosts: [] };
}

/** Orders texts by their code units, the same everywhere. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
