/**
 * `metadata.managedFields` over writes that do not apply: who set which field, kept on every write (KEP-555).
 */
import { apiVersionOf, deepEqual, type JsonObject, objectAt, textAt } from '@weir/kube';
import {
  decodeEntry,
  encodedManagers,
  encodeEntries,
  encodeEntry,
  type FieldRecord,
  isEntryOf,
  newEntry,
  saidManagers,
  setEncodedManagers,
} from './field-ownership.ts';
import { type FieldPath, fieldsV1Of, fieldValuesOf } from './field-set.ts';

/**
 * Records a create, an update or a patch: what changed belongs to the writer alone, what is gone belongs to nobody.
 * A write to the object itself may say who the managers were; an empty list (or `[{}]`) forgets them all, and then
 * nobody is recorded until somebody applies. Parts of the object that are as they were are not looked into.
 */
export function recordUpdate(object: JsonObject, old: Readonly<JsonObject> | undefined, record: FieldRecord): void {
  if (old === undefined) return recordCreate(object, record);
  const managers = managersBefore(object, old, record);
  if (managers.length === 0) return setEncodedManagers(object, []);
  const { schema } = record.definition;
  const same = sameParts(object, old);
  const before = fieldValuesOf(old, schema, same);
  const after = fieldValuesOf(object, schema, same);
  const isChanged = (path: FieldPath): boolean => !before.has(path) || !deepEqual(before.get(path), after.get(path));
  const changed = new Set([...after.keys()].filter((path) => isChanged(path) && !isOfServer(path, record)));
  const isThere = (path: FieldPath): boolean => after.has(path) || same.has(partOf(path));
  let own: ReadonlySet<FieldPath> = new Set();
  const entries: JsonObject[] = [];
  for (const encoded of managers) {
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
  setEncodedManagers(object, changed.size === 0 ? entries : [...entries, ...encodeEntries([newEntry(record, 'Update', fields)])]);
}

/** Everything that a new object sets belongs to whoever makes it. */
function recordCreate(object: JsonObject, record: FieldRecord): void {
  const fieldsV1 = fieldsV1Of(object, record.definition.schema, partsOfServer(record));
  const entry = { ...record, apiVersion: apiVersionOf(record.definition), operation: 'Update' };
  setEncodedManagers(object, Object.keys(fieldsV1).length === 0 ? [] : [encodeEntry(entry, fieldsV1)]);
}

/** The managers that a write begins with: as they were, unless it says otherwise. */
function managersBefore(object: JsonObject, old: Readonly<JsonObject>, record: FieldRecord): readonly JsonObject[] {
  const present = encodedManagers(old);
  if (record.subresource !== '') return present;
  const sent = objectAt(object, 'metadata')?.['managedFields'];
  if (Array.isArray(sent) && (sent.length === 0 || deepEqual(sent, [{}]))) return [];
  return saidManagers(sent) ?? present;
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
  const [manager, operation] = [textAt(encoded, 'manager'), textAt(encoded, 'operation')];
  const [apiVersion, subresource] = [textAt(encoded, 'apiVersion'), textAt(encoded, 'subresource')];
  return isEntryOf({ manager, operation, apiVersion, subresource }, record, 'Update');
}

/** The status that the server gives a new object is not the client's. */
export function partsOfServer({ definition, subresource }: FieldRecord): ReadonlySet<string> {
  return new Set(definition.statusSubresource && subresource === '' ? ['status'] : []);
}

function isOfServer(path: FieldPath, record: FieldRecord): boolean {
  return path.startsWith('["f:status"') && partsOfServer(record).has('status');
}

function filtered(fields: ReadonlySet<FieldPath>, keep: (path: FieldPath) => boolean): Set<FieldPath> {
  return new Set([...fields].filter(keep));
}
