import { describe, expect, it } from 'vitest';
import { customResourceDefinitionResource, formatFieldError, type JsonObject } from '../../src/index.ts';

type Parts = Readonly<JsonObject>;

const schemaOf = (properties: Parts, rest: Parts = {}): Parts => ({ openAPIV3Schema: { type: 'object', properties, ...rest } });

function definition(spec: Parts = {}, version: Parts = {}): JsonObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'tanks.test.example.com' },
    spec: {
      group: 'test.example.com',
      scope: 'Cluster',
      names: { plural: 'tanks', kind: 'Tank' },
      versions: [{ name: 'v1', served: true, storage: true, schema: schemaOf({ spec: { type: 'object' } }), ...version }],
      ...spec,
    },
  };
}

function refusals(object: JsonObject): readonly string[] {
  const kind = customResourceDefinitionResource;
  return kind.validate(kind.defaults(kind.prepareForCreate(kind.defaults(object)))).map(formatFieldError);
}

const ofSchema = (properties: Parts, rest: Parts = {}): readonly string[] =>
  refusals(definition({}, { schema: schemaOf(properties, rest) }));
const root = 'spec.validation.openAPIV3Schema';
const at = `${root}.properties[a]`;

it('a definition gets the names that follow from others', () => {
  const { spec } = customResourceDefinitionResource.defaults(definition()) as { spec: JsonObject };
  expect(spec).toMatchObject({ names: { singular: 'tank', listKind: 'TankList' }, conversion: { strategy: 'None' } });
  expect(refusals(definition())).toEqual([]);
});

