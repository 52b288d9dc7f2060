/**
 * The verb patch: JSON patch, merge patch, strategic merge patch and server-side apply.
 *
 * The patch is applied to the stored object inside the write transaction, so two patches of
 * different fields never get in each other's way.
 */
import { type JsonObject, objectAt, textAt } from '@weir/kube';
import { admittedWrite } from '../admission/admitted-write.ts';
import { failure, notFound } from '../errors/api-error.ts';
import { applyServerSide } from '../patch/server-side-apply.ts';
import type { ApiRequest, ApiResponse } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import type { EncodedObject } from '../storage/encoded-object.ts';
import { copyOf, viewOf } from '../table/encoded-view.ts';
import { appliedObject, type PatchBody, patchedObject, readPatch } from './patch-body.ts';
import { type RestContext, subjectOf } from './rest-context.ts';
import { createObject, updateObject } from './store-object.ts';
import { placeOf } from './stored-version.ts';
import { assertMayCreate } from './write-rights.ts';
import type { WriteScope } from './write-scope.ts';
import { answer, partOf, recordOf } from './write-verbs.ts';
import { writeWarnings } from './write-warnings.ts';

/** PATCH of an object or of one of its subresources. */
export async function patchVerb(context: RestContext, target: ResourceTarget, request: ApiRequest): Promise<ApiResponse> {
  const body = readPatch(context, target, request);
  let warnings: string[] = [];
  const { value: stored, warnings: admissionWarnings } = await admittedWrite(context, request.audit, (attempt) => {
    warnings = [];
    const scope: WriteScope = { ...attempt, target, dryRun: body.options.dryRun, user: request.user, verb: 'patch' };
    const current = placeOf(attempt.transaction, target).object;
    if (body.isApply) return { object: applyInScope(scope, current, { body, warnings }), before: current };
    if (current === undefined) throw notFound(subjectOf(target));
    const patched = patchedObject(body, copyOf(target.definition, current), target.definition, warnings);
    const record = recordOf(attempt.context, target, body.options);
    return { object: updateObject({ ...scope, record }, current, patched, partOf(target)), before: current };
  });
  const status = stored.before === undefined ? 201 : 200;
  const told = [...warnings, ...admissionWarnings, ...writeWarnings(target.definition, stored.object, stored.before)];
  return answer(context, { target, request, object: stored.object, status, warnings: told });
}

interface Apply {
  readonly body: PatchBody;
  /** Filled in for the answer's headers. */
  readonly warnings: string[];
}

function applyInScope(scope: WriteScope, current: EncodedObject | undefined, { body, warnings }: Apply): EncodedObject {
  const { target, context } = scope;
  const applied = withoutOtherPart(appliedObject(body, target, warnings), target);
  if (current === undefined && target.subresource !== '') throw notFound(subjectOf(target));
  const merged = applyServerSide({
    record: recordOf(context, target, body.options),
    applied,
    live: current === undefined ? undefined : viewOf(target.definition, current),
    force: body.options.force,
  });
  if (current !== undefined) return updateObject(scope, current, merged, partOf(target));
  const uid = textAt(objectAt(applied, 'metadata'), 'uid');
  if (uid !== '') {
    throw failure({
      code: 409,
      reason: 'Conflict',
      message: `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    });
  }
  assertMayCreate(scope);
  return createObject({ ...scope, verb: 'create' }, merged);
}

/** Nobody comes to own what the request is not about: the status of an object, and all but the status of that. */
function withoutOtherPart(applied: JsonObject, { definition, subresource }: ResourceTarget): JsonObject {
  if (!definition.statusSubresource) return applied;
  const { status, ...others } = applied;
  if (subresource !== 'status') return others;
  const { apiVersion, kind, metadata } = others;
  const { name } = objectAt(applied, 'metadata') ?? {};
  const kept = definition.statusKeepsMetadata ? { name } : metadata;
  return { apiVersion, kind, metadata: kept, ...(status === undefined ? {} : { status }) };
}
