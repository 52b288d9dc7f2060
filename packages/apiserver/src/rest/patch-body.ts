/**
 * The body of a PATCH: which of the formats it is in, what it makes of an object, and what is wrong with it.
 *
 * An object and its Scale are patched by the same words.
 */
import { apiVersionOf, goTypeOfValue, isJsonObject, type JsonObject, objectAt, type ResourceDefinition, textAt } from '@weir/kube';
import { ApiError, badRequest, invalid, unexplained, unsupportedMediaType } from '../errors/api-error.ts';
import { appliedTypeErrors } from '../patch/applied-type-errors.ts';
import { goText } from '../patch/go-text.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { PatchError } from '../patch/patch-error.ts';
import { applyStrategicMergePatch } from '../patch/strategic-merge-patch.ts';
import type { ApiRequest } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import { repeatedYamlKeys } from '../wire/repeated-yaml-keys.ts';
import { duplicateFields } from './duplicate-fields.ts';
import { assertBoundedDepth } from './json-depth.ts';
import { notAnObject, patchByOperations, rejectedPatch } from './patch-operations.ts';
import { fillType, fitObject } from './read-body.ts';
import type { RestContext } from './rest-context.ts';
import { parseWriteOptions, type WriteOptions } from './write-options.ts';

const operationsType = 'application/json-patch+json';
const mergeType = 'application/merge-patch+json';
/** Custom kinds do not take it: their clients know nothing of how their lists are merged. */
const strategicType = 'application/strategic-merge-patch+json';
const applyTypes = ['application/apply-patch+yaml', 'application/apply-patch+json'];

/** A patch as it came. */
export interface PatchBody {
  readonly type: string;
  readonly isApply: boolean;
  readonly patch: unknown;
  /** Paths of fields that stand twice in it. */
  readonly duplicates: readonly string[];
  /** What is said of keys that stand twice in what is applied. */
  readonly repeatedKeys: string | undefined;
  readonly options: WriteOptions;
}

/** Reads a patch; throws 415, 422 for its options, 400. */
export function readPatch(context: RestContext, { definition }: ResourceTarget, request: ApiRequest): PatchBody {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const taken = [operationsType, mergeType, ...(definition.custom === undefined ? [strategicType] : []), ...applyTypes];
  if (!taken.includes(type)) throw unsupportedMediaType(taken.filter((each) => each !== 'application/apply-patch+json'));
  const isApply = applyTypes.includes(type);
  const options = parseWriteOptions(request, { kind: 'PatchOptions', patch: isApply ? 'apply' : 'other' });
  const patch = isApply ? decodeApplied(context, request) : context.decodeBody('application/json', request.body, '');
  assertBoundedDepth(patch);
  request.audit?.requested(patch);
  const isJsonText = !isApply || isJson(request.body);
  const duplicates = options.fieldValidation === 'Ignore' || !isJsonText ? [] : duplicateFields(request.body, patch);
  // JSON is YAML too; only what repeats something is read once more.
  const mayRepeat = isApply && options.fieldValidation !== 'Ignore' && (!isJsonText || duplicates.length > 0);
  return { type, isApply, patch, duplicates, repeatedKeys: mayRepeat ? repeatedYamlKeys(request.body) : undefined, options };
}

/** Nearly everybody sends JSON, which is YAML as well. */
function decodeApplied(context: RestContext, { body }: ApiRequest): unknown {
  if (isJson(body)) {
    try {
      return context.decodeBody('application/json', body, '');
    } catch {
      // Flows of YAML begin like it.
    }
  }
  return context.decodeBody('application/yaml', body, '');
}

function isJson(body: Uint8Array): boolean {
  return body[0] === 0x7b;
}

/** An object with a patch that does not apply, fitted to its kind. Owns the object; what is only warned of goes to `warnings`. */
export function patchedObject(body: PatchBody, object: JsonObject, definition: ResourceDefinition, warnings: string[]): JsonObject {
  const patched = patchOf(body, object, definition);
  fillType(patched, definition);
  const fitted = fitPatched(body, patched, definition);
  const problems = [...body.duplicates.map((field) => `duplicate field ${JSON.stringify(field)}`), ...fitted.warnings];
  if (problems.length > 0 && body.options.fieldValidation === 'Strict') {
    throw invalidPatch(body, patched, `strict decoding error: ${problems.join(', ')}`);
  }
  if (body.options.fieldValidation === 'Warn') warnings.push(...problems);
  return fitted.object;
}

function fitPatched(body: PatchBody, patched: JsonObject, definition: ResourceDefinition): ReturnType<typeof fitObject> {
  try {
    return fitObject(patched, definition, { fieldValidation: 'Warn', repeated: [] });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status.code !== 400) throw error;
    // What a patch makes that fits no type is the patch's fault.
    throw invalidPatch(body, patched, error.message.slice(error.message.indexOf(': ') + 2));
  }
}

function patchOf({ type, patch }: PatchBody, object: JsonObject, { schema }: ResourceDefinition): JsonObject {
  try {
    if (type === operationsType) return patchByOperations(object, patch);
    if (!isJsonObject(patch)) throw notAnObject(patch);
    return type === mergeType ? (applyMergePatch(object, patch) as JsonObject) : applyStrategicMergePatch(object, patch, schema);
  } catch (error) {
    if (error instanceof PatchError) throw rejectedPatch(error);
    throw error;
  }
}

/** The value that is shown: what came of the patch, or of a strategic merge patch itself. */
function invalidPatch({ type, patch }: PatchBody, patched: JsonObject, message: string): ApiError {
  const value = type === strategicType ? goText(patch) : JSON.stringify(patched);
  return invalid({ group: '', kind: '' }, '', [{ reason: 'FieldValueInvalid', field: 'patch', value, message }]);
}

/** What is applied, fitted to its kind; throws 400, or 500 (as upstream) for what does not fit. Owns the patch. */
export function appliedObject(body: PatchBody, { definition, namespace, name }: ResourceTarget, warnings: string[]): JsonObject {
  const { patch, options } = body;
  if (!isJsonObject(patch)) throw badRequest(`error decoding YAML: ${notAMap(patch)}`);
  const [said, expected] = [textAt(patch, 'apiVersion'), apiVersionOf(definition)];
  if (said !== expected) {
    throw badRequest(`Incorrect version specified in apply patch. Specified patch version: ${said}, expected: ${expected}`);
  }
  if (objectAt(patch, 'metadata')?.['managedFields'] !== undefined) throw badRequest('metadata.managedFields must be nil');
  fillType(patch, definition);
  const errors = appliedTypeErrors(patch, definition.schema);
  if (errors.length > 0) {
    const text = errors.length === 1 ? errors[0] : ['errors:', ...errors.map((each) => `  ${each}`)].join('\n');
    const what = `${namespace}/${name}; ${definition.group}/${definition.version}, Kind=${definition.kind}`;
    throw unexplained(`failed to create typed patch object (${what}): ${text}`);
  }
  tellOfRepeatedKeys(body, options, warnings);
  return fitObject(patch, definition, { fieldValidation: 'Ignore', repeated: [] }).object;
}

function tellOfRepeatedKeys({ repeatedKeys }: PatchBody, { fieldValidation }: WriteOptions, warnings: string[]): void {
  if (repeatedKeys === undefined) return;
  const why = `error converting YAML to JSON: ${repeatedKeys}`;
  if (fieldValidation === 'Strict') throw badRequest(`error strict decoding YAML: ${why}`);
  warnings.push(why);
}

function notAMap(patch: unknown): string {
  return `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${goTypeOfValue(patch)} into Go value of type map[string]interface {}`;
}
