/** `scale`: the number of replicas of an object as an object of its own (autoscaling/v1 Scale). */
import {
  apiVersionOf,
  ensureObject,
  isJsonObject,
  type JsonObject,
  numberAt,
  objectAt,
  type ScaleFields,
  scaleTable,
  textAt,
  valueAt,
} from '@weir/kube';
import { defined } from '@weir/net';
import { admittedWrite } from '../admission/admitted-write.ts';
import { badRequest, invalid, methodNotAllowed, notFound } from '../errors/api-error.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { PatchError } from '../patch/patch-error.ts';
import type { ApiRequest, ApiResponse } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import { copyOf, viewOf } from '../table/encoded-view.ts';
import { tableOfOne } from '../table/render-object.ts';
import { assertActionAdmitted } from './admit-object.ts';
import { patchByOperations, rejectedPatch } from './patch-operations.ts';
import { currentObject } from './present-object.ts';
import { decodeObject, warningHeaders } from './read-body.ts';
import { parseRepresentation } from './representation.ts';
import { keyOf, type RestContext, subjectOf } from './rest-context.ts';
import { updateObject } from './store-object.ts';
import { parseWriteOptions } from './write-options.ts';
import { recordOf } from './write-verbs.ts';

const operationsType = 'application/json-patch+json';
const mergeTypes = ['application/merge-patch+json', 'application/strategic-merge-patch+json'];

/** GET, PUT or PATCH of …/scale. */
export async function scaleVerb(context: RestContext, target: ResourceTarget, request: ApiRequest): Promise<ApiResponse> {
  const fields = defined(target.definition.scale, 'a kind with this subresource says where the numbers stand');
  if (request.method === 'GET') {
    const object = context.store.get(keyOf(target.definition, target.namespace, target.name));
    if (object === undefined) throw notFound(subjectOf(target));
    return renderScale(context, request, scaleOf(viewOf(target.definition, object), fields));
  }
  const options = parseWriteOptions(
    request,
    request.method === 'PUT' ? { kind: 'UpdateOptions' } : { kind: 'PatchOptions', patch: 'other' },
  );
  const change = readChange(context, request);
  const { value: stored, warnings } = await admittedWrite(context, request.audit, (attempt) => {
    const record = recordOf(attempt.context, target, options);
    const scope = { ...attempt, target: { ...target, subresource: '' }, dryRun: options.dryRun, record };
    const current = currentObject(scope);
    const next = copyOf(target.definition, current);
    const before = scaleOf(next, fields);
    const scale = change(scaleOf(next, fields));
    setReplicas(next, fields.specReplicas, wantedReplicas(scale, target.name));
    assertActionAdmitted({ ...scope, target, user: request.user }, 'UPDATE', () => ({ object: scaleOf(next, fields), old: before }));
    const version = textAt(objectAt(scale, 'metadata'), 'resourceVersion');
    if (version !== '') ensureObject(next, 'metadata')['resourceVersion'] = version;
    return updateObject(scope, current, next, 'main');
  });
  return { kind: 'json', status: 200, body: scaleOf(viewOf(target.definition, stored), fields), headers: warningHeaders(warnings) };
}

function setReplicas(object: JsonObject, path: readonly string[], replicas: number): void {
  const owner = path.slice(0, -1).reduce<JsonObject>((parent, field) => ensureObject(parent, field), object);
  owner[path.at(-1) ?? ''] = replicas;
}

/** What the request makes of a Scale. */
function readChange(context: RestContext, request: ApiRequest): (scale: JsonObject) => JsonObject {
  if (request.method === 'PUT') {
    const wanted = decodeObject(context, request, 'Scale');
    return () => wanted;
  }
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  if (type !== operationsType && !mergeTypes.includes(type)) throw methodNotAllowed();
  const patch = context.decodeBody('application/json', request.body, 'Scale');
  request.audit?.requested(patch);
  if (type === operationsType) return (scale) => patchedByOperations(scale, patch);
  if (!isJsonObject(patch)) throw badRequest('a patch of a Scale must be an object');
  return (scale) => applyMergePatch(scale, patch) as JsonObject;
}

function patchedByOperations(scale: JsonObject, patch: unknown): JsonObject {
  try {
    return patchByOperations(scale, patch);
  } catch (error) {
    if (error instanceof PatchError) throw rejectedPatch(error.message);
    throw error;
  }
}

function renderScale(context: RestContext, { headers, query }: ApiRequest, scale: JsonObject): ApiResponse {
  const representation = parseRepresentation(headers['accept'], query);
  if (representation.kind !== 'table') return { kind: 'json', status: 200, body: scale };
  const body = tableOfOne(scale, { definition: { table: scaleTable }, representation, nowMs: context.now() });
  return { kind: 'json', status: 200, body };
}

function wantedReplicas(scale: JsonObject, name: string): number {
  const replicas = numberAt(objectAt(scale, 'spec'), 'replicas') ?? 0;
  if (Number.isInteger(replicas) && replicas >= 0) return replicas;
  throw invalid({ group: 'autoscaling', kind: 'Scale' }, name, [
    { reason: 'FieldValueInvalid', field: 'spec.replicas', value: replicas, message: 'must be greater than or equal to 0' },
  ]);
}

function scaleOf(object: Readonly<JsonObject>, fields: ScaleFields): JsonObject {
  const metadata = objectAt(object, 'metadata');
  const kept = ['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp'].map((field) => [field, metadata?.[field]]);
  return {
    kind: 'Scale',
    apiVersion: apiVersionOf({ group: 'autoscaling', version: 'v1' }),
    metadata: Object.fromEntries(kept) as JsonObject,
    spec: { replicas: valueAt(object, fields.specReplicas) ?? 0 },
    status: { replicas: valueAt(object, fields.statusReplicas) ?? 0, selector: fields.selector(object) },
  };
}
