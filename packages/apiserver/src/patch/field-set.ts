/**
 * Sets of fields, as `metadata.managedFields` keeps them (structured-merge-diff's `fieldpath.Set`).
 *
 * A path is a list of elements in the FieldsV1 spelling: `f:NAME` a field or map key, `k:{…}` the
 * member of a keyed list, `v:…` the member of a set. Paths are kept as JSON texts so that they can be
 * members of a JavaScript set whatever characters clients put into keys.
 */
import { isJsonObject, type JsonObject, type ObjectSchema, type Schema } from '@weir/kube';

/** A path as the JSON text of its elements. */
export type FieldPath = string;

/** Fields with their values; what has fields of its own has the value {@link memberValue} or {@link partValue}. */
export type FieldValues = ReadonlyMap<FieldPath, unknown>;

/** The value of a member of a keyed list or of a map that has fields of its own: it is there. */
const memberValue = Symbol('member');

/**
 * The value of any other field that has fields of its own. Who writes it for the first time owns it (`.` in FieldsV1);
 * who applies owns the fields below it only.
 */
const partValue = Symbol('part');

/** Fields that belong to the server and to nobody who writes. */
const systemFields = new Set(['f:apiVersion', 'f:kind']);
const systemMetadata = new Set(
  ['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'generation', 'resourceVersion', 'managedFields'].map(
    (field) => `f:${field}`,
  ),
);

/** All the fields that an object sets, those of the server and those below the `except`ed fields of the object itself left out. */
export function fieldValuesOf(object: Readonly<JsonObject>, schema: ObjectSchema, except: ReadonlySet<string> = new Set()): FieldValues {
  const values = new Map<FieldPath, unknown>();
  eachField(object, { schema, except }, (place, value) => values.set(place.path, value));
  return values;
}

/** The fields that belong to whoever applies this: those that say something, and the members of lists and maps. */
export function appliedFieldsOf(object: Readonly<JsonObject>, schema: ObjectSchema): FieldValues {
  return new Map([...fieldValuesOf(object, schema)].filter(([, value]) => value !== partValue));
}

/** The same fields as FieldsV1 at once, without a set of paths between; empty when there are none. */
export function fieldsV1Of(object: Readonly<JsonObject>, schema: ObjectSchema, except: ReadonlySet<string>): JsonObject {
  const root: JsonObject = {};
  eachField(object, { schema, except }, (place, value) => {
    const node = place.below(root);
    if (value === memberValue || value === partValue) node['.'] = {};
  });
  return root;
}

/** Where a field is. Its path is made when somebody asks, from that of what it is in. */
class FieldPlace {
  readonly #parent: FieldPlace | undefined;
  readonly #element: string;
  #open: string | undefined;
  #node: JsonObject | undefined;

  constructor(parent: FieldPlace | undefined, element: string) {
    this.#parent = parent;
    this.#element = element;
  }

  get path(): FieldPath {
    return `${this.#text()}]`;
  }

  /** Its node in a tree of FieldsV1, made when it is missing; always ask for the same tree. */
  below(root: JsonObject): JsonObject {
    if (this.#node !== undefined) return this.#node;
    const parent = this.#parent === undefined ? root : this.#parent.below(root);
    const present = parent[this.#element];
    this.#node = isJsonObject(present) ? present : {};
    parent[this.#element] = this.#node;
    return this.#node;
  }

  isSystemField(): boolean {
    if (this.#parent === undefined) return systemFields.has(this.#element);
    return this.#parent.#parent === undefined && this.#parent.#element === 'f:metadata' && systemMetadata.has(this.#element);
  }

  #text(): string {
    this.#open ??= `${this.#parent === undefined ? '[' : `${this.#parent.#text()},`}${JSON.stringify(this.#element)}`;
    return this.#open;
  }
}

/** Tells of every field once, from the outside in. */
function eachField(
  object: Readonly<JsonObject>,
  { schema, except }: { readonly schema: ObjectSchema; readonly except: ReadonlySet<string> },
  take: (place: FieldPlace, value: unknown) => void,
): void {
  const visit = (value: unknown, type: Schema | undefined, { place, role }: Visit): void => {
    if (place.isSystemField()) return;
    if (hasFields(value, type)) {
      takeWhole(place, role);
      for (const key of Object.keys(value)) {
        visit(value[key], memberTypeOf(type, key), { place: new FieldPlace(place, `f:${key}`), role: roleOf(type, key, role) });
      }
    } else if (Array.isArray(value) && type?.kind === 'list' && type.merge.kind !== 'atomic') {
      if (value.length > 0) takeWhole(place, role);
      for (const member of value as readonly unknown[]) {
        visit(member, type.items, { place: new FieldPlace(place, listElement(member, type.merge)), role: 'member' });
      }
    } else take(place, value);
  };
  const takeWhole = (place: FieldPlace, role: Role): void => {
    if (role !== 'always') take(place, role === 'member' ? memberValue : partValue);
  };
  for (const key of Object.keys(object)) {
    if (except.has(key)) continue;
    visit(object[key], memberTypeOf(schema, key), { place: new FieldPlace(undefined, `f:${key}`), role: roleOf(schema, key, 'always') });
  }
}

/** What a value is to what it is in: a named field (there whatever anybody says, or not), or a member of a list or a map. */
type Role = 'always' | 'field' | 'member';

interface Visit {
  readonly place: FieldPlace;
  readonly role: Role;
}

function roleOf(parent: Schema | undefined, key: string, parentRole: Role): Role {
  const type = parent?.kind === 'orBoolean' ? parent.object : parent;
  if (type?.kind !== 'object' || !type.fields.has(key)) return 'member';
  // What is there only with its parent is as new as that.
  return parentRole === 'always' && type.always.has(key) ? 'always' : 'field';
}

/** Whether a value has fields of its own, rather than being one. */
function hasFields(value: unknown, type: Schema | undefined): value is JsonObject {
  return isJsonObject(value) && !isOneField(type) && Object.keys(value).length > 0;
}

/** Whether values of a type have one owner as a whole. */
export function isOneField(type: Schema | undefined): boolean {
  if (type?.kind === 'list') return type.merge.kind === 'atomic';
  return type?.kind === 'any' || ((type?.kind === 'object' || type?.kind === 'map') && type.atomic);
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
  for (const path of paths) {
    let node = root;
    const elements = JSON.parse(path) as string[];
    for (const element of elements) {
      const present = node[element];
      const next = isJsonObject(present) ? present : {};
      node[element] = next;
      node = next;
    }
    node['.'] = {};
  }
  return withoutLonelyDots(root);
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

/** One element of a path in messages: `.image`, `[name="a"]`, `[=80]`. */
export function showElement(element: string): string {
  if (element.startsWith('f:')) return `.${element.slice(2)}`;
  if (element.startsWith('v:')) return `[=${element.slice(2)}]`;
  const keys = Object.entries(JSON.parse(element.slice(2)) as JsonObject);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}

/** A field without fields below it is an empty object; `.` is only needed beside others. */
function withoutLonelyDots(node: JsonObject): JsonObject {
  const members = Object.entries(node);
  if (members.length === 1 && members[0]?.[0] === '.') return {};
  return Object.fromEntries(members.map(([key, value]) => [key, key === '.' ? {} : withoutLonelyDots(value as JsonObject)]));
}
