/**
 * Telling user space of packets that are dropped or logged: chains on their way that send the first bytes
 * of a packet to a netlink log group, at most so many a second of each kind, and count the others.
 */
import { type ChainDefinition, countedPackets, type Expression, type NftablesConnection, type RuleDefinition } from '@weir/kernel';
import type { Direction } from '@weir/model';
import { type DropKind, dropKinds, prefixOfReport, reportBytes, reportGroup, type UnownedEnd } from '../connections/packet-reports.ts';
import { drop } from './packet-steps.ts';
import { weirTable } from './sets.ts';

type NftablesReport = DropKind | `logged ${Direction}`;

const kinds: readonly NftablesReport[] = [...dropKinds, 'host egress', 'host ingress', 'logged egress', 'logged ingress'];

const chains: Readonly<Record<NftablesReport, string>> = {
  egress: 'egress_report',
  ingress: 'ingress_report',
  'host egress': 'egress_host_report',
  'host ingress': 'ingress_host_report',
  'closed source': 'closed_source_report',
  'closed target': 'closed_target_report',
  'forged source': 'forged_report',
  'logged egress': 'logged_egress_report',
  'logged ingress': 'logged_ingress_report',
};

/** The chains, also while nothing is reported: changing that leaves them in place. */
export const reportChains: readonly ChainDefinition[] = kinds.map((kind) => ({ name: chains[kind] }));

/** Their rules. Chains of denied packets return, behind them is the drop, and so do those of logged ones; the others drop. */
export function reportRules(perSecond: number): RuleDefinition[] {
  return kinds.flatMap((kind) => {
    const chain = chains[kind];
    const prefix = prefixOfReport(kind);
    const [told, untold]: readonly (readonly Expression[])[] = !isUnownedEnd(kind)
      ? [[{ kind: 'verdict', verdict: 'return' }], []]
      : [[drop], [drop]];
    return [
      {
        chain,
        expressions: [{ kind: 'limit', perSecond }, { kind: 'log', prefix, group: reportGroup, bytes: reportBytes }, ...(told ?? [])],
      },
      { chain, expressions: [{ kind: 'counter' }, ...(untold ?? [])], comment: 'not reported' },
    ];
  });
}

/** The end of a rule that reports a logged packet and goes back to who asked. */
export function reportLogged(direction: Direction): Expression {
  return { kind: 'goto', chain: chains[`logged ${direction}`] };
}

/** The rule that reports what is about to be dropped. */
export function reportDenied(chain: string, kind: Direction | `host ${Direction}`): RuleDefinition {
  return { chain, expressions: [{ kind: 'jump', chain: chains[kind] }] };
}

/** The end of a rule that drops what no policy is asked about; with `reports` it is reported. */
export function unownedEnd(end: UnownedEnd, reports: boolean): Expression[] {
  return [{ kind: 'counter' }, reports ? { kind: 'goto', chain: chains[end] } : drop];
}

/** How many packets were not reported since the rules were made. */
export function unreportedPackets(connection: NftablesConnection): number {
  const names = new Set(Object.values(chains));
  let packets = 0n;
  for (const { chain, expressions } of connection.rules(weirTable)) if (names.has(chain)) packets += countedPackets(expressions);
  return Number(packets);
}

function isUnownedEnd(kind: NftablesReport): boolean {
  return kind.startsWith('closed') || kind.startsWith('forged');
}
