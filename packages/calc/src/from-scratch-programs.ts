/** Programs in the state that is computed without increments: see `from-scratch.ts`. */
import type { Direction, NamedPort } from '@weir/model';
import { programKey } from './delta/content-text.ts';
import type { Program, ProgramRule, ProgramTier } from './delta/delta.ts';
import type { SetSpec } from './delta/set-spec.ts';
import type { ActivePolicy } from './from-scratch-objects.ts';
import { renderRule } from './programs/render-rule.ts';

/** What an endpoint's tiers are made of. */
interface TierParts {
  /** In order. */
  readonly selecting: readonly ActivePolicy[];
  readonly ids: ReadonlyMap<string, string>;
  readonly namedPorts: readonly NamedPort[];
  /** Gathers the sets that the rules refer to. */
  readonly specs: Map<string, SetSpec>;
}

/** The tiers of one direction; none when no policy says anything about it. */
export function tiersOf(direction: Direction, { selecting, ids, namedPorts, specs }: TierParts): ProgramTier[] {
  const tiers = new Map<string, ProgramTier & { readonly rules: ProgramRule[] }>();
  for (const { tier, policy, plan } of selecting.filter((one) => one.policy[direction] !== undefined)) {
    const { rules, end } = tiers.get(tier.name) ?? { rules: [] as ProgramRule[], end: 'pass' as const };
    tiers.set(tier.name, { name: tier.name, rules, end: policy[direction]?.isolates === true ? tier.end : end });
    for (const planned of plan[direction] ?? []) {
      const rule = renderRule(planned, ids.get(planned.identity) ?? '', namedPorts);
      if (rule === undefined) continue;
      rules.push(rule);
      for (const { spec } of [...planned.peer, ...(planned.local ?? [])]) specs.set(spec.key, spec);
    }
  }
  return [...tiers.values()];
}

/** The program with its key. */
export function withKey(content: Omit<Program, 'key'>): Program {
  return { key: programKey(content), ...content };
}
