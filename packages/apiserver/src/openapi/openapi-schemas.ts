/**
 * OpenAPI v3 component schemas from the structural schemas of the registry, for `kubectl explain` and
 * for whoever reads the API.
 */
import {
  builtInSchemas,
  type JsonObject,
  type ObjectSchema,
  objectAt,
  openApiName,
  type ResourceDefinition,
  type Schema,
} from '@weir/kube';
import { defined, unreachable } from '@weir/net';
import { sharedFields } from './documentation/shared-fields.ts';
import { documentationOf, fieldDocumentation } from './type-documentation.ts';

type ListSchema = Extract<Schema, { kind: 'list' }>;

/** A JSON schema as OpenAPI writes it. */
export type OpenApiSchema = Readonly<Record<string, unknown>>;

const quantityName = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const intOrStringName = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
const timeName = 'io.k8s.apimachinery.pkg.apis.meta.v1.Time';
const microTimeName = 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime';

const sharedComponents: Readonly<Record<string, OpenApiSchema>> = {
  [quantityName]: {
    description: 'An amount: a number with a suffix, for example `500m`, `2`, `128Mi` or `1G`.',
    oneOf: [{ type: 'string' }, { type: 'number' }],
  },
  [intOrStringName]: {
    description: 'An integer or a text, for example a port by its number or its name.',
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
  [timeName]: { description: 'A time as RFC 3339 writes it, in whole seconds.', type: 'string', format: 'date-time' },
  [microTimeName]: { description: 'A time as RFC 3339 writes it, with six digits after the seconds.', type: 'string', format: 'date-time' },
};

/** The components of one document: every kind of `definitions` with all types that it contains, and their lists. */
export function componentSchemas(definitions: readonly ResourceDefinition[]): Readonly<Record<string, OpenApiSchema>> {
  const components = new Map<string, OpenApiSchema>(Object.entries(sharedComponents));
  for (const definition of definitions) {
    const { group, version, kind, listKind, verbs } = definition;
    const name =
      definition.custom === undefined
        ? addObject(definition.schema, components)
        : addCustom(definition, definition.custom.openApi, components);
    components.set(name, { ...components.get(name), 'x-kubernetes-group-version-kind': [{ group, version, kind }] });
    if (!verbs.includes('list')) continue;
    const list = { ...listOf(name, kind, components), 'x-kubernetes-group-version-kind': [{ group, version, kind: listKind }] };
    components.set(`${name.slice(0, name.lastIndexOf('.'))}.${listKind}`, list);
  }
  return Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A custom kind has its own words; only its metadata is a type that all share. Answers its component name. */
function addCustom(definition: ResourceDefinition, schema: JsonObject, components: Map<string, OpenApiSchema>): string {
  const name = openApiName(definition);
  const metadata = described(refer(addObject(metaType('ObjectMeta'), components)), sharedFields.get('metadata') ?? '');
  const shared = { apiVersion: textProperty('apiVersion'), kind: textProperty('kind'), metadata };
  components.set(name, { type: 'object', ...schema, properties: { ...objectAt(schema, 'properties'), ...shared } });
  return name;
}

function textProperty(field: string): OpenApiSchema {
  return described({ type: 'string' }, sharedFields.get(field) ?? '');
}

function metaType(name: string): ObjectSchema {
  return defined(builtInSchemas.get(name), `${name} is a built-in type`);
}

function listOf(name: string, kind: string, components: Map<string, OpenApiSchema>): OpenApiSchema {
  return {
    description: `A list of objects of the kind ${kind}.`,
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: textProperty('apiVersion'),
      items: described({ type: 'array', items: refer(name) }, sharedFields.get('items') ?? ''),
      kind: textProperty('kind'),
      metadata: described(refer(addObject(metaType('ListMeta'), components)), documentationOf('ListMeta').description),
    },
  };
}

/** Adds a type and all that it contains, once; answers its component name. */
function addObject(schema: ObjectSchema, components: Map<string, OpenApiSchema>): string {
  const { component, description } = documentationOf(schema.name);
  if (components.has(component)) return component;
  // Taken before its fields are looked at: types may contain themselves.
  components.set(component, {});
  const required = [...schema.fields.keys()].filter((field) => fieldDocumentation(schema.name, field).required);
  const properties = [...schema.fields].map(
    ([field, type]) => [field, documented(schema.name, field, property(type, components))] as const,
  );
  components.set(component, {
    description,
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(properties),
    ...mapType(schema),
  });
  return component;
}

/** A property with what is said of its field. */
function documented(typeName: string, field: string, schema: OpenApiSchema): OpenApiSchema {
  const { description, values, default: preset } = fieldDocumentation(typeName, field);
  const { items } = schema;
  const choice =
    values.length === 0 ? {} : items === undefined ? { enum: values } : { items: { ...(items as OpenApiSchema), enum: values } };
  return described({ ...schema, ...choice, ...(preset === undefined ? {} : { default: preset }) }, description);
}

/** Beside a reference nothing counts: what is said more goes around it. */
function described(schema: OpenApiSchema, description: string): OpenApiSchema {
  const words = description === '' ? {} : { description };
  if (!('$ref' in schema)) return { ...words, ...schema };
  return description === '' ? schema : { ...words, allOf: [schema] };
}

function property(schema: Schema, components: Map<string, OpenApiSchema>): OpenApiSchema {
  switch (schema.kind) {
    case 'object': {
      const reference = refer(addObject(schema, components));
      return schema.patch === 'merge' ? reference : { allOf: [reference], 'x-kubernetes-patch-strategy': schema.patch };
    }
    case 'map':
      return { type: 'object', additionalProperties: property(schema.values, components), ...mapType(schema) };
    case 'orBoolean':
      // What either may be has no word in OpenAPI; its fields are shown.
      return property(schema.object, components);
    case 'list':
      return listProperty(schema, components);
    case 'string':
    case 'boolean':
      return { type: schema.kind };
    case 'number':
      return { type: 'number', format: 'double' };
    case 'integer':
      return { type: 'integer', format: 'int32' };
    case 'long':
      return { type: 'integer', format: 'int64' };
    case 'bytes':
      return { type: 'string', format: 'byte' };
    case 'time':
      return refer(timeName);
    case 'microTime':
      return refer(microTimeName);
    case 'quantity':
      return refer(quantityName);
    case 'intOrString':
      return refer(intOrStringName);
    case 'any':
      return { 'x-kubernetes-preserve-unknown-fields': true };
    default:
      return unreachable(schema);
  }
}

/** Where members are merged by `retainKeys`, their list says so. */
function listProperty(schema: ListSchema, components: Map<string, OpenApiSchema>): OpenApiSchema {
  const { items } = schema;
  const extensions = { ...listType(schema.merge), ...patchStrategy(schema.patch) };
  if (items.kind !== 'object' || items.patch !== 'retainKeys') return { type: 'array', items: property(items, components), ...extensions };
  const strategy = { 'x-kubernetes-patch-strategy': 'merge,retainKeys' };
  return { type: 'array', items: refer(addObject(items, components)), ...extensions, ...strategy };
}

function refer(name: string): OpenApiSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/** How server-side apply merges objects and maps, where that is not member by member. */
function mapType({ atomic }: { readonly atomic: boolean }): OpenApiSchema {
  return atomic ? { 'x-kubernetes-map-type': 'atomic' } : {};
}

/** How server-side apply merges lists. */
function listType(merge: ListSchema['merge']): OpenApiSchema {
  const type = { 'x-kubernetes-list-type': merge.kind };
  return merge.kind === 'map' ? { ...type, 'x-kubernetes-list-map-keys': merge.keys } : type;
}

/** How strategic merge patches change lists. */
function patchStrategy(patch: ListSchema['patch']): OpenApiSchema {
  if (patch.kind === 'replace') return {};
  const strategy = { 'x-kubernetes-patch-strategy': 'merge' };
  return patch.kind === 'byKey' ? { ...strategy, 'x-kubernetes-patch-merge-key': patch.key } : strategy;
}
