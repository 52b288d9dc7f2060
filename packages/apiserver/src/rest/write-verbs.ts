/** The verbs create and update, of objects and of the subresources `status` and `finalize`. */
import { ensureObject, type JsonObject, listAt, objectAt, type ResourceDefinition, textAt } from '@weir/kube';
import { admittedWrite } from '../admission/admitted-write.ts';
import { badRequest, invalid, methodNotAllowed, notFound } from '../errors/api-error.ts';
import type { FieldRecord } from '../patch/field-ownership.ts';
import { answerReview } from '../reviews/answer-review.ts';
import type { ApiRequest, ApiResponse } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import type { EncodedObject } from '../storage/encoded-object.ts';
import { renderObject } from '../table/render-object.ts';
import type { UpdatePart } from './kept-fields.ts';
import { readObject, warningHeaders } from './read-body.ts';
import { parseRepresentation } from './representation.ts';
import { apiTime, type RestContext, subjectOf } from './rest-context.ts';
import { createObject, updateObject } from './store-object.ts';
import { placeOf } from './stored-version.ts';
import { parseWriteOptions, type WriteOptions } from './write-options.ts';
import { assertMayCreate } from './write-rights.ts';
import type { WriteAttempt, WriteScope } from './write-scope.ts';
import { writeWarnings } from './write-warnings.ts';

/** POST to a collection. */
export async function createVerb(context: RestContext, target: ResourceTarget, request: ApiRequest): Promise<ApiResponse> {
  const options = parseWriteOptions(request, { kind: 'CreateOptions' });
  const { object, warnings } = readObject(context, target.definition, request);
  if (target.definition.namespaced && target.namespace === '') {
    throw badRequest('an empty namespace may not be set during creation');
  }
  if (target.definition.isReview) {
    assertValidReview(target.definition, object);
    const body = await answerReview(context, target, object, request.user);
    return { kind: 'json', status: 201, body, headers: warningHeaders(warnings) };
  }
  const created = await admittedWrite(context, request.audit, (attempt) => {
    const record = recordOf(attempt.context, target, options);
    return createObject(
      { ...attempt, target, dryRun: options.dryRun, user: request.user, verb: 'create', record },
      ownObject(attempt, object),
    );
  });
  const told = [...warnings, ...created.warnings, ...writeWarnings(target.definition, created.value, undefined)];
  return answer(context, { target, request, object: created.value, status: 201, warnings: told });
}

/** Reviews are questions: they are checked and answered, never stored. */
function assertValidReview(definition: ResourceDefinition, object: JsonObject): void {
  const errors = definition.validate(object);
  if (errors.length > 0) throw invalid(definition, textAt(objectAt(object, 'metadata'), 'name'), errors);
}

/** PUT of an object or of one of its subresources. */
export async function updateVerb(context: RestContext, target: ResourceTarget, request: ApiRequest): Promise<ApiResponse> {
  const options = parseWriteOptions(request, { kind: 'UpdateOptions' });
  const { object, warnings } = readObject(context, target.definition, request);
  const { value: stored, warnings: admissionWarnings } = await admittedWrite(context, request.audit, (attempt) => {
    const record = recordOf(attempt.context, target, options);
    const scope: WriteScope = { ...attempt, target, dryRun: options.dryRun, user: request.user, verb: 'update', record };
    const next = ownObject(attempt, object);
    const current = placeOf(attempt.transaction, target).object;
    if (current === undefined) {
      if (!target.definition.createOnUpdate || target.subresource !== '') throw notFound(subjectOf(target));
      assertMayCreate(scope);
      ensureObject(next, 'metadata')['name'] ??= target.name;
      return { object: createObject({ ...scope, verb: 'create' }, next), before: undefined };
    }
    if (target.subresource === 'finalize') keepOnlyFinalizers(next, current);
    return { object: updateObject(scope, current, next, partOf(target)), before: current };
  });
  const status = stored.before === undefined ? 201 : 200;
  const told = [...warnings, ...admissionWarnings, ...writeWarnings(target.definition, stored.object, stored.before)];
  return answer(context, { target, request, object: stored.object, status, warnings: told });
}

/** The object that an attempt may change: the request's own, or a copy when there may be another attempt. */
function ownObject({ admission }: WriteAttempt, object: JsonObject): JsonObject {
  return admission === undefined ? object : structuredClone(object);
}

/** Which part of the object a target's writes change. */
export function partOf(target: ResourceTarget): UpdatePart {
  switch (target.subresource) {
    case '':
    case 'ephemeralcontainers':
      return 'main';
    case 'status':
      return 'status';
    case 'finalize':
      return 'any';
    default:
      throw methodNotAllowed();
  }
}

/** Who writes, for `managedFields`. */
export function recordOf(context: RestContext, target: ResourceTarget, options: WriteOptions): FieldRecord {
  const { definition, subresource } = target;
  return { definition, manager: options.fieldManager, time: apiTime(context.now()), subresource };
}

interface Answer {
  readonly target: ResourceTarget;
  readonly request: ApiRequest;
  readonly object: EncodedObject;
  readonly status: number;
  readonly warnings: readonly string[];
}

/** Renders the result of a write. */
export function answer(context: RestContext, { target, request, object, status, warnings }: Answer): ApiResponse {
  const representation = parseRepresentation(request.headers['accept'], request.query);
  const response = renderObject(object, status, { definition: target.definition, representation, nowMs: context.now() });
  return warnings.length === 0 ? response : { ...response, headers: { ...response.headers, ...warningHeaders(warnings) } };
}

/** `/finalize` of a namespace changes `spec.finalizers` and nothing else. */
function keepOnlyFinalizers(object: Record<string, unknown>, current: EncodedObject): void {
  const finalizers = listAt(objectAt(object, 'spec'), 'finalizers');
  const version = textAt(objectAt(object, 'metadata'), 'resourceVersion');
  for (const key of Object.keys(object)) delete object[key];
  Object.assign(object, current.copy());
  ensureObject(object, 'spec')['finalizers'] = finalizers;
  ensureObject(object, 'metadata')['resourceVersion'] = version;
}
