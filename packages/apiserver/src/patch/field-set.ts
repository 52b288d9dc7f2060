/**
 * Sets of fields, as `metadata.managedFields` keeps them (structured-merge-diff's `fieldpath.Set`).
 *
 * A path is a list of elements in the FieldsV1 spelling: `f:NAME` a field or map key, `k:{…}` the
 * member of a keyed list, `v:…` the member of a set. Paths are kept as JSON texts so that they can be
 * members of a JavaScript set whatever characters clients put into keys.
 */
import { ensureObject, isJsonObject, type JsonObject, type ObjectSchema, type Schema } from '@weir/kube';

/** A path as the JSON text of its elements. */
export type FieldPath = string;

/** Fields with their values. The member of a keyed list is a field too, of the value {@link memberValue}. */
export type FieldValues = ReadonlyMap<FieldPath, unknown>;

/** The value of a member of a keyed list: it is there. Its fields are fields of their own. */
const memberValue = 'member';

/** Fields of `metadata` that belong to the server and to nobody who writes; `apiVersion` and `kind` do as well. */
const systemMetadata = ['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'generation', 'resourceVersion', 'managedFields'];

const systemFields = new Set(
  [['f:apiVersion'], ['f:kind'], ...systemMetadata.map((field) => ['f:metadata', `f:${field}`])].map((path) => JSON.stringify(path)),
);

/** A field or a member right below a value. */
interface FieldBelow {
  readonly element: string;
  readonly value: unknown;
  readonly type: Schema | undefined;
  /** A field, whatever is below it: the member of a keyed list. */
  readonly isMember: boolean;
}

/** What is below a value, or undefined for one that is set as a whole. */
function fieldsBelow(value: unknown, type: Schema | undefined): readonly FieldBelow[] | undefined {
  if (isJsonObject(value) && type?.kind !== 'any') {
    const members = Object.entries(value);
    if (members.length === 0) return undefined;
    return members.map(([key, member]) => ({ element: `f:${key}`, value: member, type: memberTypeOf(type, key), isMember: false }));
  }
  if (!Array.isArray(value) || type?.kind !== 'list' || type.merge.kind === 'atomic') return undefined;
  const { merge, items } = type;
  return value.map((member: unknown) => ({
    element: listElement(member, merge),
    value: member,
    type: merge.kind === 'map' ? items : whole,
    isMember: merge.kind === 'map',
  }));
}

/** The members of a set are not looked into. */
const whole: Schema = { kind: 'any' };

/** All the fields that an object sets, those of the server and those below the `except`ed fields of the object itself left out. */
export function fieldValuesOf(object: Readonly<JsonObject>, schema: ObjectSchema, except: ReadonlySet<string> = new Set()): FieldValues {
  const values = new Map<FieldPath, unknown>();
  const collect = (value: unknown, type: Schema | undefined, path: FieldPath): void => {
    const fields = fieldsBelow(value, type);
    if (fields === undefined) values.set(path, value);
    for (const field of fields ?? []) {
      const fieldPath = pathBelow(path, field.element);
      if (systemFields.has(fieldPath)) continue;
      if (field.isMember) values.set(fieldPath, memberValue);
      collect(field.value, field.type, fieldPath);
    }
  };
  for (const [key, value] of Object.entries(object)) {
    const path = pathBelow('[]', `f:${key}`);
    if (!except.has(key) && !systemFields.has(path)) collect(value, memberTypeOf(schema, key), path);
  }
  return values;
}

/** The fields of {@link fieldValuesOf} as FieldsV1, without their values: what every new object needs. */
export function fieldsV1Of(object: Readonly<JsonObject>, schema: ObjectSchema): JsonObject {
  const { 'f:apiVersion': _version, 'f:kind': _kind, 'f:metadata': metadata, ...fields } = nodeOf(object, schema, false);
  const own = Object.entries(metadata ?? {}).filter(([element]) => !systemFields.has(JSON.stringify(['f:metadata', element])));
  return own.length === 0 ? fields : { 'f:metadata': Object.fromEntries(own), ...fields };
}

/** The node of a value in FieldsV1. */
function nodeOf(value: unknown, type: Schema | undefined, isMember: boolean): JsonObject {
  const fields = fieldsBelow(value, type);
  const node: JsonObject = isMember && fields !== undefined ? { '.': {} } : {};
  for (const field of fields ?? []) node[field.element] = nodeOf(field.value, field.type, field.isMember);
  return node;
}

/** The path of an element below another; `[]` is the object itself. */
function pathBelow(path: FieldPath, element: string): FieldPath {
  return `${path.slice(0, -1)}${path === '[]' ? '' : ','}${JSON.stringify(element)}]`;
}

/** The element of a list's member: by its keys, or by its value. */
export function listElement(member: unknown, merge: Extract<Schema, { kind: 'list' }>['merge']): string {
  if (merge.kind !== 'map' || !isJsonObject(member)) return `v:${JSON.stringify(member)}`;
  const keys = [...merge.keys].sort().map((key) => [key, member[key] ?? merge.keyDefaults[key]] as const);
  return `k:${JSON.stringify(Object.fromEntries(keys.filter(([, value]) => value !== undefined)))}`;
}

/** The type of a member of an object or a map. */
export function memberTypeOf(type: Schema | undefined, key: string): Schema | undefined {
  if (type?.kind === 'object') return type.fields.get(key);
  if (type?.kind === 'orBoolean') return memberTypeOf(type.object, key);
  return type?.kind === 'map' ? type.values : undefined;
}

/** Fields as FieldsV1: nested objects, `.` for a field that has fields below it in the set. */
export function toFieldsV1(paths: ReadonlySet<FieldPath>): JsonObject {
  const root: JsonObject = {};
  const ends: JsonObject[] = [];
  for (const path of paths) {
    let node = root;
    for (const element of JSON.parse(path) as string[]) node = ensureObject(node, element);
    ends.push(node);
  }
  // A field without fields below it is an empty object; `.` is only needed beside others.
  for (const node of ends) if (Object.keys(node).length > 0) node['.'] = {};
  return root;
}

/** Reads FieldsV1. */
export function fromFieldsV1(fields: Readonly<JsonObject>): Set<FieldPath> {
  const paths = new Set<FieldPath>();
  const collect = (node: Readonly<JsonObject>, path: readonly string[]): void => {
    const members = Object.entries(node);
    if (members.length === 0 && path.length > 0) paths.add(JSON.stringify(path));
    for (const [element, below] of members) {
      if (element === '.') paths.add(JSON.stringify(path));
      else if (isJsonObject(below)) collect(below, [...path, element]);
    }
  };
  collect(fields, []);
  return paths;
}

/** A path as messages show it: `.spec.containers[name="a"].image`. */
export function showPath(path: FieldPath): string {
  return (JSON.parse(path) as string[]).map(showElement).join('');
}

function showElement(element: string): string {
  if (element.startsWith('f:')) return `.${element.slice(2)}`;
  if (element.startsWith('v:')) return `[=${element.slice(2)}]`;
  const keys = Object.entries(JSON.parse(element.slice(2)) as JsonObject);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}
