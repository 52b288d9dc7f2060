/**
 * Server-side apply (KEP-555): merges what a manager wants with what is there, by the schema.
 *
 * A field that the manager applied before and now leaves out is removed unless another manager has
 * it; a field that another manager has set to another value is a conflict, or taken over by force.
 */
import { apiVersionOf, deepEqual, isJsonObject, type JsonObject, objectAt, type Schema, textAt } from '@weir/kube';
import { type ApiError, failure } from '../errors/api-error.ts';
import {
  appliedFieldsOf,
  type FieldPath,
  type FieldValues,
  fieldValuesOf,
  isOneField,
  listElement,
  memberTypeOf,
  showPath,
} from './field-set.ts';
import { type FieldRecord, isEntryOf, type ManagerEntry, managersOf, newEntry, setManagers } from './managed-fields.ts';

/** One apply. */
export interface ApplyOptions {
  readonly record: FieldRecord;
  /** What the manager wants, fitted to the schema. */
  readonly applied: JsonObject;
  /** What is there; undefined when the object is to be created. */
  readonly live: Readonly<JsonObject> | undefined;
  /** Take fields from other managers instead of answering a conflict. */
  readonly force: boolean;
}

/** The object with the apply done, its managers recorded. Throws 409 with every conflict. */
export function applyServerSide({ record, applied, live, force }: ApplyOptions): JsonObject {
  const { schema } = record.definition;
  const wanted = appliedFieldsOf(withoutManagers(applied), schema);
  const present: FieldValues = live === undefined ? new Map() : fieldValuesOf(live, schema);
  const managers = managersOf(live);
  const own = managers.find((entry) => isEntryOf(entry, record, 'Apply'));
  const others = managers.filter((entry) => entry !== own);
  const conflicts = findConflicts(wanted, present, others);
  const excused = fieldsOfClientSideApply(record, live, present);
  const standing = conflicts.filter(({ path }) => !excused.has(path));
  if (standing.length > 0 && !force) throw conflictError(standing);
  const taken = new Set(conflicts.map(({ path }) => path));
  const remaining = others.map((entry) => ({ ...entry, fields: new Set([...entry.fields].filter((path) => !taken.has(path))) }));
  const merged = mergeApplied(live ?? {}, withoutManagers(applied), schema) as JsonObject;
  const given = [...(own?.fields ?? [])].filter((path) => !wanted.has(path) && !isOwned(path, remaining, wanted));
  const result = removePaths(merged, given, schema);
  setManagers(result, [...remaining, ownEntry(record, own, new Set(wanted.keys()))]);
  return result;
}

interface ApplyConflict {
  readonly path: FieldPath;
  readonly entry: ManagerEntry;
}

