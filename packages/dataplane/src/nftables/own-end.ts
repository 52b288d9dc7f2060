/**
 * Programs of host endpoints whose rules ask about the packet's own end (the destination of ingress, the source of
 * egress), as programs that do not: one for all classes of own ends that these rules cannot tell apart.
 */
import type { ContentKey, Program, ProgramRule } from '@weir/calc';
import { type PortRange, portRangesContain, subtractPortRanges } from '@weir/net';
import { everyPort } from '../programs/resolve-verdicts.ts';
import type { MembershipsOfPeer } from '../programs/verdict-program.ts';

/** Whether some rule asks about the own end. */
export function asksOwnEnd({ tiers }: Program): boolean {
  return tiers.some(({ rules }) => rules.some(({ local }) => local !== undefined));
}

/** The program without these questions: what of it can be enforced at all is told by that. */
export function withoutOwnEnd(program: Program): Program {
  return withRules(program, `${program.key} anywhere`, ruleAnywhere);
}

function ruleAnywhere(rule: ProgramRule): ProgramRule[] {
  const { local, ...rest } = rule;
  return [local === undefined ? rule : rest];
}

/** The sets that rules ask about at the own end. */
export function ownEndSets({ tiers }: Program): ContentKey[] {
  const sets = tiers.flatMap(({ rules }) => rules.flatMap(({ local = [] }) => local.map(({ set }) => set)));
  return [...new Set(sets)].sort();
}

/** What of a class such rules can tell apart: its memberships in these sets. */
export function ownEndText(sets: readonly ContentKey[], memberships: MembershipsOfPeer): string {
  return sets
    .flatMap((set) => {
      const ports = memberships.get(set)?.map(({ protocol, port }) => `${protocol}/${port}`);
      return memberships.has(set) ? [`${JSON.stringify(set)} ${ports?.join() ?? ''}`] : [];
    })
    .join(';');
}

/** The program for packets whose own end is in these sets; `text` says which, as {@link ownEndText} does. */
export function programAt(program: Program, memberships: MembershipsOfPeer, text: string): Program {
  return withRules(program, `${program.key} at ${text}`, (rule) => ruleAt(rule, memberships));
}

function ruleAt({ local = [], ...rule }: ProgramRule, memberships: MembershipsOfPeer): ProgramRule[] {
  let { ports } = rule;
  for (const { set, negated } of local) {
    const listed = memberships
      .get(set)
      ?.filter(({ protocol }) => protocol === rule.protocol)
      .map(({ port }): PortRange => ({ first: port, last: port }));
    if (listed === undefined && memberships.has(set) === negated) return [];
    if (listed === undefined) continue;
    // The set is about these ports of its members.
    const asked: readonly PortRange[] = ports ?? [everyPort];
    ports = negated ? subtractPortRanges(asked, listed) : listed.filter(({ first }) => portRangesContain(asked, first));
    if (ports.length === 0) return [];
  }
  return [ports === undefined ? rule : { ...rule, ports }];
}

function withRules(program: Program, key: ContentKey, of: (rule: ProgramRule) => readonly ProgramRule[]): Program {
  return { ...program, key, tiers: program.tiers.map((tier) => ({ ...tier, rules: tier.rules.flatMap(of) })) };
}