describe('a definition is refused', () => {
  it.each<[string, JsonObject, string]>([
    [
      'by its name',
      { ...definition(), metadata: { name: 'tanks.example.com' } },
      'metadata.name: Invalid value: "tanks.example.com": must be spec.names.plural+"."+spec.group',
    ],
    ['without a scope', definition({ scope: undefined }), 'spec.scope: Required value'],
    [
      'with another scope',
      definition({ scope: 'Galaxy' }),
      'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"',
    ],
    [
      'with equal kinds',
      definition({ names: { plural: 'tanks', kind: 'Tank', listKind: 'Tank' } }),
      'spec.names.listKind: Invalid value: "Tank": kind and listKind may not be the same',
    ],
    [
      'with a kind that is no name',
      definition({ names: { plural: 'tanks', kind: 'Big_Tank' } }),
      'spec.names.kind: Invalid value: "Big_Tank": may have mixed case, but should otherwise match: a DNS-1035 label',
    ],
    ['without versions', definition({ versions: [] }), 'must have exactly one version marked as storage version'],
    [
      'that preserves unknown fields of old',
      definition({ preserveUnknownFields: true }),
      'spec.preserveUnknownFields: Invalid value: true: cannot set to true',
    ],
    [
      'with a conversion webhook',
      definition({ conversion: { strategy: 'Webhook' } }),
      'conversion webhooks are not supported by this server; set it to None',
    ],
    ['without a schema', definition({}, { schema: undefined }), 'spec.versions[0].schema.openAPIV3Schema: Required value'],
    [
      'with a warning for what is not deprecated',
      definition({}, { deprecationWarning: 'old' }),
      'spec.versions[0].deprecationWarning: Invalid value: "old": can only be set for deprecated versions',
    ],
    [
      'with a scale outside of the spec',
      definition({}, { subresources: { scale: { specReplicasPath: '.replicas', statusReplicasPath: '.status.replicas' } } }),
      'spec.subresources.scale.specReplicasPath: Invalid value: ".replicas": should be a json path under .spec',
    ],
    [
      'with a column of no type',
      definition({}, { additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: '.a' }] }),
      'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
    ],
    [
      'with a selectable field that is none',
      definition({}, { selectableFields: [{ jsonPath: '.spec' }] }),
      'must point to a field of type string, boolean or integer',
    ],
    [
      'with a selectable field that is nowhere',
      definition({}, { selectableFields: [{ jsonPath: '.spec.a' }] }),
      'is an invalid path: does not refer to a valid field',
    ],
    [
      'in a group of the community',
      { ...definition({ group: 'x.k8s.io' }), metadata: { name: 'tanks.x.k8s.io' } },
      'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
    ],
  ])('%s', (_title, object, words) => {
    expect(refusals(object).join('\n')).toContain(words);
  });

  it.each<[JsonObject, JsonObject, string]>([
    [{ a: {} }, {}, `${at}.type: Required value: must not be empty for specified object fields`],
    [{ a: { type: 'array' } }, {}, `${at}.items: Required value: must be specified`],
    [{ a: { type: 'array', items: {} } }, {}, `${at}.items.type: Required value: must not be empty for specified array items`],
    [{}, { type: 'string' }, `${root}.type: Invalid value: "string": must be object at the root`],
    [{}, { additionalProperties: { type: 'string' } }, `${root}.additionalProperties: Forbidden: must not be used at the root`],
    [
      { a: { type: 'text' } },
      {},
      `${at}.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"`,
    ],
    [
      { a: { type: 'string', pattern: '(' } },
      {},
      `${at}.pattern: Invalid value: "(": must be a valid regular expression, but isn't: error parsing regexp: missing closing )`,
    ],
    [{ a: { type: 'string', anyOf: [{ type: 'string' }] } }, {}, `${at}.anyOf[0].type: Forbidden: must be empty to be structural`],
    [
      {},
      { allOf: [{ properties: { b: { minimum: 1 } } }] },
      `${root}.properties[b]: Required value: because it is defined in ${root}.allOf[0].properties[b]`,
    ],
    [
      { a: { type: 'object', properties: { b: { type: 'string' } }, additionalProperties: { type: 'string' } } },
      {},
      `${at}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`,
    ],
    [
      { a: { type: 'array', items: { type: 'string' }, uniqueItems: true } },
      {},
      `${at}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`,
    ],
    [{ a: { type: 'string', $ref: '#/x' } }, {}, `${at}.$ref: Forbidden: $ref is not supported`],
    [{ a: { type: 'object', 'x-kubernetes-preserve-unknown-fields': false } }, {}, 'must be true or undefined'],
    [
      { a: { type: 'object', 'x-kubernetes-list-type': 'set' } },
      {},
      `${at}.type: Invalid value: "object": must be array if x-kubernetes-list-type is specified`,
    ],
    [
      { a: { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'set' } },
      {},
      'must be atomic as item of a list with x-kubernetes-list-type=set',
    ],
    [
      { a: { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map' } },
      {},
      `${at}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`,
    ],
    [
      {
        a: {
          type: 'array',
          items: { type: 'object', properties: { n: { type: 'string' } } },
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['n'],
        },
      },
      {},
      `${at}.items.properties[n].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
    ],
    [
      { a: { type: 'object', 'x-kubernetes-embedded-resource': true } },
      {},
      `${at}.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields`,
    ],
    [
      { metadata: { type: 'object', properties: { labels: { type: 'object' } } } },
      {},
      'must not specify anything other than name and generateName, but metadata is implicitly specified',
    ],
    [{ a: { type: 'integer', default: 'x' } }, {}, `${at}.default: Invalid value: "string": `],
    [{ a: { type: 'object', default: { b: 1 } } }, {}, `${at}.default: Invalid value: {"b":1}: must not have unknown fields`],
    [{ metadata: { type: 'object', default: {} } }, {}, 'must not be set in top-level metadata'],
    [{}, { nullable: true }, `${root}.nullable: Forbidden: nullable cannot be true at the root`],
  ])('for the schema %j %j', (properties, rest, words) => {
    expect(ofSchema(properties, rest).join('\n')).toContain(words);
  });

  it('names what versions have of their own by the version', () => {
    const versions = [
      { name: 'v1', served: true, storage: true, schema: schemaOf({ spec: { type: 'object' } }) },
      { name: 'v2', served: true, storage: false, schema: schemaOf({ spec: {} }) },
    ];
    expect(refusals(definition({ versions }))).toEqual([
      'spec.versions[1].schema.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields',
    ]);
  });
});

it.each<[JsonObject]>([
  [{ a: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }], pattern: '^[0-9]+$' } }],
  [{ a: { 'x-kubernetes-int-or-string': true, allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { pattern: '^a' }] } }],
  [{ a: { 'x-kubernetes-preserve-unknown-fields': true } }],
  [{ a: { type: 'object', additionalProperties: true } }],
  [{ metadata: { type: 'object', properties: { name: { type: 'string', pattern: '^a' } } } }],
  [{ a: { type: 'string', pattern: '(?i)^abc\\z' } }],
  [{ a: { type: 'string', nullable: true, default: 'x', enum: ['x', 'y'] } }],
])('the schema %j is structural', (properties) => {
  expect(ofSchema(properties)).toEqual([]);
});

describe('a changed definition', () => {
  const kind = customResourceDefinitionResource;
  const changed = (spec: Parts): readonly string[] => {
    const old = kind.defaults(kind.prepareForCreate(definition()));
    old['status'] = { storedVersions: ['v1'], conditions: [{ type: 'Established', status: 'True' }] };
    const next = { ...kind.defaults(definition(spec)), status: old['status'] };
    return kind.validateUpdate(next, old).map(formatFieldError);
  };

  it('keeps its scope, kind and group', () => {
    expect(changed({ scope: 'Namespaced' })).toEqual(['spec.scope: Invalid value: "Namespaced": field is immutable']);
    expect(changed({ names: { plural: 'tanks', kind: 'Panzer' } })).toEqual([
      'spec.names.kind: Invalid value: "Panzer": field is immutable',
    ]);
  });

  it('keeps the versions that objects are stored in', () => {
    const versions = [{ name: 'v2', served: true, storage: true, schema: schemaOf({}) }];
    expect(changed({ versions })).toEqual([
      'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
    ]);
  });
});