const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * What kubectl applied from the client before and nobody changed since: `kubectl apply --server-side`
 * takes these fields over without a conflict (upstream's lastAppliedManager; other managers do not).
 */
function fieldsOfClientSideApply(
  record: FieldRecord,
  live: Readonly<JsonObject> | undefined,
  present: FieldValues,
): ReadonlySet<FieldPath> {
  const text = textAt(objectAt(objectAt(live, 'metadata'), 'annotations'), lastAppliedAnnotation);
  if (record.manager !== 'kubectl' || record.subresource !== '' || text === '') return new Set();
  const applied = parseObject(text);
  if (applied === undefined || applied['apiVersion'] !== apiVersionOf(record.definition)) return new Set();
  const values = fieldValuesOf(applied, record.definition.schema);
  return new Set([...values].filter(([path, value]) => deepEqual(present.get(path), value)).map(([path]) => path));
}

/** The annotation is text of clients: what is no JSON object counts as absent. */
function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function findConflicts(wanted: FieldValues, present: FieldValues, others: readonly ManagerEntry[]): ApplyConflict[] {
  const conflicts: ApplyConflict[] = [];
  for (const [path, value] of wanted) {
    if (!present.has(path) || deepEqual(present.get(path), value)) continue;
    for (const entry of others) if (entry.fields.has(path)) conflicts.push({ path, entry });
  }
  return conflicts;
}

/** The time stays when the fields do. */
function ownEntry(record: FieldRecord, own: ManagerEntry | undefined, fields: ReadonlySet<FieldPath>): ManagerEntry {
  const same = own !== undefined && own.fields.size === fields.size && [...fields].every((path) => own.fields.has(path));
  return same ? own : newEntry(record, 'Apply', fields);
}

/** A path is owned when somebody has it or, for a list member, anything below it. */
function isOwned(path: FieldPath, managers: readonly ManagerEntry[], wanted: FieldValues): boolean {
  const prefix = `${path.slice(0, -1)},`;
  const covers = (other: FieldPath): boolean => other === path || other.startsWith(prefix);
  return [...wanted.keys()].some(covers) || managers.some((entry) => [...entry.fields].some(covers));
}

function mergeApplied(live: unknown, applied: unknown, type: Schema | undefined): unknown {
  if (isOneField(type)) return applied;
  if (isJsonObject(applied)) {
    const result = new Map<string, unknown>(Object.entries(isJsonObject(live) ? live : {}));
    for (const [key, value] of Object.entries(applied)) result.set(key, mergeApplied(result.get(key), value, memberTypeOf(type, key)));
    return Object.fromEntries(result);
  }
  if (!Array.isArray(applied) || type?.kind !== 'list') return applied;
  const { merge, items } = type;
  const result = new Map<string, unknown>((Array.isArray(live) ? live : []).map((member: unknown) => [listElement(member, merge), member]));
  for (const member of applied as readonly unknown[]) {
    const element = listElement(member, merge);
    result.set(element, merge.kind === 'map' ? mergeApplied(result.get(element), member, items) : member);
  }
  return [...result.values()];
}

/** The object without some of its fields; what becomes empty by that goes too. */
function removePaths(object: JsonObject, paths: readonly FieldPath[], schema: Schema): JsonObject {
  let result: unknown = object;
  const isMember = (path: readonly string[]): boolean => /^[kv]:/.test(path.at(-1) ?? '');
  // A list member that is given up goes as a whole, while its keys still tell which one it is; then deep fields before others.
  const sorted = paths
    .map((path) => JSON.parse(path) as string[])
    .sort((a, b) => Number(isMember(b)) - Number(isMember(a)) || b.length - a.length);
  for (const path of sorted) result = removeAt(result, path, schema);
  return result as JsonObject;
}

function removeAt(value: unknown, path: readonly string[], type: Schema | undefined): unknown {
  const [element = '', ...rest] = path;
  if (element.startsWith('f:')) {
    if (!isJsonObject(value)) return value;
    const key = element.slice(2);
    const { [key]: member, ...others } = value;
    if (member === undefined) return value;
    const left = rest.length === 0 ? undefined : removeAt(member, rest, memberTypeOf(type, key));
    if (left === undefined) return Object.keys(others).length === 0 ? undefined : others;
    return { ...value, [key]: left };
  }
  if (!Array.isArray(value) || type?.kind !== 'list') return value;
  const members = (value as readonly unknown[]).flatMap((member) => {
    if (listElement(member, type.merge) !== element) return [member];
    const left = rest.length === 0 ? undefined : removeAt(member, rest, type.items);
    return left === undefined ? [] : [left];
  });
  return members.length === 0 ? undefined : members;
}

function withoutManagers(object: JsonObject): JsonObject {
  const { managedFields: _managers, ...metadata } = objectAt(object, 'metadata') ?? {};
  return { ...object, metadata };
}

function conflictError(conflicts: readonly ApplyConflict[]): ApiError {
  const causes = conflicts.map(({ path, entry }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${showManager(entry)}`,
    field: showPath(path),
  }));
  return failure({ code: 409, reason: 'Conflict', message: conflictMessage(conflicts), details: { causes } });
}

function conflictMessage(conflicts: readonly ApplyConflict[]): string {
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${showManager(first.entry)}: ${showPath(first.path)}`;
  }
  const byManager = new Map<string, string[]>();
  for (const { entry, path } of conflicts) {
    const manager = showManager(entry);
    byManager.set(manager, [...(byManager.get(manager) ?? []), `- ${showPath(path)}`]);
  }
  const lines = [...byManager].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([manager, paths]) => [`conflicts with ${manager}:`, ...paths]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

function showManager(entry: ManagerEntry): string {
  const name = JSON.stringify(entry.manager);
  const subresource = entry.subresource === '' ? '' : ` with subresource ${JSON.stringify(entry.subresource)}`;
  if (entry.operation !== 'Update') return `${name}${subresource}`;
  return `${name}${subresource} using ${entry.apiVersion}${entry.time === '' ? '' : ` at ${entry.time}`}`;
}
