/** `scale`: the number of replicas of an object as an object of its own (autoscaling/v1 Scale). */
import {
  apiVersionOf,
  ensureObject,
  type JsonObject,
  numberAt,
  objectAt,
  type ScaleFields,
  scaleResource,
  textAt,
  valueAt,
} from '@weir/kube';
import { defined } from '@weir/net';
import { admittedWrite } from '../admission/admitted-write.ts';
import { invalid, notFound } from '../errors/api-error.ts';
import { type ScaleNames, setManagersOfScale, takeManagersOfScale } from '../patch/scale-managers.ts';
import { applyServerSide } from '../patch/server-side-apply.ts';
import type { ApiRequest, ApiResponse } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import { copyOf, viewOf } from '../table/encoded-view.ts';
import { tableOfOne } from '../table/render-object.ts';
import { assertActionAdmitted } from './admit-object.ts';
import { appliedObject, patchedObject, readPatch } from './patch-body.ts';
import { currentObject } from './present-object.ts';
import { readObject, warningHeaders } from './read-body.ts';
import { parseRepresentation } from './representation.ts';
import { keyOf, type RestContext, subjectOf } from './rest-context.ts';
import { updateObject } from './store-object.ts';
import { parseWriteOptions, type WriteOptions } from './write-options.ts';
import { recordOf } from './write-verbs.ts';

/** GET, PUT or PATCH of …/scale. */
export async function scaleVerb(context: RestContext, target: ResourceTarget, request: ApiRequest): Promise<ApiResponse> {
  const fields = defined(target.definition.scale, 'a kind with this subresource says where the numbers stand');
  if (request.method === 'GET') {
    const object = context.store.get(keyOf(target.definition, target.namespace, target.name));
    if (object === undefined) throw notFound(subjectOf(target));
    return renderScale(context, request, scaleOf(viewOf(target.definition, object), fields));
  }
  const change = readChange(context, target, request);
  const names = { path: fields.specReplicas, apiVersion: apiVersionOf(target.definition), scaleApiVersion: apiVersionOf(scaleResource) };
  let own: string[] = [];
  const { value: stored, warnings } = await admittedWrite(context, request.audit, (attempt) => {
    own = [];
    const scope = { ...attempt, target: { ...target, subresource: '' }, dryRun: change.options.dryRun };
    const current = currentObject(scope);
    const next = copyOf(target.definition, current);
    const before = scaleOf(next, fields);
    const scale = change.of(scaleOf(next, fields), { context: attempt.context, object: next, names, warnings: own });
    setReplicas(next, fields.specReplicas, wantedReplicas(scale, target.name));
    assertActionAdmitted({ ...scope, target, user: request.user }, 'UPDATE', () => ({ object: scaleOf(next, fields), old: before }));
    const version = textAt(objectAt(scale, 'metadata'), 'resourceVersion');
    if (version !== '') ensureObject(next, 'metadata')['resourceVersion'] = version;
    // An apply has said already whose the number is.
    const record = change.isApply ? {} : { record: recordOf(attempt.context, target, change.options) };
    return updateObject({ ...scope, ...record }, current, next, 'main');
  });
  const headers = warningHeaders([...own, ...warnings]);
  return { kind: 'json', status: 200, body: scaleOf(viewOf(target.definition, stored), fields), headers };
}

/** What is scaled, how it calls the number, and where warnings go. */
interface Scaled {
  /** That of the attempt: its clock stands still. */
  readonly context: RestContext;
  readonly object: JsonObject;
  readonly names: ScaleNames;
  readonly warnings: string[];
}

interface ScaleChange {
  readonly options: WriteOptions;
  readonly isApply: boolean;
  /** What the request makes of a Scale; an apply records its managers in what is scaled. */
  of(scale: JsonObject, scaled: Scaled): JsonObject;
}

function readChange(context: RestContext, target: ResourceTarget, request: ApiRequest): ScaleChange {
  if (request.method === 'PUT') {
    const { object, warnings: found } = readObject(context, scaleResource, request);
    const replaced: ScaleChange['of'] = (_scale, { warnings }) => {
      warnings.push(...found);
      return object;
    };
    return { options: parseWriteOptions(request, { kind: 'UpdateOptions' }), isApply: false, of: replaced };
  }
  const scaleTarget = { ...target, definition: scaleResource };
  const body = readPatch(context, scaleTarget, request);
  const { options, isApply } = body;
  const patched: ScaleChange['of'] = (scale, { warnings }) => patchedObject(body, scale, scaleResource, warnings);
  const applied: ScaleChange['of'] = (live, { context: standing, object, names, warnings }) => {
    const { status: _status, ...wanted } = appliedObject(body, scaleTarget, warnings);
    setManagersOfScale(live, object, names);
    const record = { ...recordOf(standing, target, options), definition: scaleResource };
    const scale = applyServerSide({ record, applied: wanted, live, force: options.force });
    takeManagersOfScale(object, scale, names);
    return scale;
  };
  return { options, isApply, of: isApply ? applied : patched };
}

function setReplicas(object: JsonObject, path: readonly string[], replicas: number): void {
  const owner = path.slice(0, -1).reduce<JsonObject>((parent, field) => ensureObject(parent, field), object);
  owner[path.at(-1) ?? ''] = replicas;
}

function renderScale(context: RestContext, { headers, query }: ApiRequest, scale: JsonObject): ApiResponse {
  const representation = parseRepresentation(headers['accept'], query);
  if (representation.kind !== 'table') return { kind: 'json', status: 200, body: scale };
  const body = tableOfOne(scale, { definition: scaleResource, representation, nowMs: context.now() });
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
    apiVersion: apiVersionOf(scaleResource),
    metadata: Object.fromEntries(kept.filter(([, value]) => value !== undefined)) as JsonObject,
    spec: { replicas: valueAt(object, fields.specReplicas) ?? 0 },
    status: { replicas: valueAt(object, fields.statusReplicas) ?? 0, selector: fields.selector(object) },
  };
}
