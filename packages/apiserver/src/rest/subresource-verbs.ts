/** Subresources that are actions: binding, eviction, log; exec, attach and portforward need an upgrade. */
import { ensureObject, type JsonObject, objectAt, objectsAt, type Status, textAt } from '@weir/kube';
import { badRequest, conflict, pathNotFound } from '../errors/api-error.ts';
import type { ApiRequest, ApiResponse } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import { deleteObject, parseDeleteOptions } from './delete-verbs.ts';
import { podLog } from './pod-log.ts';
import { decodeObject } from './read-body.ts';
import { apiTime, keyOf, type RestContext, subjectOf } from './rest-context.ts';
import { scaleVerb } from './scale-verb.ts';
import { currentObject, type WriteScope } from './store-object.ts';

/** Answers a request for an action; the method has been checked against the subresource's verbs. */
export async function subresourceVerb(context: RestContext, target: ResourceTarget, request: ApiRequest): Promise<ApiResponse> {
  switch (target.subresource) {
    case 'binding':
      return bindPod(context, target, request);
    case 'eviction':
      return evictPod(context, target, request);
    case 'log':
      return podLog(context, target, request);
    case 'scale':
      return scaleVerb(context, target, request);
    case 'exec':
    case 'attach':
    case 'portforward':
      throw badRequest('Upgrade request required');
    default:
      throw pathNotFound();
  }
}

/** POST …/binding: the scheduler's decision. */
async function bindPod(context: RestContext, target: ResourceTarget, request: ApiRequest): Promise<ApiResponse> {
  const binding = decodeObject(context, request, 'Binding');
  const node = textAt(objectAt(binding, 'target'), 'name');
  if (node === '') throw badRequest('Binding.target.name: Required value');
  await context.store.write((transaction) => {
    const scope: WriteScope = { context, transaction, target, dryRun: request.query.get('dryRun') === 'All' };
    const pod = currentObject(scope).copy();
    const spec = ensureObject(pod, 'spec');
    const bound = textAt(spec, 'nodeName');
    const subject = { ...subjectOf(target), plural: 'pods/binding' };
    if (bound !== '') throw conflict(subject, `pod ${target.name} is already assigned to node ${JSON.stringify(bound)}`);
    if (textAt(objectAt(pod, 'metadata'), 'deletionTimestamp') !== '') {
      throw conflict(subject, `pod ${target.name} is being deleted, cannot be assigned to a host`);
    }
    spec['nodeName'] = node;
    setCondition(pod, { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: apiTime(context.now()) });
    if (!scope.dryRun) transaction.put(keyOf(target.definition, target.namespace, target.name), pod);
  });
  return success(201);
}

/** POST …/eviction: a deletion that a disruption budget could refuse (there are none here yet). */
async function evictPod(context: RestContext, target: ResourceTarget, request: ApiRequest): Promise<ApiResponse> {
  const eviction = request.body.length === 0 ? {} : decodeObject(context, request, 'Eviction');
  const inner = objectAt(eviction, 'deleteOptions') ?? {};
  const options = parseDeleteOptions(context, {
    ...request,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(inner)),
  });
  await context.store.write((transaction) => deleteObject({ context, transaction, target, dryRun: options.dryRun }, options));
  return success(201);
}

function setCondition(object: JsonObject, condition: JsonObject): void {
  const status = ensureObject(object, 'status');
  const others = objectsAt(status, 'conditions').filter((present) => present['type'] !== condition['type']);
  status['conditions'] = [...others, condition];
}

function success(code: number): ApiResponse {
  const body: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code };
  return { kind: 'json', status: code, body };
}
