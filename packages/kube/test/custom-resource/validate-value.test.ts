import { describe, expect, it } from 'vitest';
import { applyDefaults } from '../../src/custom-resource/apply-defaults.ts';
import { findByPath, parseJsonPath } from '../../src/custom-resource/json-path.ts';
import { pruneObject } from '../../src/custom-resource/prune.ts';
import { parseStructuralSchema } from '../../src/custom-resource/structural-schema.ts';
import { validateValue } from '../../src/custom-resource/validate-value.ts';
import { formatFieldError, type JsonObject } from '../../src/index.ts';
import { compareVersions } from '../../src/registry/version-order.ts';

function errorsOf(schema: JsonObject, value: unknown, old?: unknown): readonly string[] {
  return validateValue(value, parseStructuralSchema(schema), 'a', old).map(formatFieldError);
}

describe('a value is judged by', () => {
  it.each<[JsonObject, unknown, readonly string[]]>([
    [{ type: 'number' }, 1, []],
    [{ type: 'integer' }, 1.5, ['a: Invalid value: "number": a in body must be of type integer: "number"']],
    [{ type: 'string' }, null, ['a: Invalid value: "null": a in body must be of type string: "null"']],
    [{ type: 'string', nullable: true, enum: ['x'] }, null, []],
    [{ type: 'integer', minimum: 3, exclusiveMinimum: true }, 3, ['a: Invalid value: 3: a in body should be greater than 3']],
    [{ type: 'integer', maximum: 3, exclusiveMaximum: true }, 3, ['a: Invalid value: 3: a in body should be less than 3']],
    [{ type: 'number', multipleOf: 0.5 }, 0.75, ['a: Invalid value: 0.75: a in body should be a multiple of 0.5']],
    [{ type: 'string', minLength: 3 }, 'äö', ['a: Invalid value: "äö": a in body should be at least 3 chars long']],
    [{ type: 'string', maxLength: 2 }, 'äö', []],
    [{ type: 'array', minItems: 1, items: { type: 'string' } }, [], ['a: Invalid value: 0: a in body should have at least 1 items']],
    [{ type: 'array', maxItems: 1, items: { type: 'string' } }, ['x', 'y'], ['a: Too many: 2: must have at most 1 items']],
    [
      { type: 'array', items: { type: 'string' } },
      ['x', 1],
      ['a[1]: Invalid value: "integer": a[1] in body must be of type string: "integer"'],
    ],
    [{ type: 'object', minProperties: 1 }, {}, ['a: Invalid value: 0: a in body should have at least 1 properties']],
    [
      { type: 'object', additionalProperties: { type: 'integer' } },
      { k: 'x' },
      ['a.k: Invalid value: "string": a.k in body must be of type integer: "string"'],
    ],
    [{ type: 'integer', enum: [1, 2] }, 3, ['a: Unsupported value: 3: supported values: "1", "2"']],
    [{ type: 'string', format: 'ipv4' }, '1.2.3', ['a: Invalid value: "1.2.3": a in body must be of type ipv4: "1.2.3"']],
    [{ type: 'string', format: 'cidr' }, '10.0.0.0/8', []],
    [{ type: 'string', format: 'date-time' }, '2026-01-01T00:00:00Z', []],
    [{ type: 'string', format: 'date-time' }, 'noon', ['a: Invalid value: "noon": a in body must be of type date-time: "noon"']],
    [{ type: 'string', format: 'whatever' }, 'noon', []],
    [
      { type: 'string', pattern: '^(a+)+$' },
      `${'a'.repeat(64)}!`,
      [`a: Invalid value: "${'a'.repeat(64)}!": a in body should match '^(a+)+$'`],
    ],
    [
      { type: 'object', anyOf: [{ required: ['x'] }, { required: ['y'] }] },
      {},
      ['<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)', 'a.x: Required value'],
    ],
    [
      { type: 'object', oneOf: [{ required: ['x'] }, { required: ['y'] }] },
      { x: 1, y: 1 },
      ['<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
    ],
    [{ type: 'object', not: { required: ['x'] } }, { x: 1 }, ['<nil>: Invalid value: "": "a" must not validate the schema (not)']],
    [
      { type: 'integer', allOf: [{ minimum: 5 }, { maximum: 9 }] },
      3,
      [
        'a: Invalid value: 3: a in body should be greater than or equal to 5',
        '<nil>: Invalid value: "": "a" must validate all the schemas (allOf)',
      ],
    ],
  ])('%j: %j', (schema, value, errors) => {
    expect(errorsOf(schema, value)).toEqual(errors);
  });

  it('what has changed of it', () => {
    const schema = { type: 'object', properties: { x: { type: 'integer', maximum: 1 }, y: { type: 'integer', maximum: 1 } } };
    expect(errorsOf(schema, { x: 5, y: 5 }, { x: 5 })).toEqual(['a.y: Invalid value: 5: a.y in body should be less than or equal to 1']);
    expect(errorsOf(schema, { x: 5 }, { x: 5 })).toEqual([]);
  });
});

describe('pruning', () => {
  it.each<[JsonObject, JsonObject, JsonObject, readonly string[]]>([
    [{ properties: { b: {} } }, { b: 1, c: 2 }, { b: 1 }, ['c']],
    [
      { 'x-kubernetes-preserve-unknown-fields': true, properties: { b: { type: 'object' } } },
      { b: { x: 1 }, c: 2 },
      { b: {}, c: 2 },
      ['b.x'],
    ],
    [{ properties: { b: { type: 'array', items: { properties: { x: {} } } } } }, { b: [{ x: 1, y: 1 }] }, { b: [{ x: 1 }] }, ['b[0].y']],
    [
      { properties: { b: { additionalProperties: { properties: { x: {} } } } } },
      { b: { k: { x: 1, y: 1 } } },
      { b: { k: { x: 1 } } },
      ['b.k.y'],
    ],
    [{ properties: { b: { 'x-kubernetes-preserve-unknown-fields': true } } }, { b: [{ y: 1 }] }, { b: [{ y: 1 }] }, []],
    [
      { properties: { b: { 'x-kubernetes-embedded-resource': true } } },
      { b: { apiVersion: 'v1', kind: 'X', metadata: { name: 'x' }, y: 1 } },
      { b: { apiVersion: 'v1', kind: 'X', metadata: { name: 'x' } } },
      ['b.y'],
    ],
  ])('by %j makes of %j %j', (schema, object, pruned, removed) => {
    const value = structuredClone(object);
    expect(pruneObject(value, parseStructuralSchema(schema))).toEqual(removed);
    expect(value).toEqual(pruned);
  });
});

describe('defaulting', () => {
  it.each<[JsonObject, JsonObject, JsonObject]>([
    [{ properties: { b: { default: 1 } } }, {}, { b: 1 }],
    [{ properties: { b: { default: 1 } } }, { b: null }, { b: 1 }],
    [{ properties: { b: { default: 1, nullable: true } } }, { b: null }, { b: null }],
    [{ properties: { b: {} } }, { b: null, c: null }, { c: null }],
    [{ properties: { b: { properties: { c: { default: 1 } } } } }, {}, {}],
    [{ properties: { b: { default: {}, properties: { c: { default: 1 } } } } }, {}, { b: { c: 1 } }],
    [{ properties: { b: { items: { properties: { c: { default: 1 } } } } } }, { b: [{}, { c: 2 }] }, { b: [{ c: 1 }, { c: 2 }] }],
    [{ additionalProperties: { properties: { c: { default: 1 } } } }, { k: {} }, { k: { c: 1 } }],
  ])('by %j makes of %j %j', (schema, object, defaulted) => {
    const value = structuredClone(object);
    applyDefaults(value, parseStructuralSchema(schema));
    expect(value).toEqual(defaulted);
  });
});

describe('a path', () => {
  const object = {
    spec: { replicas: 3, 'a.b': 'dotted' },
    list: [
      { type: 'Ready', status: 'True', n: 1 },
      { type: 'Other', status: 'False', n: 2 },
    ],
  };

  it.each<[string, readonly unknown[]]>([
    ['.spec.replicas', [3]],
    ['.spec.nothing', []],
    ['.spec.a\\.b', ['dotted']],
    ['.spec["a.b"]', ['dotted']],
    [".spec['a.b']", ['dotted']],
    ['.list[0].status', ['True']],
    ['.list[-1].status', ['False']],
    ['.list[*].type', ['Ready', 'Other']],
    ['.list[?(@.type=="Ready")].status', ['True']],
    [".list[?(@.type=='Ready')].status", ['True']],
    ['.list[?(@.n>1)].type', ['Other']],
    ['.list[?(@.type!="Ready")].type', ['Other']],
    ['.list[?(@.nothing)].type', []],
  ])('%s finds %j', (path, found) => {
    expect(findByPath(object, parseJsonPath(path) ?? [])).toEqual(found);
  });

  it.each(['..a', '.a[', '.a[?(x)]', '.a[b]'])('%s is none', (path) => {
    expect(parseJsonPath(path)).toBeUndefined();
  });
});

it('versions are sorted as kubectl prefers them', () => {
  const sorted = ['v10', 'v2', 'v1', 'v11beta2', 'v10beta3', 'v3beta1', 'v12alpha1', 'v11alpha2', 'foo1', 'foo10'];
  expect([...sorted].sort().sort(compareVersions)).toEqual(sorted);
});
