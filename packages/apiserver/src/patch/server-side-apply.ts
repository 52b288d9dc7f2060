/**
 * Server-side apply (KEP-555): merges what a manager wants with what is there, by the schema.
 *
 * A field that the manager applied before and now leaves out is removed unless another manager has
 * it; a field that another manager has set to another value is a conflict, or taken over by force.
 */
import type { JsonObject } from '@weir/kube';
import { conflictError, findConflicts } from './apply-conflicts.ts';
import { type FieldRecord, isEntryOf, type ManagerEntry, managersOf, newEntry, setManagers } from './field-ownership.ts';
import { appliedFieldsOf, type FieldPath, type FieldValues, fieldValuesOf } from './field-set.ts';
import { fieldsOfClientSideApply, renewLastApplied } from './last-applied.ts';
import { partsOfServer } from './managed-fields.ts';
import { mergeApplied, removeGivenUp } from './merge-applied.ts';

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
  const wanted = appliedFieldsOf(applied, schema);
  const present: FieldValues = live === undefined ? new Map() : fieldValuesOf(live, schema);
  const managers = managersBefore(record, live);
  const own = managers.find((entry) => isEntryOf(entry, record, 'Apply'));
  const others = managers.filter((entry) => entry !== own);
  const conflicts = findConflicts(wanted, present, others);
  const excused = fieldsOfClientSideApply(record, live, present);
  const standing = conflicts.filter(({ path }) => !excused.has(path));
  if (standing.length > 0 && !force) throw conflictError(standing);
  const taken = new Set(conflicts.map(({ path }) => path));
  const remaining = others.map((entry) => ({ ...entry, fields: filtered(entry.fields, (path) => !taken.has(path)) }));
  const merged = mergeApplied(live ?? {}, applied, schema) as JsonObject;
  const kept = [...wanted.keys(), ...remaining.flatMap(({ fields }) => [...fields])];
  const result = own === undefined ? merged : removeGivenUp(merged, { had: own.fields, kept, schema });
  const left = fieldValuesOf(result, schema);
  const entries = remaining.map((entry) => ({ ...entry, fields: filtered(entry.fields, (path) => left.has(path) || !present.has(path)) }));
  setManagers(result, [...entries, ownEntry(record, own, new Set(wanted.keys()))]);
  renewLastApplied(record, result, applied);
  return result;
}

/** Whose everything is that was there before managers were recorded. */
const unrecordedManager = 'before-first-apply';

function managersBefore(record: FieldRecord, live: Readonly<JsonObject> | undefined): readonly ManagerEntry[] {
  const managers = managersOf(live);
  if (live === undefined || managers.length > 0) return managers;
  const fields = fieldValuesOf(live, record.definition.schema, partsOfServer({ ...record, subresource: '' }));
  return [newEntry({ ...record, manager: unrecordedManager }, 'Update', new Set(fields.keys()))];
}

/** The time stays when the fields do. */
function ownEntry(record: FieldRecord, own: ManagerEntry | undefined, fields: ReadonlySet<FieldPath>): ManagerEntry {
  const same = own !== undefined && own.fields.size === fields.size && [...fields].every((path) => own.fields.has(path));
  return same ? own : newEntry(record, 'Apply', fields);
}

function filtered(fields: ReadonlySet<FieldPath>, keep: (path: FieldPath) => boolean): Set<FieldPath> {
  return new Set([...fields].filter(keep));
}
