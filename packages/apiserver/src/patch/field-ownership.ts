/**
 * The entries of `metadata.managedFields`: one for every manager, operation, version and subresource, with the fields that are its.
 *
 * They stand in the order of upstream: who applies first, then by time and name. More than ten that only write are too
 * many to tell apart: the oldest become one.
 */
import {
  apiVersionOf,
  ensureObject,
  isJsonObject,
  type JsonObject,
  objectAt,
  objectsAt,
  type ResourceDefinition,
  textAt,
} from '@weir/kube';
import { type FieldPath, fromFieldsV1, toFieldsV1 } from './field-set.ts';

/** Who writes what, when. */
export interface FieldRecord {
  readonly definition: Pick<ResourceDefinition, 'group' | 'version' | 'schema' | 'statusSubresource'>;
  readonly manager: string;
  /** RFC 3339. */
  readonly time: string;
  /** Empty for the object itself. */
  readonly subresource: string;
}

export type ManagerOperation = 'Apply' | 'Update';

/** The fields of one manager. */
export interface ManagerEntry {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string;
  readonly fields: ReadonlySet<FieldPath>;
}

/** The managers of an object. */
export function managersOf(object: Readonly<JsonObject> | undefined): ManagerEntry[] {
  return encodedManagers(object).map(decodeEntry);
}

/** Writes managers to an object; those without fields are left out. */
export function setManagers(object: JsonObject, managers: readonly ManagerEntry[]): void {
  setEncodedManagers(object, encodeEntries(managers));
}

/** The same as they are stored. */
export function encodedManagers(object: Readonly<JsonObject> | undefined): readonly JsonObject[] {
  return objectsAt(objectAt(object, 'metadata'), 'managedFields');
}

/** Writes entries to an object, in their order and not too many. */
export function setEncodedManagers(object: JsonObject, entries: readonly JsonObject[]): void {
  const metadata = ensureObject(object, 'metadata');
  if (entries.length === 0) delete metadata['managedFields'];
  else metadata['managedFields'] = withoutAncient([...entries].sort(byOperationAndTime));
}

/** What a client said of managers, when it is something that managers could be. */
export function saidManagers(sent: unknown): readonly JsonObject[] | undefined {
  if (!Array.isArray(sent) || sent.length === 0) return undefined;
  return (sent as readonly unknown[]).every(isEntry) ? sent : undefined;
}

function isEntry(entry: unknown): entry is JsonObject {
  if (!isJsonObject(entry) || !(entry['operation'] === 'Apply' || entry['operation'] === 'Update')) return false;
  const fields = entry['fieldsV1'];
  return entry['fieldsType'] === 'FieldsV1' && isJsonObject(fields) && areFields(fields);
}

function areFields(fields: Readonly<JsonObject>): boolean {
  return Object.entries(fields).every(([element, below]) => isElement(element) && isJsonObject(below) && areFields(below));
}

function isElement(element: string): boolean {
  if (element === '.' || element.startsWith('f:')) return true;
  if (!/^[kv]:/.test(element)) return false;
  try {
    return !element.startsWith('k:') || isJsonObject(JSON.parse(element.slice(2)));
  } catch {
    return false;
  }
}

/** Reads an entry. */
export function decodeEntry(entry: Readonly<JsonObject>): ManagerEntry {
  return {
    manager: textAt(entry, 'manager'),
    operation: textAt(entry, 'operation'),
    apiVersion: textAt(entry, 'apiVersion'),
    subresource: textAt(entry, 'subresource'),
    time: textAt(entry, 'time'),
    fields: fromFieldsV1(objectAt(entry, 'fieldsV1') ?? {}),
  };
}

/** Entries as they are stored, without those that have no fields. */
export function encodeEntries(managers: readonly ManagerEntry[]): JsonObject[] {
  return managers.filter(({ fields }) => fields.size > 0).map((entry) => encodeEntry(entry, toFieldsV1(entry.fields)));
}

/** One entry as it is stored. */
export function encodeEntry(entry: Omit<ManagerEntry, 'fields'>, fieldsV1: JsonObject): JsonObject {
  return {
    manager: entry.manager,
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    time: entry.time,
    fieldsType: 'FieldsV1',
    fieldsV1,
    ...(entry.subresource === '' ? {} : { subresource: entry.subresource }),
  };
}

/** A new entry of a writer. */
export function newEntry(record: FieldRecord, operation: ManagerOperation, fields: ReadonlySet<FieldPath>): ManagerEntry {
  const { manager, subresource, time } = record;
  return { manager, operation, apiVersion: apiVersionOf(record.definition), subresource, time, fields };
}

/** The entry of a writer among others. */
export function isEntryOf(entry: Omit<ManagerEntry, 'fields' | 'time'>, record: FieldRecord, operation: ManagerOperation): boolean {
  return (
    entry.manager === record.manager &&
    entry.operation === operation &&
    entry.apiVersion === apiVersionOf(record.definition) &&
    entry.subresource === record.subresource
  );
}

/** Whether two entries, in whatever version, are of the same writer. */
export function isSameManager(a: ManagerEntry, b: ManagerEntry): boolean {
  return a.manager === b.manager && a.operation === b.operation && a.subresource === b.subresource;
}

const orderOfEntries = ['operation', 'time', 'manager', 'apiVersion', 'subresource'];

/** Times are all of the same form (RFC 3339, UTC), so their texts are in their order. */
function byOperationAndTime(a: Readonly<JsonObject>, b: Readonly<JsonObject>): number {
  const field = orderOfEntries.find((each) => textAt(a, each) !== textAt(b, each));
  return field === undefined ? 0 : textAt(a, field) < textAt(b, field) ? -1 : 1;
}

const updatersMax = 10;
const ancientManager = 'ancient-changes';

/** The oldest of too many updaters become one entry for each version. */
function withoutAncient(entries: readonly JsonObject[]): readonly JsonObject[] {
  const updaters = entries.filter((entry) => textAt(entry, 'operation') === 'Update');
  if (updaters.length <= updatersMax) return entries;
  const ancient = updaters.slice(0, updaters.length - updatersMax + 1);
  const byVersion = new Map<string, ManagerEntry>();
  for (const entry of ancient.map(decodeEntry)) {
    const fields = new Set([...(byVersion.get(entry.apiVersion)?.fields ?? []), ...entry.fields]);
    byVersion.set(entry.apiVersion, { ...entry, manager: ancientManager, subresource: '', fields });
  }
  const kept = entries.filter((entry) => !ancient.includes(entry));
  return [...kept, ...encodeEntries([...byVersion.values()])].sort(byOperationAndTime);
}
