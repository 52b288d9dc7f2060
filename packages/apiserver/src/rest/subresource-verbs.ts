/** Subresources that are actions: binding, eviction, log, scale; exec, attach and portforward need an upgrade. */
import { ensureObject, type JsonObject, objectAt, objectsAt, textAt } from '@weir/kube';
import { admittedWrite } from '../admission/admitted-write.ts';
import { badRequest, conflict, pathNotFound } from '../errors/api-error.ts';
import type { ApiRequest, ApiResponse } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import { assertActionAdmitted } from './admit-object.ts';
import { evictPod } from './evict-pod.ts';
import { podLog } from './pod-log.ts';
import { currentObject } from './present-object.ts';
import { decodeObject } from './read-body.ts';
import { apiTime, createdStatus, keyOf, type RestContext, subjectOf } from './rest-context.ts';
import { scaleVerb } from './scale-verb.ts';
import { tokenVerb } from './token-verb.ts';
import { parseWriteOptions } from './write-options.ts';
import type { WriteScope } from './write-scope.ts';

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
    case 'token':
      return tokenVerb(context, target, request);
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
  const { dryRun } = parseWriteOptions(request, { kind: 'CreateOptions' });
  const binding = decodeObject(context, request, 'Binding');
  const node = textAt(objectAt(binding, 'target'), 'name');
  if (node === '') throw badRequest('Binding.target.name: Required value');
  await admittedWrite(context, request.audit, (attempt) => {
    const scope: WriteScope = { ...attempt, target, dryRun, user: request.user };
    const pod = currentObject(scope).copy();
    assertMeant(target, objectAt(binding, 'metadata'), objectAt(pod, 'metadata'));
    assertActionAdmitted(scope, 'CREATE', () => ({ object: binding }));
    const spec = ensureObject(pod, 'spec');
    const bound = textAt(spec, 'nodeName');
    const subject = { ...subjectOf(target), plural: 'pods/binding' };
    if (bound !== '') throw conflict(subject, `pod ${target.name} is already assigned to node ${JSON.stringify(bound)}`);
    if (textAt(objectAt(pod, 'metadata'), 'deletionTimestamp') !== '') {
      throw conflict(subject, `pod ${target.name} is being deleted, cannot be assigned to a host`);
    }
    spec['nodeName'] = node;
    setCondition(pod, { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: apiTime(attempt.context.now()) });
    if (!scope.dryRun) attempt.transaction.put(keyOf(target.definition, target.namespace, target.name), pod);
  });
  return createdStatus();
}

/** A binding that names a uid or a version is for that pod, in that version. */
function assertMeant(target: ResourceTarget, wanted: JsonObject | undefined, present: JsonObject | undefined): void {
  for (const [field, name] of [
    ['uid', 'UID'],
    ['resourceVersion', 'ResourceVersion'],
  ] as const) {
    const [one, other] = [textAt(wanted, field), textAt(present, field)];
    if (one === '' || one === other) continue;
    const why = `Precondition failed: ${name} in precondition: ${one}, ${name} in object meta: ${other}`;
    throw conflict({ ...subjectOf(target), plural: 'pods/binding' }, why);
  }
}

function setCondition(object: JsonObject, condition: JsonObject): void {
  const status = ensureObject(object, 'status');
  const others = objectsAt(status, 'conditions').filter((present) => present['type'] !== condition['type']);
  status['conditions'] = [...others, condition];
}
