/**
 * Telling user space of denied packets: chains on the way to the drop that send the first bytes of a
 * packet to a netlink log group, at most so many a second in each direction, and count the others.
 */
import { type ChainDefinition, countedPackets, type NftablesConnection, type RuleDefinition } from '@weir/kernel';
import type { Direction } from '@weir/policy';
import { weirTable } from './sets.ts';

/** The log group; one process of a network namespace can listen to it. */
export const deniedGroup = 5747;
/** Enough for the headers: IPv6 with some options, and ports. */
export const deniedBytes = 128;

const directions: readonly Direction[] = ['egress', 'ingress'];
const chainOf = (direction: Direction): string => `${direction}_report`;
const prefixOf = (direction: Direction): string => `weir ${direction}`;

/** The chains, also while nothing is reported: changing that leaves them in place. */
export const deniedReportChains: readonly ChainDefinition[] = directions.map((direction) => ({ name: chainOf(direction) }));

/** Their rules. */
export function deniedReportRules(perSecond: number): RuleDefinition[] {
  return directions.flatMap((direction) => [
    {
      chain: chainOf(direction),
      expressions: [
        { kind: 'limit', perSecond },
        { kind: 'log', prefix: prefixOf(direction), group: deniedGroup, bytes: deniedBytes },
        { kind: 'verdict', verdict: 'return' },
      ],
    },
    { chain: chainOf(direction), expressions: [{ kind: 'counter' }], comment: 'denied and not reported' },
  ]);
}

/** The rule that reports what is about to be dropped. */
export function reportDenied(chain: string, direction: Direction): RuleDefinition {
  return { chain, expressions: [{ kind: 'jump', chain: chainOf(direction) }] };
}

/** The direction that a log prefix names. */
export function directionOfPrefix(prefix: string): Direction {
  return prefix === prefixOf('egress') ? 'egress' : 'ingress';
}

/** How many denied packets were not reported since the rules were made. */
export function unreportedPackets(connection: NftablesConnection): number {
  const chains = new Set(directions.map(chainOf));
  let packets = 0n;
  for (const { chain, expressions } of connection.rules(weirTable)) if (chains.has(chain)) packets += countedPackets(expressions);
  return Number(packets);
}
