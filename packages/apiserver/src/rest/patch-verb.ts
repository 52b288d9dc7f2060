/**
 * The verb patch: JSON patch, merge patch, strategic merge patch and server-side apply.
 *
 * The patch is applied to the stored object inside the write transaction, so two patches of
 * different fields never get in each other's way.
 */
import { apiVersionOf, goTypeOfValue, isJsonObject, type JsonObject, objectAt, textAt } from '@weir/kube';
import { admittedWrite } from '../admission/admitted-write.ts';
import { type ApiError, badRequest, failure, invalid, notFound, unexplained, unsupportedMediaType } from '../errors/api-error.ts';
import { appliedTypeErrors } from '../patch/applied-type-errors.ts';
import { goText } from '../patch/go-text.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { PatchError } from '../patch/patch-error.ts';
import { applyServerSide } from '../patch/server-side-apply.ts';
import { applyStrategicMergePatch } from '../patch/strategic-merge-patch.ts';
import type { ApiRequest, ApiResponse } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import type { EncodedObject } from '../storage/encoded-object.ts';
import { copyOf, viewOf } from '../table/encoded-view.ts';
import { assertBoundedDepth } from './json-depth.ts';
import { notAnObject, patchByOperations, rejectedPatch } from './patch-operations.ts';
import { fillType, fitObject } from './read-body.ts';
import { keyOf, type RestContext, subjectOf } from './rest-context.ts';
import { createObject, updateObject } from './store-object.ts';
import { parseWriteOptions, type WriteOptions } from './write-options.ts';
import { assertMayCreate } from './write-rights.ts';
import type { WriteScope } from './write-scope.ts';
import { answer, partOf, recordOf } from './write-verbs.ts';
import { writeWarnings } from './write-warnings.ts';

const applyTypes = ['application/apply-patch+yaml', 'application/apply-patch+json'];
/** Custom kinds do not take it: their clients know nothing of how their lists are merged. */
const strategicType = 'application/strategic-merge-patch+json';
const patchTypes = ['application/json-patch+json', 'application/merge-patch+json', strategicType, 'application/apply-patch+yaml'];

/** PATCH of an object or of one of its subresources. */
export async function patchVerb(context: RestContext, target: ResourceTarget, request: ApiRequest): Promise<ApiResponse> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const taken = target.definition.custom === undefined ? patchTypes : patchTypes.filter((each) => each !== strategicType);
  if (!taken.includes(type) && !applyTypes.includes(type)) throw unsupportedMediaType(taken);
  const isApply = applyTypes.includes(type);
  const options = parseWriteOptions(request, { kind: 'PatchOptions', patch: isApply ? 'apply' : 'other' });
  const patch = readPatch(context, request, type);
  let warnings: string[] = [];
  const { value: stored, warnings: admissionWarnings } = await admittedWrite(context, request.audit, (attempt) => {
    warnings = [];
    const scope: WriteScope = { ...attempt, target, dryRun: options.dryRun, user: request.user };
    const current = attempt.transaction.get(keyOf(target.definition, target.namespace, target.name));
    if (isApply) return { object: applyInScope(scope, current, { patch, options, warnings }), before: current };
    if (current === undefined) throw notFound(subjectOf(target));
    return { object: patchInScope(scope, current, { patch, options, warnings, type }), before: current };
  });
  const status = stored.before === undefined ? 201 : 200;
  const told = [...warnings, ...admissionWarnings, ...writeWarnings(target.definition, stored.object, stored.before)];
  return answer(context, { target, request, object: stored.object, status, warnings: told });
}

interface PatchWork {
  readonly patch: unknown;
  readonly options: WriteOptions;
  /** Filled in for the answer's headers. */
  readonly warnings: string[];
}

function patchInScope(scope: WriteScope, current: EncodedObject, work: PatchWork & { readonly type: string }): EncodedObject {
  const { target } = scope;
  const old = copyOf(target.definition, current);
  const patched = applyOfType(work.type, old, work.patch, target);
  fillType(patched, target.definition);
  const { object: value, warnings: problems } = fitObject(patched, target.definition, { fieldValidation: 'Warn', duplicates: [] });
  if (problems.length > 0 && work.options.fieldValidation === 'Strict') throw invalidPatch(work, problems);
  if (work.options.fieldValidation === 'Warn') work.warnings.push(...problems);
  return updateObject({ ...scope, record: recordOf(scope.context, target, work.options) }, current, value, partOf(target));
}

function applyInScope(scope: WriteScope, current: EncodedObject | undefined, work: PatchWork): EncodedObject {
  const { target, context } = scope;
  const applied = readApplied(work, target);
  if (target.definition.statusSubresource) delete applied[target.subresource === 'status' ? 'spec' : 'status'];
  if (current === undefined && target.subresource !== '') throw notFound(subjectOf(target));
  const merged = applyServerSide({
    record: recordOf(context, target, work.options),
    applied,
    live: current === undefined ? undefined : viewOf(target.definition, current),
    force: work.options.force,
  });
  if (current !== undefined) return updateObject(scope, current, merged, partOf(target));
  const uid = textAt(objectAt(applied, 'metadata'), 'uid');
  if (uid !== '')
    throw failure({
      code: 409,
      reason: 'Conflict',
      message: `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    });
  assertMayCreate(scope);
  return createObject(scope, merged);
}

/** What is applied, fitted to its kind; throws 400, or 500 (as upstream) for what does not fit. */
function readApplied({ patch }: PatchWork, { definition, namespace, name }: ResourceTarget): JsonObject {
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
  return fitObject(patch, definition, { fieldValidation: 'Ignore', duplicates: [] }).object;
}

function notAMap(patch: unknown): string {
  return `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${goTypeOfValue(patch)} into Go value of type map[string]interface {}`;
}

function readPatch(context: RestContext, request: ApiRequest, type: string): unknown {
  const format = applyTypes.includes(type) ? 'application/yaml' : 'application/json';
  const patch = context.decodeBody(format, request.body, '');
  assertBoundedDepth(patch);
  request.audit?.requested(patch);
  return patch;
}

function applyOfType(type: string, object: JsonObject, patch: unknown, target: ResourceTarget): JsonObject {
  try {
    switch (type) {
      case 'application/json-patch+json':
        return patchByOperations(object, patch);
      case 'application/merge-patch+json':
        if (!isJsonObject(patch)) throw notAnObject(patch);
        return applyMergePatch(object, patch) as JsonObject;
      default:
        if (!isJsonObject(patch)) throw notAnObject(patch);
        return applyStrategicMergePatch(object, patch, target.definition.schema);
    }
  } catch (error) {
    if (error instanceof PatchError) throw rejectedPatch(error.message);
    throw error;
  }
}

function invalidPatch(work: PatchWork, problems: readonly string[]): ApiError {
  const message = `strict decoding error: ${problems.join(', ')}`;
  const value = Array.isArray(work.patch) ? JSON.stringify(work.patch) : goText(work.patch);
  return invalid({ group: '', kind: '' }, '', [{ reason: 'FieldValueInvalid', field: 'patch', value, message }]);
}
