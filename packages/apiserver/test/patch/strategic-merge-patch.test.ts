import { builtInSchemas } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { PatchError } from '../../src/patch/patch-error.ts';
import { applyStrategicMergePatch } from '../../src/patch/strategic-merge-patch.ts';

const pod = builtInSchemas.get('Pod');
const policy = builtInSchemas.get('NetworkPolicy');
if (pod === undefined || policy === undefined) throw new Error('built-in schemas are missing');

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

  it('is refused without the merge key', () => {
    expect(() => applyStrategicMergePatch(two, { spec: { containers: [{ image: '2' }] } }, pod)).toThrow(PatchError);
    expect(() => applyStrategicMergePatch(two, { spec: { containers: [{ image: '2' }] } }, pod)).toThrow(
      'map: map[image:2] does not contain declared merge key: name',
    );
  });
});
