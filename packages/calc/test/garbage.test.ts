/** Objects of impossible shape: they never make the engine throw, and never open anything. */
import { identityProblem, type KubeObject, type Namespace, type NetworkPolicy, type Pod } from '@weir/kube';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Engine, type Program, type State, stateOf } from '../src/index.ts';
import { attachmentOf, namespaceOf, podOf, policyOf } from './objects.ts';

/** Values that are none of what a field wants, and some that are. */
const anything = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(null, 7, -1, 1.5, 99_999, true, '', 'x', '10.0.0.1', [], {}, [null], [7], ['x'], [{}]) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

/** A readable object with up to three of its parts, at any depth, replaced by something else. */
function broken<T>(good: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc
    .tuple(good, fc.array(fc.tuple(fc.array(fc.nat(9), { minLength: 1, maxLength: 7 }), anything), { maxLength: 3 }))
    .map(([object, changes]) => {
      const copy = structuredClone(object);
      for (const [path, value] of changes) replaceAt(copy, path, value);
      return copy;
    })
    .filter((object) => identityProblem(object) === undefined);
}

function replaceAt(root: unknown, path: readonly number[], value: unknown): void {
  let at = root;
  for (const [depth, step] of path.entries()) {
    if (typeof at !== 'object' || at === null) return;
    const members = at as Record<string, unknown>;
    const names = Object.keys(members);
    const name = names[step % Math.max(1, names.length)];
    if (name === undefined) return;
    const next = members[name];
    if (depth === path.length - 1 || typeof next !== 'object' || next === null) {
      members[name] = structuredClone(value);
      return;
    }
    at = next;
  }
}

const pod = broken(
  fc.constantFrom('a/x', 'a/peer', 'a/local').map((place) => ({
    ...podOf(place, {
      labels: { app: 'x' },
      ip: '10.0.0.9',
      node: 'n1',
      created: '2026-01-01T00:00:00Z',
      ports: [{ name: 'http', port: 80 }],
      hostNetwork: false,
    }),
  })),
);
const namespace = broken(fc.constantFrom('a', 'b').map((name) => namespaceOf(name, { team: 't' })));
const policy = broken(
  fc.constantFrom('a/deny', 'a/other').map((place) =>
    policyOf(place, {
      podSelector: { matchLabels: { app: 'x' }, matchExpressions: [{ key: 'k', operator: 'NotIn', values: ['v'] }] },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [
            { podSelector: { matchLabels: { app: 'x' } } },
            {
              namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'Exists' }] },
              podSelector: { matchExpressions: [{ key: 'k', operator: 'In', values: ['v', 'w'] }] },
            },
            { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } },
          ],
          ports: [{ protocol: 'TCP', port: 80, endPort: 90 }, { port: 'http' }],
        },
      ],
      egress: [{ to: [{ namespaceSelector: {} }], ports: [{ protocol: 'UDP', port: 53 }] }],
    }),
  ),
);

/** A node with an isolated pod that its peer may reach, by label. */
function startedEngine(): Engine {
  const engine = new Engine({ node: 'n1' });
  engine.upsertNamespace(namespaceOf('a'));
  engine.upsertPod(podOf('a/local', { labels: { app: 'local' }, ip: '10.0.0.1', node: 'n1' }));
  engine.upsertPod(podOf('a/peer', { labels: { app: 'peer' }, ip: '10.0.0.2' }));
  engine.upsertNetworkPolicy(
    policyOf('a/deny', { podSelector: {}, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'peer' } } }] }] }),
  );
  for (const source of engine.sources) engine.setInSync(source);
  engine.flush();
  return engine;
}

function settled(engine: Engine): State {
  engine.flush();
  return stateOf(engine);
}

/** What the pod's rules allow, by the policies that they come from. */
function allowingPolicies(state: State, uid: string): Set<string> {
  const endpoint = state.endpoints.get(uid);
  const keys = [endpoint?.ingress, endpoint?.egress].filter((key) => key !== undefined);
  const programs = keys.map((key) => state.programs.get(key)).filter((program): program is Program => program !== undefined);
  return new Set(programs.flatMap(({ tiers }) => tiers.flatMap(({ rules }) => rules.map(({ origin }) => origin.policy.name))));
}

function isRefused(engine: Engine, object: KubeObject): boolean {
  return engine.refusedObjects().some(({ name }) => name === object.metadata.name);
}

