/** What changed policies say otherwise in each direction: each with what it was, where one came of the other. */
import { type Direction, type Policy, policyTieText } from '@weir/model';
import { groupBy } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import { saysTheSameIn } from '../changed-policies.ts';
import type { ComparedSides } from '../joint-ends.ts';
import { isSameValue } from '../same-value.ts';
import { type RuleEdit, ruleEdit } from './edited-rules.ts';
import type { PodSets } from './pod-sets.ts';

/** The edits, those of policies of one name together. */
export function editsOf(
  { before, after }: ComparedSides,
  changed: readonly Policy[],
  sets: PodSets,
): Readonly<Record<Direction, readonly RuleEdit[]>> {
  const orders = [before, after].map(({ world }) => world.tiers.map(({ name, order, end }) => [name, order, end]));
  const areSameTiers = isSameValue(orders[0], orders[1]);
  const [was, is] = [before, after].map((side) => tiersOf(changed, side)) as [TierNames, TierNames];
  // One object may be several policies, of which two that go, or come, are no policy with what it was.
  const isSuccession = (old: Policy, young: Policy): boolean =>
    was.has(old) && !is.has(old) && is.has(young) && !was.has(young) && was.get(old) === is.get(young);
  const byRef = [...groupBy(changed, ({ ref }) => policyTieText(ref)).values()];
  const of = (direction: Direction): readonly RuleEdit[] =>
    byRef.flatMap((same): RuleEdit[] => {
      const [old, young, ...others] = same;
      const isKnown = old !== undefined && young !== undefined && others.length === 0 && areSameTiers && isSuccession(old, young);
      if (isKnown && saysTheSameIn(old, young, direction)) return [];
      const edit = ruleEdit(same, direction, sets);
      return [isKnown ? edit : { ...edit, rules: same.flatMap((policy) => policy[direction]?.rules ?? []), isWhole: true }];
    });
  return { ingress: of('ingress'), egress: of('egress') };
}

type TierNames = ReadonlyMap<Policy, string>;

/** The tiers of those that are on a side. */
function tiersOf(policies: readonly Policy[], { world }: Snapshot): TierNames {
  const asked = new Set(policies);
  const found = new Map<Policy, string>();
  for (const tier of world.tiers) for (const policy of tier.policies) if (asked.has(policy)) found.set(policy, tier.name);
  return found;
}
