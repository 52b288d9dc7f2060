/**
 * OpenAPI v3 component schemas from the structural schemas of the registry, for `kubectl explain` and
 * for whoever reads the API.
 */
import {
  builtInSchemas,
  type JsonObject,
  type ListMerge,
  type ObjectSchema,
  objectAt,
  openApiName,
  type ResourceDefinition,
  type Schema,
} from '@weir/kube';
import { defined, unreachable } from '@weir/net';

/** A JSON schema as OpenAPI writes it. */
export type OpenApiSchema = Readonly<Record<string, unknown>>;

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const quantityName = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const intOrStringName = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
const timeName = `${meta}.Time`;

/** Types of meta/v1 that objects of all groups contain. */
const metaTypeNames = new Set(['ObjectMeta', 'OwnerReference', 'ManagedFieldsEntry', 'LabelSelector', 'LabelSelectorRequirement']);

const sharedComponents: Readonly<Record<string, OpenApiSchema>> = {
  [quantityName]: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  [intOrStringName]: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  [timeName]: { type: 'string', format: 'date-time' },
};

/** The components of one document: every kind of `definitions` with all types that it contains. */
export function componentSchemas(definitions: readonly ResourceDefinition[]): Readonly<Record<string, OpenApiSchema>> {
  const components = new Map<string, OpenApiSchema>(Object.entries(sharedComponents));
  for (const definition of definitions) {
    if (definition.custom !== undefined) {
      addCustom(definition, definition.custom.openApi, components);
      continue;
    }
    const prefix = `io.k8s.api.${definition.group.split('.')[0] || 'core'}.${definition.version}`;
    const name = addObject(definition.schema, prefix, components);
    const { group, version, kind } = definition;
    components.set(name, { ...components.get(name), 'x-kubernetes-group-version-kind': [{ group, version, kind }] });
  }
  return Object.fromEntries(components);
}

/** A custom kind has its own words; only its metadata is a type that all share. */
function addCustom(definition: ResourceDefinition, schema: JsonObject, components: Map<string, OpenApiSchema>): void {
  const objectMeta = defined(builtInSchemas.get('ObjectMeta'), 'ObjectMeta is a built-in type');
  const metadata = {
    allOf: [refer(addObject(objectMeta, meta, components))],
    description:
      "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
  };
  components.set(openApiName(definition), { ...schema, properties: { ...objectAt(schema, 'properties'), metadata } });
}

/** Adds a type and all that it contains, once; answers its component name. */
function addObject(schema: ObjectSchema, prefix: string, components: Map<string, OpenApiSchema>): string {
  const name = `${metaTypeNames.has(schema.name) ? meta : prefix}.${schema.name}`;
  if (components.has(name)) return name;
  // Taken before its fields are looked at: types may contain themselves.
  components.set(name, {});
  const properties = [...schema.fields].map(([field, type]) => [field, property(type, prefix, components)] as const);
  components.set(name, { type: 'object', properties: Object.fromEntries(properties) });
  return name;
}

function property(schema: Schema, prefix: string, components: Map<string, OpenApiSchema>): OpenApiSchema {
  switch (schema.kind) {
    case 'object': {
      const reference = refer(addObject(schema, prefix, components));
      return schema.retainKeys ? { allOf: [reference], 'x-kubernetes-patch-strategy': 'retainKeys' } : reference;
    }
    case 'map':
      return { type: 'object', additionalProperties: property(schema.values, prefix, components) };
    case 'orBoolean':
      // What either may be has no word in OpenAPI; its fields are shown.
      return property(schema.object, prefix, components);
    case 'list':
      return { type: 'array', items: property(schema.items, prefix, components), ...listExtensions(schema.merge) };
    case 'string':
    case 'number':
    case 'boolean':
      return { type: schema.kind };
    case 'integer':
      return { type: 'integer', format: 'int64' };
    case 'bytes':
      return { type: 'string', format: 'byte' };
    case 'time':
      return refer(timeName);
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

function refer(name: string): OpenApiSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/** How lists are merged: the extensions of strategic merge patch and of server-side apply. */
function listExtensions(merge: ListMerge): OpenApiSchema {
  switch (merge.kind) {
    case 'atomic':
      return { 'x-kubernetes-list-type': 'atomic' };
    case 'set':
      return { 'x-kubernetes-list-type': 'set', 'x-kubernetes-patch-strategy': 'merge' };
    case 'map':
      return {
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': merge.keys,
        'x-kubernetes-patch-merge-key': merge.patchKey,
        'x-kubernetes-patch-strategy': 'merge',
      };
    default:
      return unreachable(merge);
  }
}