describe('an object of impossible shape', () => {
  it('a pod that cannot be read counts as not there: its address is in no set, and it is closed when it is attached', () => {
    fc.assert(
      fc.property(pod, fc.boolean(), (object: Pod, isAttached) => {
        const engine = startedEngine();
        const { namespace: namespaceName = 'default', name = '', uid = '' } = object.metadata;
        if (isAttached) engine.attach(attachmentOf(`${namespaceName}/${name}`, '10.0.0.9', uid));
        engine.upsertPod(object);
        const state = settled(engine);
        fc.pre(isRefused(engine, object));
        expect(state.addresses.has('10.0.0.9')).toBe(false);
        if (isAttached) expect(allowingPolicies(state, uid)).toEqual(new Set());
        const twin = startedEngine();
        if (isAttached) twin.attach(attachmentOf(`${namespaceName}/${name}`, '10.0.0.9', uid));
        twin.deletePod(namespaceName, name);
        expect(state).toEqual(settled(twin));
      }),
      { numRuns: 75 },
    );
  });

  it('a namespace that cannot be read is unknown', () => {
    fc.assert(
      fc.property(namespace, (object: Namespace) => {
        const engine = startedEngine();
        engine.upsertNamespace(object);
        const state = settled(engine);
        fc.pre(isRefused(engine, object));
        const twin = startedEngine();
        twin.deleteNamespace(object.metadata.name ?? '');
        expect(state).toEqual(settled(twin));
      }),
      { numRuns: 75 },
    );
  });

  it('a policy that cannot be read allows nothing, and its accepted version stays in force', () => {
    fc.assert(
      fc.property(policy, (object: NetworkPolicy) => {
        const engine = startedEngine();
        const before = settled(engine);
        engine.upsertNetworkPolicy(object);
        const state = settled(engine);
        const [refused] = engine.refusedPolicies();
        fc.pre(refused !== undefined);
        if (refused?.inForce === 'accepted') expect(state).toEqual(before);
        else expect([...allowingPolicies(state, 'uid-a/local')].filter((name) => name === 'other')).toEqual([]);
        expect(refused?.diagnostics.length).toBeGreaterThan(0);
      }),
      { numRuns: 150 },
    );
  });

  it('whatever comes after whatever, the engine never throws, and ends as if only what can be read had ever come', () => {
    const event = fc.oneof(
      pod.map((object) => ({ kind: 'pod' as const, object })),
      namespace.map((object) => ({ kind: 'namespace' as const, object })),
      policy.map((object) => ({ kind: 'policy' as const, object })),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        const engine = startedEngine();
        for (const { kind, object } of events) {
          if (kind === 'pod') engine.upsertPod(object);
          else if (kind === 'namespace') engine.upsertNamespace(object);
          else engine.upsertNetworkPolicy(object);
          engine.flush();
        }
        for (const { kind, object } of events) {
          const { namespace: namespaceName = 'default', name = '' } = object.metadata;
          if (kind === 'pod') engine.deletePod(namespaceName, name);
          else if (kind === 'namespace') engine.deleteNamespace(name);
          else engine.deleteNetworkPolicy(namespaceName, name);
        }
        const restored = startedEngine();
        for (const one of [engine, restored]) {
          for (const place of ['a/local', 'a/peer']) one.deletePod('a', place.slice(2));
          one.deleteNetworkPolicy('a', 'deny');
          one.deleteNamespace('a');
        }
        expect(settled(engine)).toEqual(settled(restored));
        for (const [what, count] of Object.entries(engine.sizes)) expect(`${what} ${count}`).toBe(`${what} 0`);
      }),
      { numRuns: 75 },
    );
  });

  it('is told with its first reason, and forgotten when a readable version comes', () => {
    const engine = startedEngine();
    const bad = { metadata: { name: 'mad', namespace: 'a', uid: 'u' }, spec: { containers: 7 } } as unknown as Pod;
    engine.upsertPod(bad);
    expect(engine.refusedObjects()).toEqual([
      { kind: 'Pod', namespace: 'a', name: 'mad', reason: 'spec.containers: Invalid value: 7: must be a list' },
    ]);
    expect(engine.refusalOfPod('a', 'mad')).toContain('must be a list');
    engine.upsertPod(podOf('a/mad', { ip: '10.0.0.3' }));
    expect(engine.refusedObjects()).toEqual([]);
  });
});
