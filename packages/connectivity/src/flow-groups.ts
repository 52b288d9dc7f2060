/** Blocks of flows as groups for people: ends and traffic in words, how many pairs, and an example that both worlds are asked about once more. */
import type { Pod } from '@weir/kube';
import { type FlowEnd, type FlowQuestion, judgeQuestion, podName } from '@weir/model';
import { addToGroup, assert, type Family, formatAddress, formatProtocol, portRangesContain, protocolNumber } from '@weir/net';
import type { WorldComparison } from './changed-flows.ts';
import { countPairs } from './count-pairs.ts';
import { EndDescriber } from './describe-ends.ts';
import type { ChangedFlows, FlowBlock, FlowChange } from './flow-change.ts';
import type { TrafficClass } from './traffic-classes.ts';
import { describeTraffic } from './traffic-text.ts';

/** One flow that stands for others; ends as `namespace/pod`, `node NAME` or an address. */
export interface FlowExample {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  /** Absent for ICMP. */
  readonly port?: number;
}

/** Flows between two groups of ends: every pair of them, with all of the traffic. */
export interface FlowGroup {
  readonly sources: string;
  readonly destinations: string;
  /** For example `TCP 80 443, UDP`. */
  readonly traffic: string;
  readonly pairs: number;
  readonly example?: FlowExample;
}

/** As many groups of flows are kept for one change. */
const flowGroupsMax = 50;

/** The flows that one rule or policy makes different, in words. */
export interface ToldFlows {
  readonly change: FlowChange;
  readonly family: Family;
  /** Each counted once. */
  readonly pairs: number;
  /** The largest first. */
  readonly flows: readonly FlowGroup[];
  /** How many more groups there are. */
  readonly omitted: number;
}

/** Tells the flows of one comparison. */
export class FlowTeller {
  readonly #comparison: WorldComparison;
  /** Every pod by `namespace/name`. */
  readonly #pods: ReadonlyMap<string, Pod>;
  readonly #describer: EndDescriber;

  constructor(comparison: WorldComparison, pods: ReadonlyMap<string, Pod>) {
    this.#comparison = comparison;
    this.#pods = pods;
    this.#describer = new EndDescriber(comparison.ends, hostPodsByNode(pods));
  }

  /** The flows that one rule or policy makes different. */
  tell(changed: ChangedFlows): ToldFlows {
    const groups = changed.blocks.map((block) => this.#group(block, changed)).filter(({ pairs }) => pairs > 0);
    groups.sort((a, b) => b.pairs - a.pairs);
    return {
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
    const { protocol, port, sourcePort, icmp } = this.#servedTraffic(pair.destination, traffic);
    const question: FlowQuestion = {
      ...pair,
      protocol,
      ...(port === undefined ? {} : { destinationPort: port }),
      ...(sourcePort === undefined ? {} : { sourcePort }),
      ...(icmp === undefined ? {} : { icmp }),
    };
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

  #servedTraffic(destination: FlowEnd, traffic: readonly TrafficClass[]): Omit<TrafficClass, 'ports' | 'sourcePorts'> {
    const pod = destination.kind === 'endpoint' ? this.#pods.get(podName(destination.endpoint)) : undefined;
    const served = (pod?.spec?.containers ?? []).flatMap(({ ports = [] }) => ports);
    for (const { containerPort, protocol: name = 'TCP' } of served) {
      const found = traffic.find(
        ({ protocol, ports = [] }) => formatProtocol(protocol) === name && portRangesContain(ports, containerPort),
      );
      if (found !== undefined) return { ...found, port: containerPort };
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

/** Running pods on the host's network as `namespace/name`, by their node. */
function hostPodsByNode(pods: ReadonlyMap<string, Pod>): ReadonlyMap<string, readonly string[]> {
  const byNode = new Map<string, string[]>();
  for (const [name, { spec, status }] of pods) {
    if (spec?.hostNetwork !== true || spec.nodeName === undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed') continue;
    addToGroup(byNode, spec.nodeName, name);
  }
  return byNode;
}
