/**
 * The OpenAPI v3 schema of a custom resource, parsed once: what pruning, defaulting, validation and patches walk over.
 *
 * Only what apiextensions.k8s.io/v1 knows is kept. Whether the schema may be used at all is
 * `check-structural-schema.ts`'s to say.
 */
import { isJsonObject, type JsonObject, listAt, objectAt, objectsAt, textAt } from '../registry/json-object.ts';

/** How two versions of a list are told apart (`x-kubernetes-list-type`). */
type ListType = 'atomic' | 'set' | 'map';

/** One rule of `x-kubernetes-validations`. */
export interface ValidationRule {
  readonly rule: string;
  readonly message: string;
  readonly messageExpression: string;
  readonly reason: string;
  readonly fieldPath: string;
  readonly optionalOldSelf: boolean | undefined;
}

/** One node. Texts are empty when absent. */
export interface StructuralSchema {
  readonly type: string;
  readonly format: string;
  readonly pattern: string;
  readonly nullable: boolean;
  readonly properties: ReadonlyMap<string, StructuralSchema>;
  /** The type of all other members; `true`: anything, undefined or `false`: there are none. */
  readonly additionalProperties: StructuralSchema | boolean | undefined;
  readonly items: StructuralSchema | undefined;
  readonly required: readonly string[];
  /** Undefined when there is none; the value is shared and never changed. */
  readonly default: unknown;
  readonly enum: readonly unknown[];
  readonly allOf: readonly StructuralSchema[];
  readonly anyOf: readonly StructuralSchema[];
  readonly oneOf: readonly StructuralSchema[];
  readonly not: StructuralSchema | undefined;
  readonly preserveUnknownFields: boolean;
  readonly embeddedResource: boolean;
  readonly intOrString: boolean;
  readonly listType: ListType;
  readonly listMapKeys: readonly string[];
  readonly mapIsAtomic: boolean;
  readonly rules: readonly ValidationRule[];
  /** The node as it was written: numeric limits, and what is only shown. */
  readonly source: Readonly<JsonObject>;
}

/** Reads a schema (JSONSchemaProps). What is of a wrong type counts as absent. */
export function parseStructuralSchema(source: Readonly<JsonObject>): StructuralSchema {
  const listOf = (keyword: string): StructuralSchema[] => objectsAt(source, keyword).map(parseStructuralSchema);
  const not = objectAt(source, 'not');
  const items = objectAt(source, 'items');
  const listType = textAt(source, 'x-kubernetes-list-type');
  return {
    type: textAt(source, 'type'),
    format: textAt(source, 'format'),
    pattern: textAt(source, 'pattern'),
    nullable: source['nullable'] === true,
    properties: parseProperties(objectAt(source, 'properties')),
    additionalProperties: parseSchemaOrBoolean(source['additionalProperties']),
    items: items === undefined ? undefined : parseStructuralSchema(items),
    required: listAt(source, 'required').map(String),
    default: source['default'],
    enum: listAt(source, 'enum'),
    allOf: listOf('allOf'),
    anyOf: listOf('anyOf'),
    oneOf: listOf('oneOf'),
    not: not === undefined ? undefined : parseStructuralSchema(not),
    preserveUnknownFields: source['x-kubernetes-preserve-unknown-fields'] === true,
    embeddedResource: source['x-kubernetes-embedded-resource'] === true,
    intOrString: source['x-kubernetes-int-or-string'] === true,
    listType: listType === 'set' || listType === 'map' ? listType : 'atomic',
    listMapKeys: listAt(source, 'x-kubernetes-list-map-keys').map(String),
    mapIsAtomic: source['x-kubernetes-map-type'] === 'atomic',
    rules: objectsAt(source, 'x-kubernetes-validations').map(parseRule),
    source,
  };
}

/** The schema of a member of an object; `true` when anything may stand there, undefined when nothing is known of it. */
export function memberSchema(schema: StructuralSchema, key: string): StructuralSchema | undefined {
  const property = schema.properties.get(key);
  if (property !== undefined) return property;
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

function parseProperties(properties: Readonly<JsonObject> | undefined): ReadonlyMap<string, StructuralSchema> {
  const parsed = new Map<string, StructuralSchema>();
  for (const [name, schema] of Object.entries(properties ?? {})) if (isJsonObject(schema)) parsed.set(name, parseStructuralSchema(schema));
  return parsed;
}

function parseSchemaOrBoolean(value: unknown): StructuralSchema | boolean | undefined {
  if (isJsonObject(value)) return parseStructuralSchema(value);
  return typeof value === 'boolean' ? value : undefined;
}

function parseRule(rule: Readonly<JsonObject>): ValidationRule {
  const optional = rule['optionalOldSelf'];
  return {
    rule: textAt(rule, 'rule'),
    message: textAt(rule, 'message'),
    messageExpression: textAt(rule, 'messageExpression'),
    reason: textAt(rule, 'reason'),
    fieldPath: textAt(rule, 'fieldPath'),
    optionalOldSelf: typeof optional === 'boolean' ? optional : undefined,
  };
}
