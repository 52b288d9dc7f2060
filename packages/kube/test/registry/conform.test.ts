import { describe, expect, it } from 'vitest';
import { builtInResources, conformToSchema, type JsonObject, parseSchemas, ResourceRegistry } from '../../src/index.ts';

const types = parseSchemas(`
Thing: name count:i ready:b labels:{s} parts:Part[name] any:any when:t port:is size:l
Part: name sizes:i[]
    more:Thing
`);
const thing = types.get('Thing');
if (thing === undefined) throw new Error('Thing is defined above');

describe('the schema notation', () => {
  it('reads scalars, maps, lists with their keys, and types that refer to each other', () => {
    expect(thing.fields.get('name')).toEqual({ kind: 'string' });
    expect(thing.fields.get('labels')).toEqual({ kind: 'map', values: { kind: 'string' }, atomic: false });
    expect(thing.fields.get('parts')).toMatchObject({
      kind: 'list',
      merge: { kind: 'map', keys: ['name'] },
      patch: { kind: 'byKey', key: 'name' },
    });
    expect(types.get('Part')?.fields.get('more')).toBe(thing);
  });

  it('refuses what is not defined, or twice', () => {
    expect(() => parseSchemas('A: b:Missing')).toThrow('type Missing is not defined');
    expect(() => parseSchemas('A: b\nA: c')).toThrow('type A is defined twice');
  });
});

describe('fitting an object to its schema', () => {
  it.each<{ name: string; value: JsonObject; result: JsonObject; unknown?: string[]; wrong?: string[] }>([
    { name: 'keeps what fits', value: { name: 'a', any: { x: [null] } }, result: { name: 'a', any: { x: [null] } } },
    { name: 'drops nulls', value: { name: null, count: 1 }, result: { count: 1 } },
    { name: 'makes null members zero values', value: { parts: [null], labels: { a: null } }, result: { parts: [{}], labels: { a: '' } } },
    {
      name: 'reports unknown fields with their place',
      value: { foo: 1, parts: [{ bar: 2, name: 'p' }] },
      result: { parts: [{ name: 'p' }] },
      unknown: ['foo', 'parts[0].bar'],
    },
    { name: 'takes numbers and texts for a port', value: { port: 'http' }, result: { port: 'http' } },
    {
      name: 'reports wrong types as Go does',
      value: { name: 1, count: 'x', ready: 'yes', parts: {}, labels: [] },
      result: {},
      wrong: [
        'json: cannot unmarshal number into Go struct field Thing.name of type string',
        'json: cannot unmarshal string into Go struct field Thing.count of type int32',
        'json: cannot unmarshal string into Go struct field Thing.ready of type bool',
        'json: cannot unmarshal object into Go struct field Thing.parts of type []v1.Part',
        'json: cannot unmarshal array into Go struct field Thing.labels of type map[string]string',
      ],
    },
    {
      name: 'reports integers that do not fit into their bits',
      value: { count: 2 ** 31, port: 2 ** 31, size: 2 ** 31, parts: [{ name: 'p' }] },
      result: { size: 2 ** 31, parts: [{ name: 'p' }] },
      wrong: [
        'json: cannot unmarshal number 2147483648 into Go struct field Thing.count of type int32',
        'json: cannot unmarshal number into Go struct field Thing.port of type intstr.IntOrString',
      ],
    },
  ])('$name', ({ value, result, unknown = [], wrong = [] }) => {
    const fitted = conformToSchema(thing, value);
    expect(fitted.value).toEqual(result);
    expect(fitted.unknownFields).toEqual(unknown);
    expect(fitted.wrongTypes).toEqual(wrong);
  });

  it('treats __proto__ as a key like any other', () => {
    const fitted = conformToSchema(thing, JSON.parse('{"labels":{"__proto__":"x"}}') as JsonObject);
    expect(Object.hasOwn(fitted.value['labels'] as object, '__proto__')).toBe(true);
  });
});

describe('the registry of kinds', () => {
  it('holds every built-in kind once, with as many cells as columns', () => {
    const registry = new ResourceRegistry(builtInResources);
    expect(registry.find('', 'v1', 'pods')?.kind).toBe('Pod');
    expect(registry.findKind({ group: 'networking.k8s.io', version: 'v1', kind: 'NetworkPolicy' })?.plural).toBe('networkpolicies');
    expect(registry.versionsOf('apps')).toEqual(['v1']);
    for (const definition of registry.all()) {
      const { cells } = definition.table.row({ metadata: { name: 'x' } }, 0);
      expect(cells, definition.plural).toHaveLength(definition.table.columns.length);
    }
    for (const definition of builtInResources) expect(() => registry.add(definition)).toThrow('is registered twice');
  });
});
