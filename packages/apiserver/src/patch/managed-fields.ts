/**
 * `metadata.managedFields`: who set which field, kept on every write (KEP-555).
 */
import { apiVersionOf, deepEqual, ensureObject, type JsonObject, objectAt, objectsAt, type ResourceDefinition, textAt } from '@weir/kube';
import { type FieldPath, fieldValuesOf, fromFieldsV1, toFieldsV1 } from './field-set.ts';

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
  return objectsAt(objectAt(object, 'metadata'), 'managedFields').map((entry) => ({
    manager: textAt(entry, 'manager'),
    operation: textAt(entry, 'operation'),
    apiVersion: textAt(entry, 'apiVersion'),
    subresource: textAt(entry, 'subresource'),
    time: textAt(entry, 'time'),
    fields: fromFieldsV1(objectAt(entry, 'fieldsV1') ?? {}),
  }));
}

/** Writes managers to an object; those without fields are left out. */
export function setManagers(object: JsonObject, managers: readonly ManagerEntry[]): void {
  const metadata = ensureObject(object, 'metadata');
  const entries = managers.filter((entry) => entry.fields.size > 0).map(encodeEntry);
  if (entries.length === 0) delete metadata['managedFields'];
  else metadata['managedFields'] = entries;
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
 * an empty list forgets them all.
 */
export function recordUpdate(object: JsonObject, old: Readonly<JsonObject> | undefined, record: FieldRecord): void {
  const { schema } = record.definition;
  const sent = objectAt(object, 'metadata')?.['managedFields'];
  const reset = old !== undefined && Array.isArray(sent) && (sent.length === 0 || deepEqual(sent, [{}]));
  const before = old === undefined ? new Map<FieldPath, unknown>() : fieldValuesOf(old, schema);
  const after = fieldValuesOf(object, schema);
  const isChanged = (path: FieldPath): boolean => !before.has(path) || !deepEqual(before.get(path), after.get(path));
  const changed = new Set([...after.keys()].filter((path) => isChanged(path) && !isOfServer(path, record)));
  const managers = reset ? [] : managersOf(old).map((entry) => ({ ...entry, fields: kept(entry.fields, after, changed) }));
  if (changed.size === 0) {
    setManagers(object, managers);
    return;
  }
  const own = managersOf(old).find((entry) => isEntryOf(entry, record, 'Update'));
  const fields = new Set([...(reset ? [] : (own?.fields ?? [])), ...changed].filter((path) => after.has(path)));
  const others = managers.filter((entry) => !isEntryOf(entry, record, 'Update'));
  setManagers(object, [...others, newEntry(record, 'Update', fields)]);
}

/** The status that the server gives a new object is not the client's. */
function isOfServer(path: FieldPath, record: FieldRecord): boolean {
  return record.definition.statusSubresource && record.subresource === '' && path.startsWith('["f:status"');
}

/** What stays with a manager when others change the object. */
function kept(fields: ReadonlySet<FieldPath>, after: ReadonlyMap<FieldPath, unknown>, changed: ReadonlySet<FieldPath>): Set<FieldPath> {
  return new Set([...fields].filter((path) => after.has(path) && !changed.has(path)));
}

function encodeEntry(entry: ManagerEntry): JsonObject {
  return {
    manager: entry.manager,
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    time: entry.time,
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(entry.fields),
    ...(entry.subresource === '' ? {} : { subresource: entry.subresource }),
  };
}
