/** Conflicts of server-side apply: fields that somebody else has set to another value, and how the API tells of them. */
import { deepEqual } from '@weir/kube';
import { addToGroup } from '@weir/net';
import { type ApiError, failure } from '../errors/api-error.ts';
import type { ManagerEntry } from './field-ownership.ts';
import { type FieldPath, type FieldValues, showPath } from './field-set.ts';

/** A field and somebody who has it. */
export interface ApplyConflict {
  readonly path: FieldPath;
  readonly entry: ManagerEntry;
}

/** What is wanted, is otherwise, and belongs to others. */
export function findConflicts(wanted: FieldValues, present: FieldValues, others: readonly ManagerEntry[]): ApplyConflict[] {
  const conflicts: ApplyConflict[] = [];
  for (const [path, value] of wanted) {
    if (!present.has(path) || deepEqual(present.get(path), value)) continue;
    for (const entry of others) if (entry.fields.has(path)) conflicts.push({ path, entry });
  }
  return conflicts;
}

/** 409 with every conflict. */
export function conflictError(conflicts: readonly ApplyConflict[]): ApiError {
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
    addToGroup(byManager, manager, `- ${showPath(path)}`);
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
