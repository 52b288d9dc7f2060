/**
 * Rules of the chains that ask policies: `egress4`, `ingress6`, `egress4_again`, …, their `_pod` and
 * `_block` halves, and the `_deny` ones. All but the last let through what is allowed and return with
 * the rest.
 *
 * What a tuple says never changes while its numbers live, so a packet can only be judged wrongly by
 * numbers of which one is older than the other. Ingress therefore looks twice before it lets through:
 * one change leaves one of the looks whole. Egress looks once, but again behind ingress
 * (design/nftables.md).
 *
 * Pods go to the half that knows their class: it already holds the ranges that contain the pod, and the
 * class of the range alone could say less (a rule "in this range, but not this pod").
 */
import type { Expression, RuleDefinition } from '@weir/kernel';
import { accept, drop, isFamily, readablePackets, selfRule } from './packet-steps.ts';
import { lookupAddress, type ProgramChain, podReading } from './pod-reading.ts';
import { reportDenied, reportLogged } from './reports.ts';
import { familySets, sharedSets } from './sets.ts';
import { allowRules, anyPeer, countRule, loggedRules, programNumber } from './tuple-rules.ts';

/** Every look at every family. */
export const programChains: readonly ProgramChain[] = (['egress', 'ingress', 'egress_again'] as const).flatMap((look) =>
  ([4, 6] as const).map((family) => ({ look, family })),
);

/** All rules of the chains; with `reports` denied packets are reported. */
export function programRules({ reports }: { readonly reports: boolean }): RuleDefinition[] {
  return programChains.flatMap((of) => [
    ...podHalf(of),
    ...blockHalf(of),
    ...mainChain(of),
    ...(reports ? logChains(of) : []),
    ...denyChain(of, reports),
  ]);
}

/** The names of the chains, jump targets first. */
export function programChainNames(of: ProgramChain): string[] {
  const { main, pod, block, deny, log, logPod } = namesOf(of);
  return [pod, ...(of.look === 'ingress' ? [block] : []), main, ...(of.look === 'egress_again' ? [] : [logPod, log]), deny];
}

/** Where to send packets of isolated endpoints: to be let through or to return, to be let through or dropped, and to be reported where a rule logs them. */
export function programChainTargets(of: ProgramChain): { readonly main: string; readonly deny: string; readonly log: string } {
  return namesOf(of);
}

function namesOf({ look, family }: ProgramChain): { main: string; pod: string; block: string; deny: string; log: string; logPod: string } {
  const main = look === 'egress_again' ? `egress${family}_again` : `${look}${family}`;
  return { main, pod: `${main}_pod`, block: `${main}_block`, deny: `${main}_deny`, log: `${main}_log`, logPod: `${main}_log_pod` };
}

/** Any peer, whom the program alone decides on; then known pods; then the rest of the address space. */
function mainChain(of: ProgramChain): RuleDefinition[] {
  const { main: chain, block } = namesOf(of);
  const loadClass = lookupAddress(of, 'peer', familySets(of.family).block);
  const blocks =
    of.look === 'ingress'
      ? allowRules(chain, podReading(of), { loadClass, looks: 1, found: [{ kind: 'goto', chain: block }] })
      : allowRules(chain, podReading(of), { loadClass, looks: 1, found: letThrough(of) });
  return [...allowRules(chain, podReading(of), { loadClass: anyPeer, looks: 1, found: letThrough(of) }), toPodHalf(chain, of), ...blocks];
}

function podHalf(of: ProgramChain): RuleDefinition[] {
  const loadClass = lookupAddress(of, 'peer', familySets(of.family).class);
  return allowRules(namesOf(of).pod, podReading(of), { loadClass, looks: of.look === 'ingress' ? 2 : 1, found: letThrough(of) });
}

/** Ingress only: the second look at a peer that is no known pod, and at whether it is none. */
function blockHalf(of: ProgramChain): RuleDefinition[] {
  if (of.look !== 'ingress') return [];
  const { block: chain } = namesOf(of);
  const loadClass = lookupAddress(of, 'peer', familySets(of.family).block);
  return [toPodHalf(chain, of), ...allowRules(chain, podReading(of), { loadClass, looks: 1, found: letThrough(of) })];
}

function toPodHalf(chain: string, of: ProgramChain, pod: string = namesOf(of).pod): RuleDefinition {
  const set = familySets(of.family).class;
  return {
    chain,
    expressions: [...isFamily(of.family), ...lookupAddress(of, 'peer', set), { kind: 'goto', chain: pod }],
    comment: `peers in ${set}`,
  };
}

/** Reports what a rule of the program logs, once, and decides nothing: known pods by their class, the rest by that of its block. */
function logChains(of: ProgramChain): RuleDefinition[] {
  // Where egress is asked again everything was reported.
  if (of.look === 'egress_again') return [];
  const { log, logPod } = namesOf(of);
  const sets = familySets(of.family);
  const found = [reportLogged(of.look)];
  const rulesIn = (chain: string, set: string): RuleDefinition[] =>
    loggedRules(chain, podReading(of), { loadClass: lookupAddress(of, 'peer', set), found });
  return [
    {
      chain: log,
      expressions: [
        ...isFamily(of.family),
        ...lookupAddress(of, 'own', sets[of.look]),
        { kind: 'lookup', set: sharedSets.logging, key: programNumber, inverted: true },
        { kind: 'verdict', verdict: 'return' },
      ],
      comment: 'a program that logs nothing',
    },
    toPodHalf(log, of, logPod),
    ...rulesIn(log, sets.block),
    ...rulesIn(logPod, sets.class),
  ];
}

/** Accepts, and counts for the rule that the last look found; asking egress again counts nothing twice. */
function letThrough({ look }: ProgramChain): Expression[] {
  return look === 'egress_again' ? [accept] : [countRule, accept];
}

/** Asks once more, by numbers that can only be new if a change came in between, then counts and drops. */
function denyChain(of: ProgramChain, reports: boolean): RuleDefinition[] {
  const { deny: chain, main } = namesOf(of);
  return [
    selfRule(chain, of.family),
    ...readablePackets.map((readable) => ({
      chain,
      expressions: [...readable, { kind: 'jump', chain: main } as const],
      comment: 'once more, if a change came in between',
    })),
    ...(reports ? [reportDenied(chain, of.look === 'ingress' ? 'ingress' : 'egress')] : []),
    {
      chain,
      expressions: [
        ...isFamily(of.family),
        ...lookupAddress(of, 'own', familySets(of.family)[of.look === 'ingress' ? 'ingress' : 'egress']),
        { kind: 'lookup', set: sharedSets.denied, key: programNumber },
        drop,
      ],
    },
    { chain, expressions: [{ kind: 'counter' }, drop] },
  ];
}
