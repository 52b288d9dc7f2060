/**
 * What decides the connections of a matrix, at both ends: the policy and the rule, for one pair of members of each two ends.
 *
 * Members of an end are those that no policy tells apart, so that one pair speaks for all. What is told is what the evaluation
 * answers for that pair on one port of each range; where it does not answer that the connection is allowed, nothing is told.
 */
import { describeDirection, describeEnd, type FlowEnd, type FlowQuestion, judgeDirection, judgeQuestion } from '@weir/model';
import { type Family, hasPorts, parseCidr, parseProtocol } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import type { MatrixConnection, MatrixEnd, MatrixReport } from './matrix-report.ts';

/** What decides a connection on one port. */
export interface MatrixCause {
  /** `TCP 80`, or a protocol alone. */
  readonly traffic: string;
  /** The pair that was asked about: `shop/web-1 (10.0.0.1) → shop/db-0 (10.0.0.2)`. */
  readonly pair: string;
  /** `allowed, rule egress[0].to[0] of NetworkPolicy shop/web (web.yaml:12) matches`. */
  readonly egress: string;
  readonly ingress: string;
}

/** By connection; those of which nothing is told are not in it. */
export type MatrixCauses = ReadonlyMap<MatrixConnection, readonly MatrixCause[]>;

/** So many ports of a connection are told of, and so many answers are made for a matrix. */
const portsMax = 8;
const answersMax = 4_000;
/** The one that is asked about where all are allowed. */
const ordinaryPort = 80;
/** So many members of an end are tried until a pair speaks for it. */
const membersMax = 3;

/** Asks for each connection; `report` is of the same snapshot. */
export function matrixCauses(snapshot: Snapshot, { ends, connections }: MatrixReport): MatrixCauses {
  const byName = new Map(ends.map((end) => [end.name, end]));
  const causes = new Map<MatrixConnection, readonly MatrixCause[]>();
  let answers = 0;
  for (const connection of connections) {
    const [from, to] = [byName.get(connection.from), byName.get(connection.to)];
    if (from === undefined || to === undefined || answers >= answersMax) continue;
    const traffic = trafficOf(connection).slice(0, portsMax);
    answers += traffic.length;
    const [family = 4] = connection.families;
    const pairs = pairsOf(membersOf(snapshot, from, family), membersOf(snapshot, to, family));
    const told = traffic.flatMap((one) => causeOf(snapshot, pairs, { ...one, family }) ?? []);
    if (told.length > 0) causes.set(connection, told);
  }
  return causes;
}

/** A kind of traffic with its name. */
interface AskedTraffic extends Pick<FlowQuestion, 'protocol' | 'sourcePort' | 'destinationPort' | 'icmp'> {
  readonly name: string;
}

/** One port of each range; what has no number of its own, as other protocols have none, is not asked. */
function trafficOf({ protocols }: MatrixConnection): readonly AskedTraffic[] {
  return protocols.flatMap(({ protocol: name, ports = [], sourcePorts = [], messages = [] }): AskedTraffic[] => {
    const protocol = parseProtocol(name.replace(/^protocol /, ''));
    if (protocol === undefined) return [];
    const [source] = sourcePorts;
    const from = source === undefined ? {} : { sourcePort: source.first };
    if (ports.length > 0)
      return ports.map(({ first, last }) => {
        const port = first === 0 && last > 0 ? 1 : first;
        return { name: `${name} ${port}`, protocol, destinationPort: port, ...from };
      });
    if (messages.length === 0 && hasPorts(protocol))
      return [{ name: `${name} ${ordinaryPort}`, protocol, destinationPort: ordinaryPort, ...from }];
    if (messages.length === 0) return [{ name, protocol, ...from }];
    return messages.flatMap((message) => {
      const [, type, code] = /^type (\d+) code (\d+)$/.exec(message) ?? [];
      return type === undefined ? [] : [{ name: `${name} ${message}`, protocol, icmp: { type: Number(type), code: Number(code) } }];
    });
  });
}

/** Some members of an end. */
function membersOf({ endpoints, nodes, world }: Snapshot, end: MatrixEnd, family: Family): readonly FlowEnd[] {
  const pods = end.workloads.flatMap(({ namespace, pods: names }) => names.map((name) => `${namespace}/${name}`));
  return [
    ...pods.flatMap((key): FlowEnd[] => {
      const endpoint = endpoints.get(key);
      const address = endpoint?.addresses.find((one) => one.family === family);
      if (endpoint === undefined) return [];
      if (address !== undefined) return [{ kind: 'endpoint', endpoint, address }];
      // One that is planned has none yet, and will have one of each family.
      return endpoint.addresses.length === 0 ? [{ kind: 'endpoint', endpoint }] : [];
    }),
    ...end.nodes.flatMap((name): FlowEnd[] => {
      const node = nodes.find((one) => one.name === name);
      const address = node?.addresses.find((one) => one.family === family);
      return node === undefined || address === undefined ? [] : [{ kind: 'node', node, address }];
    }),
    ...end.blocks.flatMap((text): FlowEnd[] => {
      const block = parseCidr(text);
      const found = block?.network.family === family ? world.endAt(block.network) : undefined;
      return found?.kind === 'address' ? [found] : [];
    }),
  ].slice(0, membersMax);
}

function pairsOf(sources: readonly FlowEnd[], destinations: readonly FlowEnd[]): readonly (readonly [FlowEnd, FlowEnd])[] {
  return sources.flatMap((source) => destinations.map((destination) => [source, destination] as const));
}

/** Of the first pair of which policies decide, and not that one is the other's node, or both the same. */
function causeOf(
  { world }: Snapshot,
  pairs: readonly (readonly [FlowEnd, FlowEnd])[],
  { name, family, ...asked }: AskedTraffic & { readonly family: Family },
): MatrixCause | undefined {
  let other: MatrixCause | undefined;
  for (const [source, destination] of pairs) {
    const question: FlowQuestion = { source, destination, family, ...asked };
    if (judgeQuestion(world, question) !== 'allow') continue;
    const sides = [judgeDirection(world, question, 'egress'), judgeDirection(world, question, 'ingress')] as const;
    const [egress, ingress] = sides.map(describeDirection);
    const cause: MatrixCause = {
      traffic: name,
      pair: `${describeEnd(source)} → ${describeEnd(destination)}`,
      egress: egress ?? '',
      ingress: ingress ?? '',
    };
    if (!sides.some(({ decidedBy }) => decidedBy?.reason === 'profile')) return cause;
    other ??= cause;
  }
  return other;
}
