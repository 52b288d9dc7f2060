/**
 * What holds before any policy is asked, in the order of the other back ends: neighbour discovery, closed
 * and forged ends, established connections, self traffic, then the policies of both ends.
 *
 *   FORWARD ─▶ WEIR-FORWARD ─▶ WEIR-POLICY ─▶ WEIR-EGRESS ─▶ program
 *                                   └───────▶ WEIR-INGRESS ─▶ program
 *   INPUT ───▶ WEIR-INPUT ──▶ WEIR-EGRESS
 *
 * A packet runs through FORWARD once and sees the rules of one instant, so both directions are decided by
 * the same state.
 */

import type { Direction } from '@weir/model';
import type { Family } from '@weir/net';
import { type DropKind, dropKinds, type LogKind, prefixOfReport, reportBytes, reportGroup } from '../connections/packet-reports.ts';
import type { EstablishedMode } from '../dataplane.ts';
import { endedRules } from './ended-connections.ts';
import type { LocalSets } from './local-sets.ts';
import { fixedChains } from './names.ts';
import type { ChainText } from './rule-script.ts';

/** What the fixed chains depend on. */
export interface ChainOptions {
  /** Beginnings of the names of interfaces that lead to pods and nowhere else. */
  readonly podInterfaces: readonly string[];
  readonly established: EstablishedMode;
  /** Whether policies are asked about packets from a pod to its own node. */
  readonly podToOwnNode: 'by-policy' | 'always';
  /** How many dropped packets, and how many logged ones, are reported a second of each kind; undefined: none. */
  readonly flowRate: number | undefined;
}

/** The fixed chains of a family, those that others go to first; `WEIR-SELF`, `-EGRESS` and `-INGRESS` are made elsewhere. */
export function fixedChainsOf(family: Family, sets: LocalSets, options: ChainOptions): ChainText[] {
  const closedTargets = options.podInterfaces.map(
    (prefix) => `-o ${prefix}+ -m set ! --match-set ${sets.local.name} dst ${dropTarget('closed target', options)}`,
  );
  const before = (targets: readonly string[]): string[] => [
    ...discovery(family),
    ...options.podInterfaces.map(
      (prefix) => `-i ${prefix}+ -m set ! --match-set ${sets.local.name} src ${dropTarget('closed source', options)}`,
    ),
    `-m set --match-set ${sets.linked.name} src -m set ! --match-set ${sets.links.name} src,src ${dropTarget('forged source', options)}`,
    ...targets,
    established,
  ];
  const { egress, ingress, self, unlinkedSelf } = sets;
  return [
    ...reportChains(options),
    {
      name: fixedChains.policy,
      rules: [
        `-m set --match-set ${egress.name} src -j ${fixedChains.egress}`,
        `-m set --match-set ${ingress.name} dst -j ${fixedChains.ingress}`,
        ...(options.established === 'cut' ? [`-g ${fixedChains.ended}`] : []),
      ],
    },
    {
      name: fixedChains.forward,
      rules: [
        ...before(closedTargets),
        // Came on the link of its destination, so it comes from there.
        `-m set --match-set ${self.name} dst,src -j RETURN`,
        ...(unlinkedSelf === undefined ? [] : [`-m set --match-set ${unlinkedSelf.name} src -g ${fixedChains.self}`]),
        `-g ${fixedChains.policy}`,
      ],
    },
    {
      name: fixedChains.input,
      rules: [
        ...before([]),
        ...(options.podToOwnNode === 'always' ? [] : [`-m set --match-set ${egress.name} src -j ${fixedChains.egress}`]),
        ...(options.established === 'cut' ? [`-g ${fixedChains.ended}`] : []),
      ],
    },
    ...(options.established === 'cut' ? endedRules(family, sets.local.name) : []),
  ];
}

const established = '-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN';

/** RFC 4861; the hop limit is always 255, which no forwarded packet has any more. */
function discovery(family: Family): string[] {
  if (family === 4) return [];
  return [133, 134, 135, 136, 137].map((type) => `-p ipv6-icmp -m hl --hl-eq 255 -m icmp6 --icmpv6-type ${type} -j RETURN`);
}

/** The end of a rule that drops; with reports the packet is told of first. */
export function dropTarget(kind: DropKind, { flowRate }: Pick<ChainOptions, 'flowRate'>): string {
  return flowRate === undefined ? '-j DROP' : `-g ${reportChain(kind)}`;
}

/** The target of a rule with the action `log`; without reports the rule only counts. */
export function logTarget(direction: Direction, { flowRate }: Pick<ChainOptions, 'flowRate'>): string {
  return flowRate === undefined ? '' : `-j ${reportChain(`logged ${direction}`)}`;
}

/** What is reported: dropped packets, and those that rules log. */
export const reportedKinds: readonly (DropKind | LogKind)[] = [...dropKinds, 'logged egress', 'logged ingress'];

/** The chain that reports packets of a kind. */
export function reportChain(kind: DropKind | LogKind): string {
  return `WEIR-${isLogged(kind) ? '' : 'DROP-'}${kind.toUpperCase().replace(' ', '-')}`;
}

function isLogged(kind: DropKind | LogKind): kind is LogKind {
  return kind.startsWith('logged ');
}

/** The chains that report drops: first what is reported, then everything; the difference was not reported. */
export function reportChains({ flowRate }: ChainOptions): ChainText[] {
  if (flowRate === undefined) return [];
  const rate = Math.max(1, Math.min(10_000, flowRate));
  return reportedKinds.map((kind) => ({
    name: reportChain(kind),
    rules: [
      `-m limit --limit ${rate}/sec --limit-burst ${Math.min(rate, 10_000)} -j NFLOG --nflog-prefix "${prefixOfReport(kind)}" --nflog-group ${reportGroup} --nflog-size ${reportBytes}`,
      isLogged(kind) ? '-j RETURN' : '-j DROP',
    ],
  }));
}
