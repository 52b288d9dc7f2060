/** What is called spare decides nothing, and what is not does: on random worlds, against evaluation and the independent oracle. */
import { defaultNetworkPolicy } from '@weir/kube';
import { describeOrigin, judgeDirection, judgeQuestion, type PolicyWorld } from '@weir/model';
import { flowsOf, NetworkPolicyOracle, type PolicyMix, runSize, type World } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { clusterWalks } from '../../src/rules/semantics/cluster-walks.ts';
import { type PolicyPart, partsOf, type RulePart } from '../../src/rules/semantics/policy-part.ts';
import { findSpareParts, WalkIndex } from '../../src/rules/semantics/spare-parts.ts';
import { knownWorld, partlyKnown, questionsOf, randomWorld, snapshotOf, worldWithout } from './random-snapshots.ts';

const { firstSeed, count } = runSize(4);
const seeds = Array.from({ length: count }, (_, i) => 71_000 + firstSeed + i);
const cases = seeds.map((seed, i): [number, PolicyMix | undefined] => [
  seed,
  [undefined, 'calico', 'cilium', 'all'][i % 4] as PolicyMix | undefined,
]);

interface Searched {
  readonly world: World;
  readonly snapshot: ReturnType<typeof snapshotOf>;
  readonly index: WalkIndex;
  readonly spare: ReturnType<typeof findSpareParts>;
}

function searched(world: World): Searched {
  const snapshot = snapshotOf(world);
  const index = new WalkIndex(clusterWalks(snapshot));
  return { world, snapshot, index, spare: findSpareParts(partsOf(snapshot.world), index) };
}

/** Whether some direction of some flow is decided otherwise. */
function decidesOtherwise({ snapshot }: Searched, one: PolicyWorld, other: PolicyWorld): boolean {
  for (const question of questionsOf(snapshot)) {
    for (const direction of ['egress', 'ingress'] as const) {
      if (judgeDirection(one, question, direction).verdict !== judgeDirection(other, question, direction).verdict) return true;
    }
  }
  return false;
}

describe('parts that are called spare', () => {
  it.each(cases)('decide nothing together, of world %i with policies of %s', (seed, mix) => {
    const { snapshot, spare } = searched(randomWorld(seed, mix));
    const left = worldWithout(snapshot.world, spare.without);
    const differences: string[] = [];
    for (const question of questionsOf(snapshot)) {
      if (judgeQuestion(snapshot.world, question) !== judgeQuestion(left, question)) differences.push(JSON.stringify(question));
    }
    expect(differences.slice(0, 3)).toEqual([]);
  });

  it.each(seeds)('change nothing that the independent oracle says when they are taken out of the objects of world %i', (seed) => {
    const { world, spare } = searched(randomWorld(seed, undefined));
    const isOf = (part: PolicyPart, policy: World['networkPolicies'][number]): boolean =>
      part.ref.name === policy.metadata.name && part.ref.namespace === policy.metadata.namespace;
    const left = world.networkPolicies
      .filter((policy) => !spare.policies.some((part) => isOf(part, policy)))
      .map((policy) =>
        withoutFields(
          policy,
          spare.rules.filter((part) => isOf(part, policy)),
        ),
      );
    const [before, after] = [new NetworkPolicyOracle(world), new NetworkPolicyOracle({ ...world, networkPolicies: left })];
    const differences = flowsOf(world).filter((flow) => before.verdict(flow).allowed !== after.verdict(flow).allowed);
    expect(differences.slice(0, 3)).toEqual([]);
  });

  it.each(cases)('decide nothing whatever the facts are that are missing, of world %i with policies of %s', (seed, mix) => {
    const world = randomWorld(seed, mix);
    const { spare } = searched(partlyKnown(world, seed));
    const { world: whole, ...snapshot } = snapshotOf(world);
    const parts = partsOf(whole);
    // The same parts of the world in which everything is known.
    const called = new Set([...spare.policies, ...spare.rules].map(nameOfPart));
    const policies = parts.flatMap(({ policy }) => (called.has(nameOfPart(policy)) ? policy.policies : []));
    const rules = parts
      .flatMap((of) => of.rules.flatMap(({ whole: rule, peers }) => [rule, ...peers]))
      .filter((part) => called.has(nameOfPart(part)));
    const left = worldWithout(whole, { policies: new Set(policies), rules: new Set(rules.flatMap((part) => [...part.rules])) });
    const differences: string[] = [];
    for (const question of questionsOf({ ...snapshot, world: whole })) {
      if (judgeQuestion(whole, question) !== judgeQuestion(left, question)) differences.push(JSON.stringify(question));
    }
    expect(differences.slice(0, 3)).toEqual([]);
  });

  // Of pods of whose policies nobody has said which come first, every part counts.
  it.each(cases.filter(([, mix]) => mix !== 'all'))('are all there are, of world %i with policies of %s', (seed, mix) => {
    const found = searched(knownWorld(randomWorld(seed, mix)));
    const { snapshot, spare, index } = found;
    const called = new Set<PolicyPart>([...spare.policies, ...spare.rules]);
    const left = worldWithout(snapshot.world, spare.without);
    const missed: string[] = [];
    for (const { policy, rules } of partsOf(snapshot.world)) {
      if (spare.without.policies.has(policy.policies[0] as never)) continue;
      const heard = rules.filter((rule) => index.saysAll(rule));
      for (const part of [...(heard.length === rules.length ? [policy] : []), ...heard.map(({ whole }) => whole)]) {
        const isCalled = [...part.rules].every((rule) => spare.without.rules.has(rule)) && part.kind !== 'policy';
        if (isCalled || called.has(part) || !index.says(part)) continue;
        const without = { rules: part.rules, policies: new Set(part.kind === 'policy' ? part.policies : []) };
        const matters = decidesOtherwise(found, snapshot.world, worldWithout(snapshot.world, without));
        if (matters) continue;
        const together = {
          rules: new Set([...spare.without.rules, ...without.rules]),
          policies: new Set([...spare.without.policies, ...without.policies]),
        };
        if (!decidesOtherwise(found, left, worldWithout(snapshot.world, together)))
          missed.push(`${part.kind} of ${part.ref.kind} ${part.ref.name}`);
      }
    }
    expect(missed).toEqual([]);
  });
});

/** The policy without rules and peers, isolating in the directions in which it did. */
function withoutFields(policy: World['networkPolicies'][number], parts: readonly RulePart[]): typeof policy {
  const { policyTypes } = defaultNetworkPolicy(policy).spec;
  const goes = (direction: 'ingress' | 'egress', rule: number, peer?: number): boolean =>
    parts.some(({ origin }) => origin.direction === direction && origin.ruleIndex === rule && origin.peerIndex === peer);
  const ingress = (policy.spec?.ingress ?? []).flatMap((rule, i) =>
    goes('ingress', i)
      ? []
      : [{ ...rule, ...(rule.from === undefined ? {} : { from: rule.from.filter((_, j) => !goes('ingress', i, j)) }) }],
  );
  const egress = (policy.spec?.egress ?? []).flatMap((rule, i) =>
    goes('egress', i) ? [] : [{ ...rule, ...(rule.to === undefined ? {} : { to: rule.to.filter((_, j) => !goes('egress', i, j)) }) }],
  );
  return { ...policy, spec: { podSelector: {}, ...policy.spec, policyTypes, ingress, egress } };
}

function nameOfPart(part: PolicyPart): string {
  const { kind, namespace = '', name } = part.ref;
  return `${part.kind} ${kind} ${namespace}/${name} ${'origin' in part ? describeOrigin(part.origin as RulePart['origin']) : ''}`;
}
