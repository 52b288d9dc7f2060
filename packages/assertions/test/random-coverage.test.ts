/** Coverage and mutants on random worlds: against each question asked by itself of the independent oracle, and against judging everything anew. */
import { type AssertionResult, coverRules, mutatePolicies, readAssertions, runAssertions } from '@weir/assertions';
import type { NetworkPolicy } from '@weir/kube';
import { type FlowEnd, type FlowQuestion, judgeQuestion, type PolicyWorld } from '@weir/model';
import { formatAddress } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import { endsOf, generateWorld, NetworkPolicyOracle, type World, type WorldFlow } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { snapshotOfWorld } from './world-snapshot.ts';

const seeds = Array.from({ length: 3 }, (_, i) => 8_500 + i);

/** The world of a seed with the pods alone that the oracle can be asked about. */
function worldOf(seed: number): World {
  const world = generateWorld(seed);
  const named = new Set(endsOf(world, 4).map((end) => (end.kind === 'pod' ? `${end.namespace}/${end.name}` : '')));
  return { ...world, pods: world.pods.filter(({ metadata }) => named.has(`${metadata.namespace ?? ''}/${metadata.name ?? ''}`)) };
}

/** "Only these may" about the first pods, some of which hold and some of which do not. */
function resultsIn(snapshot: Snapshot): readonly AssertionResult[] {
  const names = [...snapshot.endpoints.values()].slice(0, 3).map(({ namespace, name }) => `${namespace}/${name}`);
  const tests = names.flatMap((name, i) => [
    { name: `into ${name}`, to: name, family: 4, onlyFrom: [names[(i + 1) % names.length]] },
    { name: `out of ${name}`, from: name, family: 4, onlyTo: [names[(i + 2) % names.length]] },
  ]);
  const { files, diagnostics } = readAssertions(JSON.stringify({ tests }), 'a.json');
  expect(diagnostics).toEqual([]);
  return files.flatMap((file) => runAssertions(snapshot, file, { eachPort: true }));
}

function endOf(end: FlowEnd): WorldFlow['source'] {
  if (end.kind === 'endpoint') return { kind: 'pod', namespace: end.endpoint.namespace, name: end.endpoint.name, family: 4 };
  const address = end.kind === 'address' ? end.address : (end.address ?? end.node.addresses[0]);
  return { kind: 'address', address: address === undefined ? '' : formatAddress(address) };
}

const protocols = new Map<number, WorldFlow['protocol']>([
  [6, 'TCP'],
  [17, 'UDP'],
  [132, 'SCTP'],
]);

function flowOf({ source, destination, protocol, destinationPort }: FlowQuestion): WorldFlow {
  const ends = { source: endOf(source), destination: endOf(destination) };
  // What has no ports passes by rules that say nothing of any.
  const named = destinationPort === undefined ? undefined : protocols.get(protocol);
  return named === undefined || destinationPort === undefined
    ? { ...ends, protocol: 'ICMP' }
    : { ...ends, protocol: named, port: destinationPort };
}

/** A rule or the isolation of one direction, with an oracle of a world that has nothing else. */
interface Single {
  readonly key: string;
  readonly direction: 'ingress' | 'egress';
  readonly isIsolation: boolean;
  readonly oracle: NetworkPolicyOracle;
}

function singlesOf(world: World): readonly Single[] {
  return world.networkPolicies.flatMap((policy) =>
    (['ingress', 'egress'] as const).flatMap((direction) => {
      const key = `${policy.metadata.namespace}/${policy.metadata.name} ${direction}`;
      const alone = (rules: readonly object[]): NetworkPolicyOracle => {
        const policyTypes = [direction === 'ingress' ? 'Ingress' : 'Egress'];
        const spec = { podSelector: policy.spec?.podSelector ?? {}, policyTypes, [direction]: rules };
        return new NetworkPolicyOracle({ ...world, networkPolicies: [{ ...policy, spec } as NetworkPolicy] });
      };
      const { policyTypes: written = [], egress = [] } = policy.spec ?? {};
      const types = written.length > 0 ? written : ['Ingress', ...(egress.length === 0 ? [] : ['Egress'])];
      if (!types.some((type) => type.toLowerCase() === direction)) return [];
      const rules = (policy.spec?.[direction] ?? []) as readonly Readonly<Record<string, unknown>>[];
      const list = direction === 'ingress' ? 'from' : 'to';
      return [
        { key: `${key} isolation`, direction, isIsolation: true, oracle: alone([]) },
        ...rules.flatMap((rule, i) => {
          const peers = (rule[list] ?? []) as readonly object[];
          if (peers.length === 0) return [{ key: `${key} ${direction}[${i}]`, direction, isIsolation: false, oracle: alone([rule]) }];
          return peers.map((peer, j) => ({
            key: `${key} ${direction}[${i}].${list}[${j}]`,
            direction,
            isIsolation: false,
            oracle: alone([{ ...rule, [list]: [peer] }]),
          }));
        }),
      ];
    }),
  );
}

