/** Owners of fields over random changes, against the plain rule: who changed a field last owns it alone. */
import { builtInResources, type JsonObject, ResourceRegistry } from '@weir/kube';
import { defined } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { managersOf } from '../../src/patch/field-ownership.ts';
import { fieldValuesOf } from '../../src/patch/field-set.ts';
import { recordUpdate } from '../../src/patch/managed-fields.ts';

const definition = defined(new ResourceRegistry(builtInResources).find('', 'v1', 'pods'), 'pods are built in');
const seeds = 30;
const changes = 25;

/** Numbers from 0 to below `bound`, the same for the same seed. */
function dice(seed: number): (bound: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (bound) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % bound;
  };
}

function basePod(): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default', labels: { app: 'a' } },
    spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
    status: { phase: 'Pending' },
  };
}

/** Changes one thing: a label, an annotation, the node, the image, the phase, the address, or nothing. */
function change(pod: JsonObject, roll: (bound: number) => number): void {
  const { metadata, spec, status } = pod as { metadata: JsonObject; spec: JsonObject; status: JsonObject };
  const [container] = spec['containers'] as [JsonObject];
  const value = `v${roll(3)}`;
  switch (roll(7)) {
    case 0:
      metadata['labels'] = { ...(metadata['labels'] as JsonObject), [`l${roll(3)}`]: value };
      break;
    case 1:
      metadata['labels'] = roll(2) === 0 ? { app: value } : {};
      break;
    case 2:
      metadata['annotations'] = { [`a${roll(2)}`]: value };
      break;
    case 3:
      spec['nodeName'] = value;
      break;
    case 4:
      container['image'] = value;
      break;
    case 5:
      status['phase'] = value;
      status['podIPs'] = [{ ip: `10.0.0.${roll(3)}` }];
      break;
    default:
  }
}

describe('the owners of fields', () => {
  it('are those who changed them last, whatever parts of an object a change leaves alone', () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const roll = dice(seed);
      let old: JsonObject | undefined;
      const owners = new Map<string, string>();
      for (let i = 0; i < changes; i++) {
        const next = old === undefined ? basePod() : structuredClone(old);
        if (old !== undefined) change(next, roll);
        const manager = `m${roll(3)}`;
        const subresource = old !== undefined && roll(3) === 0 ? 'status' : '';
        recordUpdate(next, old, { definition, manager, time: '2026-01-01T00:00:00Z', subresource });
        follow(owners, { next, old, owner: `${manager}/${subresource}` });
        expect(ownersOf(next), `seed ${seed}, change ${i}`).toEqual(new Map([...owners].sort()));
        old = next;
      }
    }
  });
});

describe('the fields of a new object', () => {
  it.each([
    ['a pod', basePod()],
    ['members without fields of their own', { spec: { containers: [{}, { name: 'c', ports: [] }, null, { name: 'c', image: 'i' }] } }],
    ['a set, and a map that is empty', { metadata: { finalizers: ['x', 'y'], labels: {}, annotations: { 'a"]': 'member' } } }],
    ['nothing', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, status: { phase: 'Pending' } }],
  ])('are all that it sets, but for the status and what is the server’s: %s', (_what, object: JsonObject) => {
    const made = structuredClone(object);
    recordUpdate(made, undefined, { definition, manager: 'm', time: '2026-01-01T00:00:00Z', subresource: '' });
    const set = [...fieldValuesOf(object, definition.schema, new Set(['status'])).keys()];
    const recorded = managersOf(made).flatMap(({ fields }) => [...fields]);
    expect(recorded.toSorted()).toEqual(set.toSorted());
  });
});

interface Change {
  readonly next: JsonObject;
  readonly old: JsonObject | undefined;
  readonly owner: string;
}

/** The rule, field by field. The status of a write to the object itself is the server's. */
function follow(owners: Map<string, string>, { next, old, owner }: Change): void {
  const before = old === undefined ? new Map<string, unknown>() : fieldValuesOf(old, definition.schema);
  const after = fieldValuesOf(next, definition.schema);
  for (const path of owners.keys()) if (!after.has(path)) owners.delete(path);
  for (const [path, value] of after) {
    const isServers = owner.endsWith('/') && path.startsWith('["f:status"');
    const isChanged = !before.has(path) || JSON.stringify(before.get(path)) !== JSON.stringify(value);
    if (isChanged && !isServers) owners.set(path, owner);
  }
}

function ownersOf(object: JsonObject): Map<string, string> {
  const pairs = managersOf(object).flatMap(({ manager, subresource, fields }) =>
    [...fields].map((path): [string, string] => [path, `${manager}/${subresource}`]),
  );
  return new Map(pairs.sort());
}
