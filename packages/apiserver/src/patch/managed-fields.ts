/**
 * `metadata.managedFields`: who set which field, kept on every write (KEP-555).
 */
import { apiVersionOf, deepEqual, ensureObject, type JsonObject, objectAt, objectsAt, type ResourceDefinition, textAt } from '@weir/kube';
import { type FieldPath, fieldsV1Of, fieldValuesOf, fromFieldsV1, toFieldsV1 } from './field-set.ts';

/** Who writes what, when. */
export interface FieldRecord {
  readonly definition: ResourceDefinition;
  readonly manager: string;
  /** RFC 3339. */
  readonly time: string;
  /** Empty for the object itself. */
  readonly subresource: string;
}

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
  setEncoded(object, encodeEntries(managers));
}

function setEncoded(object: JsonObject, entries: readonly JsonObject[]): void {
  const metadata = ensureObject(object, 'metadata');
  if (entries.length === 0) delete metadata['managedFields'];
  else metadata['managedFields'] = entries;
}

function encodedManagers(object: Readonly<JsonObject> | undefined): readonly JsonObject[] {
  return objectsAt(objectAt(object, 'metadata'), 'managedFields');
}

function decodeEntry(entry: Readonly<JsonObject>): ManagerEntry {
  return {
    manager: textAt(entry, 'manager'),
    operation: textAt(entry, 'operation'),
    apiVersion: textAt(entry, 'apiVersion'),
    subresource: textAt(entry, 'subresource'),
    time: textAt(entry, 'time'),
    fields: fromFieldsV1(objectAt(entry, 'fieldsV1') ?? {}),
  };
}

/** The entry of a writer among others. */
export function isEntryOf(entry: ManagerEntry, record: FieldRecord, operation: 'Apply' | 'Update'): boolean {
  return (
    entry.manager === record.manager &&
    entry.operation === operation &&
    entry.apiVersion === apiVersionOf(record.definition) &&
    entry.subresource === record.subresource
  );
}

/** A new entry of a writer. */
export function newEntry(record: FieldRecord, operation: 'Apply' | 'Update', fields: ReadonlySet<FieldPath>): ManagerEntry {
  const { manager, subresource, time } = record;
  return { manager, operation, apiVersion: apiVersionOf(record.definition), subresource, time, fields };
}

/**
 * Records a create, an update or a patch: what changed belongs to the writer alone, what is gone
 * belongs to nobody. Whatever the client said about managers is replaced, except that an update with
 * an empty list forgets them all. Parts of the object that are as they were are not looked into.
 */
export function recordUpdate(object: JsonObject, old: Readonly<JsonObject> | undefined, record: FieldRecord): void {
  if (old === undefined) return recordCreate(object, record);
  const { schema } = record.definition;
  const sent = objectAt(object, 'metadata')?.['managedFields'];
  const reset = Array.isArray(sent) && (sent.length === 0 || deepEqual(sent, [{}]));
  const same = reset ? new Set<string>() : sameParts(object, old);
  const before = fieldValuesOf(old, schema, same);
  const after = fieldValuesOf(object, schema, same);
  const isChanged = (path: FieldPath): boolean => !before.has(path) || !deepEqual(before.get(path), after.get(path));
  const changed = new Set([...after.keys()].filter((path) => isChanged(path) && !isOfServer(path, record)));
  const isThere = (path: FieldPath): boolean => after.has(path) || same.has(partOf(path));
  let own: ReadonlySet<FieldPath> = new Set();
  const entries: JsonObject[] = [];
  for (const encoded of reset ? [] : encodedManagers(old)) {
    const isOwn = changed.size > 0 && isEncodedEntryOf(encoded, record);
    if (!isOwn && isWithin(encoded, same)) {
      entries.push(encoded);
      continue;
    }
    const entry = decodeEntry(encoded);
    if (isOwn) own = entry.fields;
    else entries.push(...encodeEntries([{ ...entry, fields: filtered(entry.fields, (path) => isThere(path) && !changed.has(path)) }]));
  }
  const fields = filtered(new Set([...own, ...changed]), isThere);
  setEncoded(object, changed.size === 0 ? entries : [...entries, ...encodeEntries([newEntry(record, 'Update', fields)])]);
}

/** Everything that a new object sets belongs to whoever makes it. */
function recordCreate(object: JsonObject, record: FieldRecord): void {
  const fieldsV1 = fieldsV1Of(object, record.definition.schema, new Set(hasServersStatus(record) ? ['status'] : []));
  const isEmpty = Object.keys(fieldsV1).length === 0;
  setEncoded(
    object,
    isEmpty ? [] : [encodeEntry({ ...record, apiVersion: apiVersionOf(record.definition), operation: 'Update' }, fieldsV1)],
  );
}

/** The fields of the object itself, such as `spec`, that are equal in both; only those with plain names. */
function sameParts(object: Readonly<JsonObject>, old: Readonly<JsonObject>): ReadonlySet<string> {
  return new Set(Object.keys(object).filter((key) => /^[A-Za-z]+$/.test(key) && deepEqual(object[key], old[key])));
}

/** The field of the object itself that a path leads into: `spec` of `["f:spec",…]`. */
function partOf(path: FieldPath): string {
  return path.slice('["f:'.length, path.indexOf('"', 2));
}

/** Whether all fields of a manager are in these parts of the object. */
function isWithin(encoded: Readonly<JsonObject>, parts: ReadonlySet<string>): boolean {
  return Object.keys(objectAt(encoded, 'fieldsV1') ?? {}).every((key) => parts.has(key.slice('f:'.length)));
}

function isEncodedEntryOf(encoded: Readonly<JsonObject>, record: FieldRecord): boolean {
  return (
    textAt(encoded, 'manager') === record.manager &&
    textAt(encoded, 'operation') === 'Update' &&
    textAt(encoded, 'apiVersion') === apiVersionOf(record.definition) &&
    textAt(encoded, 'subresource') === record.subresource
  );
}

/** The status that the server gives a new object is not the client's. */
function hasServersStatus({ definition, subresource }: FieldRecord): boolean {
  return definition.statusSubresource && subresource === '';
}

function isOfServer(path: FieldPath, record: FieldRecord): boolean {
  return hasServersStatus(record) && path.startsWith('["f:status"');
}

function filtered(fields: ReadonlySet<FieldPath>, keep: (path: FieldPath) => boolean): Set<FieldPath> {
  return new Set([...fields].filter(keep));
}

function encodeEntries(managers: readonly ManagerEntry[]): JsonObject[] {
  return managers.filter(({ fields }) => fields.size > 0).map((entry) => encodeEntry(entry, toFieldsV1(entry.fields)));
}

function encodeEntry(entry: Omit<ManagerEntry, 'fields'>, fieldsV1: JsonObject): JsonObject {
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