/** What an assertion exercises, each question asked by itself. */
function exercisedBy(result: AssertionResult, world: World, singles: readonly Single[]): ReadonlySet<string> {
  const found = new Set<string>();
  if (result.plan.kind === 'problem') return found;
  const whole = new NetworkPolicyOracle(world);
  for (const { question } of result.plan.checks.flatMap(({ flows }) => flows)) {
    const flow = flowOf(question);
    const { allowed, ingressAllowed, egressAllowed } = whole.verdict(flow);
    for (const { key, direction, isIsolation, oracle } of singles) {
      if (found.has(key)) continue;
      const isAllowed = direction === 'ingress' ? ingressAllowed : egressAllowed;
      if (isIsolation ? isAllowed : !allowed) continue;
      const opinion = oracle.opinion(flow)[direction];
      if (isIsolation ? opinion === 'forbids' : opinion === 'permits') found.add(key);
    }
  }
  return found;
}

function withMutant(world: PolicyWorld, policy: object, mutated: object | undefined): PolicyWorld {
  const replace = (policies: PolicyWorld['tiers'][number]['policies']): PolicyWorld['tiers'][number]['policies'] =>
    policies.flatMap((each) => (each === policy ? ((mutated as typeof each | undefined) ?? []) : each));
  return world.withTiers(world.tiers.map((tier) => ({ ...tier, policies: replace(tier.policies) })));
}

describe('what assertions exercise', () => {
  it.each(seeds)('is what the oracle says of each question by itself in world %i', (seed) => {
    const world = worldOf(seed);
    const snapshot = snapshotOfWorld(world);
    const results = resultsIn(snapshot);
    const singles = singlesOf(world);
    const covered = coverRules(snapshot, results);
    for (const result of results) {
      const { name } = result.assertion;
      const found = covered
        .filter(({ tests }) => tests.includes(name))
        .map(({ policy, direction, rule }) => `${policy.namespace ?? ''}/${policy.name} ${direction} ${rule}`);
      expect(found.sort(), name).toEqual([...exercisedBy(result, world, singles)].sort());
    }
  });
});

describe('changes to policies', () => {
  it.each(seeds)('are noticed as if all were judged anew in world %i', (seed) => {
    const world = worldOf(seed);
    const snapshot = snapshotOfWorld(world);
    const results = resultsIn(snapshot);
    const held = results.filter(({ outcome }) => outcome === 'passed');
    const questions = results.flatMap(({ plan }) => (plan.kind === 'problem' ? [] : plan.checks.flatMap(({ flows }) => flows)));
    const judged = mutatePolicies(snapshot, results, { mutants: 10_000, judgements: Number.POSITIVE_INFINITY });
    // Judging anew is slow: some of them say enough.
    for (const { mutant, outcome, example } of judged.filter((_, at) => at % 7 === 0)) {
      const changed = withMutant(snapshot.world, mutant.policy, mutant.mutated);
      const isBroken = held.some(({ plan }) => {
        if (plan.kind === 'problem') return false;
        return plan.checks.some(({ flows, wants, expect: wished }) => {
          const wrong = flows.filter(({ question }) => judgeQuestion(changed, question) !== wished);
          return wants === 'every' ? wrong.length > 0 : wrong.length === flows.length;
        });
      });
      const about = `${mutant.policy.ref.name} ${mutant.rule ?? ''} ${mutant.change}`;
      expect(outcome === 'noticed', about).toBe(isBroken);
      if (outcome === 'equal')
        for (const { question } of questions) expect(judgeQuestion(changed, question), about).toBe(judgeQuestion(snapshot.world, question));
      if (example !== undefined) {
        expect(judgeQuestion(snapshot.world, example.flow.question), about).toBe(example.before);
        expect(judgeQuestion(changed, example.flow.question), about).toBe(example.after);
        expect(example.before).not.toBe(example.after);
      }
    }
  });
});
