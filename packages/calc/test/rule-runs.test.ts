/** Programs of many rules: what a change of one rule costs, and that their keys come from their content alone. */
import { describe, expect, it } from 'vitest';
import { programKey } from '../src/delta/content-text.ts';
import { Engine, type Program, stateOf } from '../src/index.ts';
import { byFirstItem } from '../src/programs/pieces.ts';
import { type KeyedRule, keyedRule, type RuleRun, runsOf } from '../src/programs/rule-runs.ts';
import { namespaceOf, podOf, policyOf } from './objects.ts';

function ruleAt(i: number, port: number = i): KeyedRule {
  const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace: 'a', name: `p${i}`, uid: `uid-${i}` };
  const origin = { policy, direction: 'ingress', ruleIndex: 0 } as const;
  return keyedRule({ id: `rule${i}`, action: 'allow', peer: [], protocol: 6, ports: [{ first: port, last: port }], origin }, []);
}

const rules = Array.from({ length: 2_000 }, (_, i) => ruleAt(i));
const runs = runsOf(rules, new Map());

function ofRules(content: readonly KeyedRule[]): string {
  const tiers = [{ name: 'default', rules: content.map(({ rule }) => rule), end: 'deny' }] as const;
  return programKey({ direction: 'ingress', tiers, otherwise: 'allow' });
}

describe('the runs of a long program', () => {
  it.each([
    ['is replaced', rules.with(777, ruleAt(777, 1))],
    ['goes', rules.toSpliced(777, 1)],
    ['comes', rules.toSpliced(777, 0, ruleAt(5_000))],
  ])('are the same but for three at most when one rule %s, as if cut anew', (_what, changed) => {
    const after = runsOf(changed, byFirstItem<KeyedRule, RuleRun>(runs));
    expect(runs.length).toBeGreaterThan(10);
    expect(after.flatMap(({ items }) => items)).toEqual(changed);
    expect(after.filter((run) => !runs.includes(run)).length).toBeLessThanOrEqual(3);
    expect(after.map(({ key }) => key)).toEqual(runsOf(changed, new Map()).map(({ key }) => key));
    expect(ofRules(changed)).not.toBe(ofRules(rules));
  });

  it('have keys that tell every order and every cut apart', () => {
    const [a, b, c] = [ruleAt(1), ruleAt(2), ruleAt(3)];
    const contents = [[], [a], [b], [a, b], [b, a], [a, b, c], [a, c, b], [c, b, a]];
    expect(new Set(contents.map(ofRules)).size).toBe(contents.length);
  });
});

describe('P1 one policy of many that changes', () => {
  it('makes the program that an engine which starts then makes', () => {
    const policy = (i: number, port: number): ReturnType<typeof policyOf> =>
      policyOf(`a/p${i}`, {
        podSelector: {},
        ingress: [{ from: [{ podSelector: { matchLabels: { app: `x${i}` } } }], ports: [{ port }] }],
      });
    const started = (ports: (i: number) => number): Engine => {
      const engine = new Engine({ node: 'n1' });
      engine.upsertNamespace(namespaceOf('a'));
      engine.upsertPod(podOf('a/local', { ip: '10.0.0.1', node: 'n1' }));
      for (let i = 0; i < 300; i++) engine.upsertNetworkPolicy(policy(i, ports(i)));
      for (const source of engine.sources) engine.setInSync(source);
      engine.flush();
      return engine;
    };
    const programsOf = (engine: Engine): Program[] => [...stateOf(engine).programs.values()];
    const engine = started(() => 80);
    for (const i of [0, 150, 299]) {
      engine.upsertNetworkPolicy(policy(i, 81));
      engine.flush();
    }
    expect(programsOf(engine)).toEqual(programsOf(started((i) => (i % 150 === 0 || i === 299 ? 81 : 80))));
    for (let i = 0; i < 300; i++) engine.deleteNetworkPolicy('a', `p${i}`);
    engine.deletePod('a', 'local');
    engine.flush();
    expect([engine.sizes.programs, engine.sizes.peerSets, engine.sizes.ruleIds]).toEqual([0, 0, 0]);
  });
});
