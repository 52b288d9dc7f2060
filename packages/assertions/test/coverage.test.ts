import { coverRules, joinCoverage, type MutantResult, type MutationLimits, mutatePolicies, renderMutants } from '@weir/assertions';
import { engineProfiles } from '@weir/model';
import type { Snapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';
import { results, shop } from './shop.ts';

const policies = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: shop }
spec:
  podSelector: { matchLabels: { app: web } }
  policyTypes: [Ingress, Egress]
  ingress:
  - { from: [{ podSelector: { matchLabels: { app: db } } }, { namespaceSelector: {}, podSelector: { matchLabels: { app: probe } } }], ports: [{ port: 8080 }, { port: 9090 }] }
  egress: [{ to: [{ podSelector: { matchLabels: { app: db } } }] }]
`;
const snapshot = shop(policies);

function covered(tests: string): Readonly<Record<string, readonly string[]>> {
  const rules = coverRules(snapshot, results(snapshot, tests));
  return Object.fromEntries(rules.map(({ policy, direction, rule, tests: names }) => [`${policy.name} ${direction} ${rule}`, names]));
}

describe('the coverage of rules', () => {
  it('names for each rule the assertions that are about connections which it decides', () => {
    expect(
      covered(`- { name: in, from: shop/db, to: shop/web, port: 8080, expect: allow }
- { name: out, from: shop/web, to: shop/db, port: 5432, expect: allow }
- { name: shut, from: tools/probe, to: shop/db, port: 5432, expect: deny }`),
    ).toEqual({
      'db ingress isolation': ['shut'],
      'db ingress ingress[0].from[0]': ['out'],
      'web ingress isolation': [],
      'web ingress ingress[0].from[0]': ['in'],
      'web ingress ingress[0].from[1]': [],
      'web egress isolation': [],
      'web egress egress[0].to[0]': ['out'],
    });
  });

  it('does not count a rule that lets through what the other end denies', () => {
    expect(covered('- { name: a, from: shop/web, to: shop/db, port: 22, expect: deny }')).toMatchObject({
      'web egress egress[0].to[0]': [],
      'db ingress isolation': ['a'],
    });
  });

  it('is that of all files about the same rules together', () => {
    const of = (tests: string): ReturnType<typeof coverRules> => coverRules(snapshot, results(snapshot, tests));
    const joined = joinCoverage([
      of('- { name: a, from: shop/db, to: shop/web, port: 8080, expect: allow }'),
      of('- { name: b, from: tools/probe, to: shop/web, port: 8080, expect: allow }'),
    ]);
    expect(joined).toHaveLength(7);
    expect(joined.filter(({ tests }) => tests.length > 0).map(({ rule, tests }) => `${rule} ${tests.join()}`)).toEqual([
      'ingress[0].from[0] a',
      'ingress[0].from[1] b',
    ]);
  });
});

const limits: MutationLimits = { mutants: 1000, judgements: 1_000_000 };

function mutants(tests: string, from: Snapshot = snapshot, most = limits): readonly MutantResult[] {
  return mutatePolicies(from, results(from, tests), most);
}

const named = (found: readonly MutantResult[], outcome: MutantResult['outcome']): string[] =>
  found
    .filter((each) => each.outcome === outcome)
    .map(({ mutant }) => `${mutant.policy.ref.name} ${mutant.rule ?? 'policy'} ${mutant.change}`);

describe('changes to policies', () => {
  it('are noticed by assertions that say what the policies are for', () => {
    const found = mutants(`- { to: shop/db, onlyFrom: [{ end: shop/web, port: sql }] }
- { to: shop/web, onlyFrom: [{ end: shop/db, ports: [8080, 9090] }, { end: tools/probe, ports: [8080, 9090] }] }
- { from: shop/web, onlyTo: [{ end: shop/db, port: sql }] }`);
    expect(named(found, 'survived')).toEqual([]);
    expect(named(found, 'noticed').length).toBeGreaterThan(10);
  });

  it('that nobody notices come with a connection that differs, and the assertion that is missing', () => {
    const first = '- { from: shop/db, to: shop/web, port: 8080, expect: allow }';
    const found = mutants(first);
    expect(named(found, 'survived')).toContain('web ingress[0].from[0] without TCP 9090');
    expect(named(found, 'noticed')).toContain('web ingress[0].from[0] without TCP 8080');
    const text = renderMutants(found).join('\n');
    expect(text).toContain('- { from: shop/db, to: shop/web, port: 9090, expect: allow }');
    // The missing assertions are such that they do notice.
    const missing = [...text.matchAll(/^ {4}(- \{.*\})$/gm)].map(([, line]) => line ?? '');
    expect(missing.length).toBeGreaterThan(5);
    expect(named(mutants([first, ...missing].join('\n')), 'survived')).toEqual([]);
  });

  it('that change no connection are told from those that nobody notices', () => {
    const twice = shop(policies.replace('name: web,', 'name: web-again,') + `---\n${policies}`);
    const found = mutants('- { from: shop/db, to: shop/web, port: 8080, expect: allow }', twice);
    expect(named(found, 'equal')).toEqual(
      expect.arrayContaining(['web policy without the policy', 'web ingress[0].from[0] without the rule']),
    );
    expect(named(found, 'survived')).toContain('web ingress[0].from[0] from everybody');
  });

  it('are told while they are judged: how many are, of how many', () => {
    const told: string[] = [];
    const onJudging = (judged: number, of: number): number => told.push(`${judged} of ${of}`);
    const tests = '- { from: shop/db, to: shop/web, port: 8080, expect: allow }';
    const found = mutants(tests, snapshot, { ...limits, mutants: 3, onJudging });
    expect(told).toEqual(['0 of 3', '1 of 3', '2 of 3']);
    expect(mutants(tests, snapshot, { ...limits, onJudging }).length).toBe(found.length);
    expect(told.at(-1)).toBe(`${found.length - 1} of ${found.length}`);
  });

  it('are left out, and said to be, where there are too many', () => {
    const found = mutants('- { from: shop/db, to: shop/web, port: 8080, expect: allow }', snapshot, { ...limits, mutants: 3 });
    expect(named(found, 'left out').length).toBe(found.length - 3);
    expect(renderMutants(found).at(-1) ?? '').not.toBe('');
    expect(renderMutants(found).join('\n')).toMatch(/\d+ were not tried: there are too many/);
  });

  it('of a rule that denies are noticed when it no longer does', () => {
    const calico = `apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: no-shell, namespace: shop }
spec:
  selector: app == 'web'
  ingress: [{ action: Deny, protocol: TCP, destination: { ports: [22] } }, { action: Allow }]
`;
    const world = shop(calico, { profile: engineProfiles.calico });
    const found = mutants('- { from: tools/probe, to: shop/web, port: 80, expect: allow }', world);
    expect(named(found, 'survived')).toContain('no-shell ingress[0] allowing in place of denying');
    const better = mutants('- { from: tools/probe, to: shop/web, port: 22, expect: deny }', world);
    expect(named(better, 'noticed')).toContain('no-shell ingress[0] allowing in place of denying');
  });
});
