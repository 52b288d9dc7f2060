/** The query parameters of writes: dryRun, fieldManager, fieldValidation, force. */
import type { FieldError } from '@weir/kube';
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

/** What a patch must and must not say besides; undefined for other writes. */
type PatchFormat = 'apply' | 'other';

interface OptionsOf {
  readonly kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions';
  readonly patch?: PatchFormat;
}

/** Reads the parameters; throws 422 with all that is wrong with them. */
export function parseWriteOptions(request: ApiRequest, { kind, patch }: OptionsOf): WriteOptions {
  const { query } = request;
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const manager = query.get('fieldManager') ?? '';
  const errors: FieldError[] = [
    ...(patch === undefined ? [] : patchErrors(query, patch)),
    ...managerErrors(manager),
    ...dryRunErrors(dryRun),
    ...fieldValidationErrors(query),
  ];
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors);
  return {
    dryRun: dryRun.length > 0,
    fieldManager: manager || managerOfAgent(request.headers['user-agent'] ?? '') || 'unknown',
    fieldValidation: fieldValidationOf(query),
    force: booleanParameter(query, 'force'),
  };
}

function patchErrors(query: URLSearchParams, patch: PatchFormat): readonly FieldError[] {
  if (patch === 'other') {
    if ((query.get('force') ?? '') === '') return [];
    return [{ reason: 'FieldValueForbidden', field: 'force', message: 'may not be specified for non-apply patch' }];
  }
  if ((query.get('fieldManager') ?? '') !== '') return [];
  return [{ reason: 'FieldValueRequired', field: 'fieldManager', message: 'is required for apply patch' }];
}

/** In bytes. */
const managerLimit = 128;
const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

function managerErrors(manager: string): readonly FieldError[] {
  const field = 'fieldManager';
  const errors: FieldError[] = [];
  if (Buffer.byteLength(manager) > managerLimit) {
    errors.push({ reason: 'FieldValueTooLong', field, message: `may not be more than ${managerLimit} bytes` });
  }
  for (const { 0: character, index } of manager.matchAll(unprintable)) {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    const message = `invalid character U+${code} (at position ${Buffer.byteLength(manager.slice(0, index))})`;
    errors.push({ reason: 'FieldValueInvalid', field, value: manager, message });
  }
  return errors;
}

/** The first part of the user agent, as far as it could be given as a manager. */
function managerOfAgent(agent: string): string {
  const name = (agent.split('/')[0] ?? '').replaceAll(unprintable, '');
  return Buffer.from(name)
    .subarray(0, managerLimit)
    .toString()
    .replace(/\uFFFD+$/, '');
}

function fieldValidationErrors(query: URLSearchParams): readonly FieldError[] {
  const value = query.get('fieldValidation') ?? '';
  if (['', 'Ignore', 'Strict', 'Warn'].includes(value)) return [];
  const message = 'supported values: "", "Ignore", "Strict", "Warn"';
  return [{ reason: 'FieldValueNotSupported', field: 'fieldValidation', value, message }];
}

/** Errors unless every value is `All`. */
export function dryRunErrors(values: readonly string[]): readonly FieldError[] {
  if (values.every((value) => value === 'All')) return [];
  // The value is a list, which Go writes with its type.
  const list = `[]string{${values.map((value) => JSON.stringify(value)).join(', ')}}`;
  return [{ reason: 'FieldValueNotSupported', field: 'dryRun', message: `${list}: supported values: "All"` }];
}
