import { describe, expect, it } from 'vitest';
import { validateDefinition } from '../../src/custom-resource/validate-definition.ts';
import { customResources, formatFieldError, type JsonObject, type ResourceDefinition } from '../../src/index.ts';

const size = { type: 'object', properties: { least: { type: 'integer' }, most: { type: 'integer' } } };

/** A definition whose spec has the given properties and rules. */
function definitionOf(properties: JsonObject, rules: readonly JsonObject[] = []): JsonObject {
  const spec = { type: 'object', properties, 'x-kubernetes-validations': rules };
  return {
    metadata: { name: 'tanks.test.example.com' },
    spec: {
      group: 'test.example.com',
      scope: 'Cluster',
      names: { plural: 'tanks', singular: 'tank', kind: 'Tank', listKind: 'TankList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec } } } }],
    },
    status: { acceptedNames: { plural: 'tanks', singular: 'tank', kind: 'Tank', listKind: 'TankList' } },
  };
}

function kindOf(properties: JsonObject, rules: readonly JsonObject[] = []): ResourceDefinition {
  const [kind] = customResources(definitionOf(properties, rules));
  if (kind === undefined) throw new Error('one version is served');
  return kind;
}

function tank(spec: JsonObject): JsonObject {
  return { apiVersion: 'test.example.com/v1', kind: 'Tank', metadata: { name: 'a' }, spec };
}

function errorsOf(kind: ResourceDefinition, spec: JsonObject, old?: JsonObject): readonly string[] {
  const errors = old === undefined ? kind.validate(tank(spec)) : kind.validateUpdate(tank(spec), tank(old));
  return errors.map(formatFieldError);
}

describe('a validation rule', () => {
  it('that holds says nothing', () => {
    const kind = kindOf({ size }, [{ rule: 'self.size.least <= self.size.most' }]);
    expect(errorsOf(kind, { size: { least: 1, most: 2 } })).toEqual([]);
  });

  it.each<[JsonObject, string]>([
    [{ rule: 'self.least <= self.most' }, 'spec.size: Invalid value: failed rule: self.least <= self.most'],
    [{ rule: 'self.least <= self.most', message: 'least is above most' }, 'spec.size: Invalid value: least is above most'],
    [
      { rule: 'self.least <= self.most', messageExpression: '"at most " + string(self.most)', message: 'unused' },
      'spec.size: Invalid value: at most 2',
    ],
    [{ rule: 'self.least <= self.most', fieldPath: '.least', message: 'no' }, 'spec.size.least: Invalid value: no'],
    [{ rule: 'self.least <= self.most', reason: 'FieldValueForbidden', message: 'no' }, 'spec.size: Forbidden: no'],
    [{ rule: 'self.least <= self.most', reason: 'FieldValueRequired', message: 'no' }, 'spec.size: Required value: no'],
    [{ rule: 'self.least / 0 == 1' }, 'spec.size: Invalid value: "object": division by zero evaluating rule: self.least / 0 == 1'],
  ])('%j that does not hold is told as it says', (rule, words) => {
    const kind = kindOf({ size: { ...size, 'x-kubernetes-validations': [rule] } });
    expect(errorsOf(kind, { size: { least: 3, most: 2 } })).toEqual([words]);
  });

  it('about a scalar shows the value', () => {
    const kind = kindOf({
      name: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self.startsWith("a")', message: 'wants an a' }] },
    });
    expect(errorsOf(kind, { name: 'b' })).toEqual(['spec.name: Invalid value: "b": wants an a']);
  });

  it('stands for every member of lists and maps', () => {
    const even = { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self % 2 == 0', message: 'odd' }] };
    const kind = kindOf({ list: { type: 'array', items: even }, map: { type: 'object', additionalProperties: even } });
    expect(errorsOf(kind, { list: [2, 3], map: { a: 5, b: 4 } })).toEqual([
      'spec.list[1]: Invalid value: 3: odd',
      'spec.map[a]: Invalid value: 5: odd',
    ]);
  });

  it('with oldSelf is asked where there is something to compare with', () => {
    const fixed = { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'is immutable' }] };
    const item = { type: 'object', required: ['name'], properties: { name: { type: 'string' }, mode: fixed } };
    const kind = kindOf({
      mode: fixed,
      parts: { type: 'array', items: item, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
    });
    expect(errorsOf(kind, { mode: 'a' })).toEqual([]);
    expect(errorsOf(kind, { mode: 'b' }, {})).toEqual([]);
    expect(errorsOf(kind, { mode: 'b' }, { mode: 'a' })).toEqual(['spec.mode: Invalid value: "b": is immutable']);
    const parts = (mode: string) => ({
      parts: [
        { name: 'new', mode: 'x' },
        { name: 'old', mode },
      ],
    });
    expect(errorsOf(kind, parts('b'), { parts: [{ name: 'old', mode: 'a' }] })).toEqual([
      'spec.parts[1].mode: Invalid value: "b": is immutable',
    ]);
  });

  it('with an optional oldSelf is asked on creation too', () => {
    const rule = { rule: 'oldSelf.hasValue() || self == "first"', optionalOldSelf: true, message: 'begins with first' };
    const kind = kindOf({ mode: { type: 'string', 'x-kubernetes-validations': [rule] } });
    expect(errorsOf(kind, { mode: 'other' })).toEqual(['spec.mode: Invalid value: "other": begins with first']);
    expect(errorsOf(kind, { mode: 'first' })).toEqual([]);
    expect(errorsOf(kind, { mode: 'other' }, { mode: 'first' })).toEqual([]);
  });

  it('sees dates, durations and numbers as such, and fields by their escaped names', () => {
    const kind = kindOf(
      { at: { type: 'string', format: 'date-time' }, 'a-b': { type: 'integer' }, wait: { type: 'string', format: 'duration' } },
      [
        { rule: 'self.at < timestamp("2030-01-01T00:00:00Z")', message: 'too late' },
        { rule: 'self.a__dash__b > 1', message: 'too small' },
        { rule: 'self.wait < duration("1h")', message: 'too long' },
      ],
    );
    expect(errorsOf(kind, { at: '2031-01-01T00:00:00Z', 'a-b': 1, wait: '2h' })).toEqual([
      'spec: Invalid value: too late',
      'spec: Invalid value: too small',
      'spec: Invalid value: too long',
    ]);
  });

  it('is not judged again where nothing has changed', () => {
    const kind = kindOf({
      size: { ...size, 'x-kubernetes-validations': [{ rule: 'self.least <= self.most' }] },
      other: { type: 'string' },
    });
    const broken = { least: 3, most: 2 };
    expect(errorsOf(kind, { size: broken, other: 'b' }, { size: broken, other: 'a' })).toEqual([]);
    expect(errorsOf(kind, { size: { ...broken, least: 4 } }, { size: broken })).toHaveLength(1);
  });

  it('is not evaluated for an object that is wrong in itself', () => {
    const kind = kindOf({ size }, [{ rule: 'self.size.least < 1' }]);
    expect(errorsOf(kind, { size: { least: 'a' } })).toEqual([
      'spec.size.least: Invalid value: "string": spec.size.least in body must be of type integer: "string"',
      '<nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
    ]);
  });

  it('is cut off when it costs too much', () => {
    const numbers = { type: 'array', items: { type: 'integer' } };
    const kind = kindOf({ numbers }, [{ rule: 'self.numbers.all(a, self.numbers.all(b, self.numbers.all(c, a + b + c >= 0)))' }]);
    expect(errorsOf(kind, { numbers: Array.from({ length: 200 }, (_, i) => i) })[0]).toContain('call cost exceeds limit for rule');
  });
});

describe('a definition is refused', () => {
  const refusals = (properties: JsonObject, rules: readonly JsonObject[]): readonly string[] =>
    validateDefinition(definitionOf(properties, rules)).map(formatFieldError);
  const path = 'spec.validation.openAPIV3Schema.properties[spec]';

  it.each<[JsonObject, string]>([
    [{ rule: '' }, `${path}.x-kubernetes-validations[0].rule: Required value: rule is not specified`],
    [
      { rule: 'true', message: 'a\nb' },
      `${path}.x-kubernetes-validations[0].message: Invalid value: "a\\nb": must not contain line breaks`,
    ],
    [{ rule: 'true', reason: 'Odd' }, `${path}.x-kubernetes-validations[0].reason: Unsupported value: "Odd": supported values: `],
    [
      { rule: 'true', fieldPath: '.nowhere' },
      `${path}.x-kubernetes-validations[0].fieldPath: Invalid value: ".nowhere": must be a valid path`,
    ],
    [{ rule: 'self.size' }, 'cel expression must evaluate to a bool'],
    [{ rule: 'self.nowhere == 1' }, "compilation failed: ERROR: <input>:1:5: undefined field 'nowhere'"],
    [{ rule: 'true', messageExpression: '1' }, 'messageExpression must evaluate to a string'],
    [{ rule: 'true', optionalOldSelf: true }, 'may not be set if oldSelf is not used in rule'],
  ])('for the rule %j', (rule, words) => {
    expect(refusals({ size }, [rule]).join('\n')).toContain(words);
  });

  it('for a rule with oldSelf in a list whose members cannot be told apart', () => {
    const items = { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] };
    expect(refusals({ list: { type: 'array', items } }, []).join()).toContain(
      `oldSelf cannot be used on the uncorrelatable portion of the schema within ${path}.properties[list]`,
    );
  });

  it('for a default that its own rules do not allow', () => {
    const even = { type: 'integer', default: 3, 'x-kubernetes-validations': [{ rule: 'self % 2 == 0', message: 'odd' }] };
    expect(refusals({ even }, [])).toEqual([`${path}.properties[even].default: Invalid value: 3: odd`]);
  });
});
