/** Allowances of which nothing comes, and policies whose names decide: on random worlds, against evaluation. */
import { judgeDirection, judgeQuestion, type Policy, type PolicyWorld } from '@weir/model';
import { type PolicyMix, runSize } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { clusterWalks } from '../../src/rules/semantics/cluster-walks.ts';
import { findOneSided } from '../../src/rules/semantics/one-sided.ts';
import { partsOf } from '../../src/rules/semantics/policy-part.ts';
import { findSpareParts, WalkIndex } from '../../src/rules/semantics/spare-parts.ts';
import { findTiedPolicies } from '../../src/rules/semantics/tied-policies.ts';
import { knownWorld, questionsOf, randomWorld, snapshotOf, worldWithout } from './random-snapshots.ts';

const { firstSeed, count } = runSize(3);
const seeds = Array.from({ length: count }, (_, i) => 72_000 + firstSeed + i);
const cases = seeds.map((seed, i): [number, PolicyMix | undefined] => [seed, ([undefined, 'calico', 'cilium'] as const)[i % 3]]);

describe('allowances that are called one-sided', () => {
  it.each(cases)('let nothing through that others do not, and all others do, in world %i with policies of %s', (seed, mix) => {
    const snapshot = snapshotOf(knownWorld(randomWorld(seed, mix)));
    const index = new WalkIndex(clusterWalks(snapshot));
    const parts = partsOf(snapshot.world);
    const { without } = findSpareParts(parts, index);
    const left = worldWithout(snapshot.world, without);
    const found = new Set(findOneSided(parts, index, without).map(({ part }) => part.rules));
    const wrong: string[] = [];
    for (const { whole } of parts.flatMap(({ policy, rules }) => (without.policies.has(policy.policies[0] as Policy) ? [] : rules))) {
      if (whole.action !== 'allow' || [...whole.rules].every((rule) => without.rules.has(rule))) continue;
      const less = worldWithout(snapshot.world, { ...without, rules: new Set([...without.rules, ...whole.rules]) });
      const { decides, connects } = changes(snapshot, left, less);
      // What decides nothing is spare, or matches no flow at all.
      const shouldBe = decides && !connects;
      const isCalled = [...found].some((rules) => rules === whole.rules || sameRules(rules, whole.rules));
      if (isCalled !== shouldBe)
        wrong.push(`${whole.ref.kind} ${whole.ref.name} ${whole.direction}[${whole.origin.ruleIndex}]: ${String(isCalled)}`);
    }
    expect(wrong).toEqual([]);
  });
});

function sameRules(some: ReadonlySet<unknown>, others: ReadonlySet<unknown>): boolean {
  return some.size === others.size && [...some].every((one) => others.has(one));
}

/** Whether some end decides otherwise, and whether some connection is. */
function changes(snapshot: ReturnType<typeof snapshotOf>, one: PolicyWorld, other: PolicyWorld): { decides: boolean; connects: boolean } {
  let decides = false;
  for (const question of questionsOf(snapshot)) {
    if (judgeQuestion(one, question) !== judgeQuestion(other, question)) return { decides: true, connects: true };
    decides ||= (['ingress', 'egress'] as const).some(
      (direction) => judgeDirection(one, question, direction).verdict !== judgeDirection(other, question, direction).verdict,
    );
  }
  return { decides, connects: false };
}

describe('policies that are called tied', () => {
  it.each(seeds)('decide otherwise when the one comes before the other, in world %i', (seed) => {
    const world = knownWorld(randomWorld(seed, 'calico'));
    const objects = (world.policyObjects ?? []).map((object) => sameOrder(object as never));
    const snapshot = snapshotOf({ ...world, policyObjects: objects });
    for (const { first, second } of findTiedPolicies(clusterWalks(snapshot))) {
      expect(first.policy.order).toBe(second.policy.order);
      const [before, after] = [first, second].map(({ policy }) =>
        pairFirst(snapshot.world, policy, policy === first.policy ? second.policy : first.policy),
      );
      expect(
        changes(snapshot, before as PolicyWorld, after as PolicyWorld).decides,
        `${first.policy.ref.name} and ${second.policy.ref.name}`,
      ).toBe(true);
    }
  });
});

/** The object with the order, or priority, that all others have. */
function sameOrder(object: { spec?: Record<string, unknown> }): never {
  const { spec = {} } = object;
  const tied = { ...spec, ...('priority' in spec ? { priority: 7 } : {}), ...('order' in spec ? { order: 7 } : {}) };
  return { ...object, spec: tied } as never;
}

/** The world with these two in front of all of their order, the one before the other. */
function pairFirst(world: PolicyWorld, one: Policy, other: Policy): PolicyWorld {
  const orderOf = (policy: Policy): number => (policy === one ? policy.order - 0.2 : policy === other ? policy.order - 0.1 : policy.order);
  return world.withTiers(
    world.tiers.map((tier) => ({ ...tier, policies: tier.policies.map((policy) => ({ ...policy, order: orderOf(policy) })) })),
  );
}
