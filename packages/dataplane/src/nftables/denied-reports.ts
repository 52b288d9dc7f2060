/**
 * Telling user space of packets that are dropped: chains on the way to the drop that send the first bytes
 * of a packet to a netlink log group, at most so many a second of each kind, and count the others.
 */
import { type ChainDefinition, countedPackets, type Expression, type NftablesConnection, type RuleDefinition } from '@weir/kernel';
import type { Direction } from '@weir/policy';
import type { UnownedReason } from '../dataplane.ts';
import { drop } from './packet-steps.ts';
import { weirTable } from './sets.ts';

/** The log group; one process of a network namespace can listen to it. */
export const deniedGroup = 5747;
/** Enough for the headers: IPv6 with some options, and ports. */
export const deniedBytes = 128;

/** What a report says of its packet; without `unowned` policies have denied it. */
export interface DropReport {
  readonly direction: Direction;
  readonly unowned?: UnownedReason;
}

/** What is wrong with a packet that no policy is asked about. */
export type UnownedEnd = 'closed source' | 'closed target' | 'forged source';

interface ReportKind extends DropReport {
  readonly chain: string;
  readonly prefix: string;
}

const deniedKinds = {
  egress: { chain: 'egress_report', prefix: 'weir egress', direction: 'egress' },
  ingress: { chain: 'ingress_report', prefix: 'weir ingress', direction: 'ingress' },
} as const satisfies Record<Direction, ReportKind>;

const unownedKinds = {
  'closed source': { chain: 'closed_source_report', prefix: 'weir closed source', direction: 'egress', unowned: 'closed' },
  'closed target': { chain: 'closed_target_report', prefix: 'weir closed target', direction: 'ingress', unowned: 'closed' },
  'forged source': { chain: 'forged_report', prefix: 'weir forged source', direction: 'egress', unowned: 'forged' },
} as const satisfies Record<UnownedEnd, ReportKind>;

const kinds: readonly ReportKind[] = [...Object.values(deniedKinds), ...Object.values(unownedKinds)];

/** The chains, also while nothing is reported: changing that leaves them in place. */
export const deniedReportChains: readonly ChainDefinition[] = kinds.map(({ chain }) => ({ name: chain }));

/** Their rules. Chains of denied packets return, behind them is the drop; the others drop. */
export function deniedReportRules(perSecond: number): RuleDefinition[] {
  return kinds.flatMap(({ chain, prefix, unowned }) => {
    const [told, untold]: readonly (readonly Expression[])[] =
      unowned === undefined ? [[{ kind: 'verdict', verdict: 'return' }], []] : [[drop], [drop]];
    return [
      {
        chain,
        expressions: [{ kind: 'limit', perSecond }, { kind: 'log', prefix, group: deniedGroup, bytes: deniedBytes }, ...(told ?? [])],
      },
      { chain, expressions: [{ kind: 'counter' }, ...(untold ?? [])], comment: 'dropped and not reported' },
    ];
  });
}

/** The rule that reports what is about to be dropped. */
export function reportDenied(chain: string, direction: Direction): RuleDefinition {
  return { chain, expressions: [{ kind: 'jump', chain: deniedKinds[direction].chain }] };
}

/** The end of a rule that drops what no policy is asked about; with `reports` it is reported. */
export function unownedEnd(end: UnownedEnd, reports: boolean): Expression[] {
  return [{ kind: 'counter' }, reports ? { kind: 'goto', chain: unownedKinds[end].chain } : drop];
}

/** What a log prefix says; undefined when it is none of ours. */
export function reportOfPrefix(prefix: string): DropReport | undefined {
  return kinds.find((kind) => kind.prefix === prefix);
}

/** How many dropped packets were not reported since the rules were made. */
export function unreportedPackets(connection: NftablesConnection): number {
  const chains = new Set(kinds.map(({ chain }) => chain));
  let packets = 0n;
  for (const { chain, expressions } of connection.rules(weirTable)) if (chains.has(chain)) packets += countedPackets(expressions);
  return Number(packets);
}
