/** A comparison of flows, put together for people: by policy, with reasons, groups of ends and examples. */
import type { Pod } from '@weir/kube';
import { assert, formatAddress, formatProtocol, portRangesContain, protocolNumber } from '@weir/net';
import { type FlowEnd, type FlowQuestion, judgeQuestion, podName } from '@weir/policy';
import { type ChangeReason, policyOf } from './change-causes.ts';
import { type ChangedFlows, type FlowBlock, policyKey, type WorldComparison } from './changed-flows.ts';
import { countPairs } from './count-pairs.ts';
import { EndDescriber } from './describe-ends.ts';
import { type ChangedObject, type FlowExample, type FlowGroup, flowGroupsMax, type MeaningChange } from './migration-report.ts';
import { describeTraffic, type TrafficClass } from './traffic-classes.ts';

/** What the texts and examples are made from. */
export interface TellingContext {
  /** Every pod by `namespace/name`. */
  readonly pods: ReadonlyMap<string, Pod>;
  readonly reasonOf: (changed: ChangedFlows) => ChangeReason;
}

/** The policies whose flows change, by namespace and name. */
export function changedPolicies(comparisons: readonly WorldComparison[], context: TellingContext): ChangedObject[] {
  const objects = new Map<string, { readonly object: Omit<ChangedObject, 'changes'>; readonly changes: MeaningChange[] }>();
  const hostPods = hostPodsByNode(context.pods);
  for (const comparison of comparisons) {
    const teller = new Teller(comparison, context, hostPods);
    for (const changed of comparison.changes) {
      const change = teller.tell(changed);
      if (change.pairs === 0) continue;
      const { ref, source } = policyOf(changed);
      const { namespace = '', name } = ref;
      const object = {
        kind: 'NetworkPolicy' as const,
        namespace,
        name,
        ...(source === undefined ? {} : { source: policySource(source, comparison, ref) }),
      };
      const known = objects.get(policyKey({ ref }));
      if (known === undefined) objects.set(policyKey({ ref }), { object, changes: [change] });
      else known.changes.push(change);
    }
  }
  return [...objects.values()]
    .map(({ object, changes }) => ({ ...object, changes: changes.sort((a, b) => a.family - b.family || b.pairs - a.pairs) }))
    .sort((a, b) => compareText(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`));
}

/** Where the policy itself stands, rather than one of its rules. */
function policySource(
  ofRule: NonNullable<ChangedObject['source']>,
  { from, to }: WorldComparison,
  ref: Parameters<typeof policyKey>[0]['ref'],
): NonNullable<ChangedObject['source']> {
  const same = [from, to]
    .flatMap(({ tiers }) => tiers.flatMap(({ policies }) => policies))
    .find((policy) => policyKey(policy) === policyKey({ ref }));
  return same?.source ?? ofRule;
}

/** Running pods on the host's network as `namespace/name`, by their node. */
function hostPodsByNode(pods: ReadonlyMap<string, Pod>): ReadonlyMap<string, readonly string[]> {
  const byNode = new Map<string, string[]>();
  for (const [name, { spec, status }] of pods) {
    if (spec?.hostNetwork !== true || spec.nodeName === undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed') continue;
    byNode.set(spec.nodeName, [...(byNode.get(spec.nodeName) ?? []), name]);
  }
  return byNode;
}

class Teller {
  readonly #comparison: WorldComparison;
  readonly #context: TellingContext;
  readonly #describer: EndDescriber;

  constructor(comparison: WorldComparison, context: TellingContext, hostPods: ReadonlyMap<string, readonly string[]>) {
    this.#comparison = comparison;
    this.#context = context;
    this.#describer = new EndDescriber(comparison.ends, hostPods);
  }

  tell(changed: ChangedFlows): MeaningChange {
    const groups = changed.blocks.map((block) => this.#group(block, changed)).filter(({ pairs }) => pairs > 0);
    groups.sort((a, b) => b.pairs - a.pairs);
    return {
      ...this.#context.reasonOf(changed),
      change: changed.change,
      family: this.#comparison.ends.family,
      pairs: countPairs(this.#comparison, [changed]),
      flows: groups.slice(0, flowGroupsMax),
      omitted: Math.max(0, groups.length - flowGroupsMax),
    };
  }

  #group(block: FlowBlock, changed: ChangedFlows): FlowGroup {
    const example = this.#example(block, changed);
    return {
      sources: this.#describer.describe(block.sources),
      destinations: changed.ownNode ? 'its own node' : this.#describer.describe(block.destinations),
      traffic: describeTraffic(block.traffic, this.#comparison.traffic),
      pairs: countPairs(this.#comparison, [{ ...changed, blocks: [block] }]),
      ...(example === undefined ? {} : { example }),
    };
  }

  /** A flow of the block, to a port that the destination serves where there is one; both worlds are asked once more. */
  #example({ sources, destinations, traffic }: FlowBlock, { ownNode, change }: ChangedFlows): FlowExample | undefined {
    const { from, to } = this.#comparison;
    const pair = this.#pairOf(sources, destinations, ownNode);
    if (pair === undefined) return undefined;
    const { protocol, port } = this.#servedTraffic(pair.destination, traffic);
    const question: FlowQuestion = { ...pair, protocol, ...(port === undefined ? {} : { destinationPort: port }) };
    const [was, becomes] = [judgeQuestion(from, question), judgeQuestion(to, question)];
    const expected = change === 'lost' ? ['allow', 'deny'] : ['deny', 'allow'];
    assert(was === expected[0] && becomes === expected[1], `the flow ${JSON.stringify(question)} is judged ${was} and ${becomes}`);
    return {
      source: nameOf(pair.source),
      destination: nameOf(pair.destination),
      protocol: formatProtocol(protocol),
      ...(port === undefined ? {} : { port }),
    };
  }

  #pairOf(
    sources: readonly number[],
    destinations: readonly number[],
    ownNode: boolean,
  ): Pick<FlowQuestion, 'source' | 'destination'> | undefined {
    const { classes } = this.#comparison.ends;
    for (const from of sources) {
      for (const to of destinations) {
        for (const source of classes[from]?.ends ?? []) {
          const destination = classes[to]?.ends.find((end) => !isSamePod(source, end) && isOwnNode(source, end) === ownNode);
          if (destination !== undefined) return { source, destination };
        }
      }
    }
    return undefined;
  }

  #servedTraffic(destination: FlowEnd, traffic: readonly TrafficClass[]): Pick<TrafficClass, 'protocol' | 'port'> {
    const pod = destination.kind === 'endpoint' ? this.#context.pods.get(podName(destination.endpoint)) : undefined;
    const served = (pod?.spec?.containers ?? []).flatMap(({ ports = [] }) => ports);
    for (const { containerPort, protocol: name = 'TCP' } of served) {
      const found = traffic.find(
        ({ protocol, ports = [] }) => formatProtocol(protocol) === name && portRangesContain(ports, containerPort),
      );
      if (found !== undefined) return { protocol: found.protocol, port: containerPort };
    }
    return traffic.find(({ port }) => port !== undefined) ?? traffic[0] ?? { protocol: protocolNumber.TCP };
  }
}

function isSamePod(source: FlowEnd, destination: FlowEnd): boolean {
  return source.kind === 'endpoint' && destination.kind === 'endpoint' && source.endpoint.uid === destination.endpoint.uid;
}

function isOwnNode(source: FlowEnd, destination: FlowEnd): boolean {
  const [pod, node] = source.kind === 'endpoint' ? [source, destination] : [destination, source];
  return pod.kind === 'endpoint' && node.kind === 'node' && pod.endpoint.node === node.node.name;
}

function nameOf(end: FlowEnd): string {
  if (end.kind === 'endpoint') return podName(end.endpoint);
  return end.kind === 'node' ? `node ${end.node.name}` : formatAddress(end.address);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
