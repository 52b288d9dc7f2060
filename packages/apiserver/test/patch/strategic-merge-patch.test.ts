import { builtInSchemas, type JsonObject, type ObjectSchema } from '@weir/kube';
import { defined } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { applyStrategicMergePatch } from '../../src/patch/strategic-merge-patch.ts';

const schemaOf = (kind: string): ObjectSchema => defined(builtInSchemas.get(kind), `${kind} is built in`);
const pod = schemaOf('Pod');
const policy = schemaOf('NetworkPolicy');

const two = {
  spec: {
    containers: [
      { name: 'a', image: '1' },
      { name: 'b', image: '1' },
    ],
  },
};

describe('a strategic merge patch', () => {
  it.each([
    {
      name: 'merges list members by their key',
      object: two,
      patch: { spec: { containers: [{ name: 'b', image: '2' }] } },
      result: {
        spec: {
          containers: [
            { name: 'a', image: '1' },
            { name: 'b', image: '2' },
          ],
        },
      },
    },
    {
      name: 'adds members that are new',
      object: two,
      patch: { spec: { containers: [{ name: 'c' }] } },
      result: { spec: { containers: [...two.spec.containers, { name: 'c' }] } },
    },
    {
      name: 'deletes members',
      object: two,
      patch: { spec: { containers: [{ name: 'a', $patch: 'delete' }] } },
      result: { spec: { containers: [{ name: 'b', image: '1' }] } },
    },
    {
      name: 'replaces a list',
      object: two,
      patch: { spec: { containers: [{ name: 'z' }, { $patch: 'replace' }] } },
      result: { spec: { containers: [{ name: 'z' }] } },
    },
    {
      name: 'replaces an object',
      object: { metadata: { labels: { a: '1', b: '2' } } },
      patch: { metadata: { labels: { $patch: 'replace', c: '3' } } },
      result: { metadata: { labels: { c: '3' } } },
    },
    {
      name: 'removes fields by null',
      object: { metadata: { labels: { a: '1', b: '2' } } },
      patch: { metadata: { labels: { a: null } } },
      result: { metadata: { labels: { b: '2' } } },
    },
    {
      name: 'orders members',
      object: two,
      patch: { spec: { '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }, { name: 'a' }], containers: [{ name: 'c' }] } },
      result: { spec: { containers: [{ name: 'c' }, { name: 'b', image: '1' }, { name: 'a', image: '1' }] } },
    },
    {
      name: 'keeps members of others in their place when it orders',
      object: { spec: { containers: [{ name: 'a' }, { name: 'injected' }, { name: 'b' }] } },
      patch: { spec: { '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }], containers: [{ name: 'b', image: '2' }] } },
      result: { spec: { containers: [{ name: 'a' }, { name: 'injected' }, { name: 'b', image: '2' }] } },
    },
    {
      name: 'adds to sets',
      object: { metadata: { finalizers: ['a'] } },
      patch: { metadata: { finalizers: ['b', 'a'] } },
      result: { metadata: { finalizers: ['a', 'b'] } },
    },
    {
      name: 'takes from sets',
      object: { metadata: { finalizers: ['a', 'b'] } },
      patch: { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } },
      result: { metadata: { finalizers: ['b'] } },
    },
    {
      name: 'replaces atomic lists',
      object: { spec: { tolerations: [{ key: 'a' }] } },
      patch: { spec: { tolerations: [{ key: 'b' }] } },
      result: { spec: { tolerations: [{ key: 'b' }] } },
    },
    {
      name: 'retains only the named keys',
      object: { spec: { volumes: [{ name: 'v', emptyDir: {} }] } },
      patch: { spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] } },
      result: { spec: { volumes: [{ name: 'v', hostPath: { path: '/x' } }] } },
    },
  ])('$name', ({ object, patch, result }) => {
    const before = structuredClone(object);
    expect(applyStrategicMergePatch(object, patch, pod)).toEqual(result);
    expect(object).toEqual(before);
  });

  it('replaces every list of a network policy as a whole', () => {
    const object = { spec: { ingress: [{ from: [{ podSelector: {} }] }, {}], policyTypes: ['Ingress', 'Egress'] } };
    const patch = { spec: { ingress: [{ ports: [{ port: 80 }] }], policyTypes: ['Ingress'] } };
    expect(applyStrategicMergePatch(object, patch, policy)).toEqual({
      spec: { ingress: [{ ports: [{ port: 80 }] }], policyTypes: ['Ingress'] },
    });
  });

  it('replaces the selector of a budget, and merges those of others', () => {
    const object = { spec: { selector: { matchLabels: { a: '1' } } } };
    const patch = { spec: { selector: { matchLabels: { b: '2' } } } };
    expect(applyStrategicMergePatch(object, patch, schemaOf('PodDisruptionBudget'))).toEqual(patch);
    const merged = { spec: { selector: { matchLabels: { a: '1', b: '2' } } } };
    expect(applyStrategicMergePatch(object, patch, schemaOf('Deployment'))).toEqual(merged);
  });

  it('uses the merge keys of status lists that server-side apply replaces, and replaces lists that only server-side apply merges', () => {
    const addresses = { status: { hostIPs: [{ ip: '10.0.0.1' }] } };
    expect(applyStrategicMergePatch(addresses, { status: { hostIPs: [{ ip: '10.0.0.2' }] } }, pod)).toEqual({
      status: { hostIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] },
    });
    const claims = (name: string): JsonObject => ({ spec: { resources: { claims: [{ name }] } } });
    expect(applyStrategicMergePatch(claims('a'), claims('b'), pod)).toEqual(claims('b'));
  });

  it.each<[string, JsonObject, string, string]>([
    [
      'a member without its merge key',
      { containers: [{ image: '2' }] },
      'map: map[image:2] does not contain declared merge key: name',
      'unexplained',
    ],
    [
      'a deletion without the merge key',
      { containers: [{ $patch: 'delete' }] },
      'map: map[$patch:delete] does not contain declared merge key: name',
      'unexplained',
    ],
    [
      'an unknown directive for a member',
      { containers: [{ name: 'a', $patch: 'drop' }] },
      'unknown patch type: drop in map: map[$patch:drop name:a]',
      'unexplained',
    ],
    [
      'an unknown directive for an object',
      { securityContext: { $patch: 'drop' } },
      'unknown patch type: drop in map: map[$patch:drop]',
      'unexplained',
    ],
    ['a list in a keyed list', { containers: [[]] }, 'lists of lists are not supported', 'rejected'],
    [
      'a deletion from a list that is no list',
      { '$deleteFromPrimitiveList/finalizers': 'a' },
      'invalid patch format of primitive list',
      'malformed',
    ],
    ['an order that is no list', { '$setElementOrder/containers': 'a' }, 'invalid patch format of setElementOrder list', 'malformed'],
    [
      'a field that it sets and does not retain',
      { volumes: [{ name: 'v', $retainKeys: ['name'], emptyDir: {} }] },
      'invalid patch format of retainKeys',
      'malformed',
    ],
    [
      'something else than a list of what to retain',
      { volumes: [{ name: 'v', $retainKeys: 'name' }] },
      'invalid patch format of retainKeys',
      'malformed',
    ],
  ])('with %s is refused in the words of the real server', (_title, spec, message, fault) => {
    const object = { spec: { ...two.spec, volumes: [{ name: 'v', hostPath: { path: '/' } }], securityContext: { fsGroup: 1 } } };
    expect(() => applyStrategicMergePatch(object, { spec }, pod)).toThrow(expect.objectContaining({ message, fault }) as Error);
  });
});
