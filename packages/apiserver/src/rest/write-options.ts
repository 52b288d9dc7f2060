/** The query parameters of writes: dryRun, fieldManager, fieldValidation, force. */
import { invalid } from '../errors/api-error.ts';
import type { ApiRequest } from '../server/api-message.ts';
import { type FieldValidation, fieldValidationOf } from './read-body.ts';
import { booleanParameter } from './rest-context.ts';

/** How a write is to be done. */
export interface WriteOptions {
  /** Do everything but the storing. */
  readonly dryRun: boolean;
  /** Who writes, for `managedFields`: the parameter, else the first part of the user agent. */
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** Server-side apply takes fields from other managers. */
  readonly force: boolean;
}

/** Reads the parameters; throws 422 for unknown values. */
export function parseWriteOptions(request: ApiRequest, kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'): WriteOptions {
  const dryRun = request.query.getAll('dryRun').filter((value) => value !== '');
  assertDryRun(dryRun, kind);
  const agent = (request.headers['user-agent'] ?? '').split('/')[0] ?? '';
  return {
    dryRun: dryRun.length > 0,
    fieldManager: (request.query.get('fieldManager') ?? '') || agent || 'unknown',
    fieldValidation: fieldValidationOf(request.query),
    force: booleanParameter(request.query, 'force'),
  };
}

/** Throws 422 unless every value is `All`. */
export function assertDryRun(values: readonly string[], kind: string): void {
  const wrong = values.filter((value) => value !== 'All');
  if (wrong.length === 0) return;
  throw invalid({ group: 'meta.k8s.io', kind }, '', [
    { reason: 'FieldValueNotSupported', field: 'dryRun', value: wrong[0], message: 'supported values: "All"' },
  ]);
}
