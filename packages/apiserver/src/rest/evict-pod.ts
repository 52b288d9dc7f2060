/**
 * POST …/eviction: a deletion that a PodDisruptionBudget may refuse (`pkg/registry/core/pod/storage/eviction.go`).
 *
 * The budget's status says how many pods may go; each eviction takes one of them in the same transaction
 * as the deletion, so that two of them cannot use the same one.
 */
import {
  ensureObject,
  isTerminating,
  type JsonObject,
  matchesLabelSelector,
  numberAt,
  objectAt,
  objectsAt,
  stringMap,
  textAt,
} from '@weir/kube';
import { admittedWrite } from '../admission/admitted-write.ts';
import { failure, tooManyRequests } from '../errors/api-error.ts';
import type { ApiRequest, ApiResponse } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import type { StoredObject } from '../storage/encoded-object.ts';
import { assertActionAdmitted } from './admit-object.ts';
import { deleteObject, parseDeleteOptions } from './delete-verbs.ts';
import { currentObject } from './present-object.ts';
import { decodeObject } from './read-body.ts';
import { apiTime, createdStatus, type RestContext } from './rest-context.ts';
import type { WriteScope } from './write-scope.ts';

const budgetsResource = 'poddisruptionbudgets.policy';
const refusal = "Cannot evict pod as it would violate the pod's disruption budget.";

/** Evictions that have not been seen yet; more at a time are refused. */
const disruptedPodsMax = 2_000;

/** How long a client is to wait for a budget that is not up to date. */
const retrySeconds = 10;

/** Evicts a pod, or throws 429 with the budget that forbids it. */
export async function evictPod(context: RestContext, target: ResourceTarget, request: ApiRequest): Promise<ApiResponse> {
  const eviction = request.body.length === 0 ? {} : decodeObject(context, request, 'Eviction');
  const inner = objectAt(eviction, 'deleteOptions') ?? {};
  const options = parseDeleteOptions(context, {
    ...request,
    audit: undefined,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(inner)),
  });
  await admittedWrite(context, request.audit, (attempt) => {
    const scope: WriteScope = { ...attempt, target, dryRun: options.dryRun };
    const pod = currentObject(scope).json;
    assertActionAdmitted({ ...scope, user: request.user }, 'CREATE', () => ({ object: eviction }));
    if (!mayGoAnyway(pod)) takeFromBudget(scope, pod);
    deleteObject(scope, options);
  });
  return createdStatus();
}

/** Pods that serve nobody yet, or no more, are no loss. */
function mayGoAnyway(pod: Readonly<JsonObject>): boolean {
  const phase = textAt(objectAt(pod, 'status'), 'phase');
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || isTerminating(pod);
}

function takeFromBudget(scope: WriteScope, pod: Readonly<JsonObject>): void {
  const { transaction, target, context, dryRun } = scope;
  const labels = stringMap(objectAt(pod, 'metadata'), 'labels');
  const all = Array.from(transaction.list({ resource: budgetsResource, namespace: target.namespace })).filter(({ object }) => {
    const selector = objectAt(objectAt(object.json, 'spec'), 'selector');
    return selector !== undefined && matchesLabelSelector(selector, labels);
  });
  const [budget, another] = all;
  if (another !== undefined) {
    const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    throw failure({ code: 500, reason: 'InternalError', message });
  }
  if (budget === undefined || (!isReady(pod) && mayLoseUnready(budget.object.json))) return;
  assertAllows(budget, target.name);
  const next = budget.object.copy();
  const status = ensureObject(next, 'status');
  status['disruptionsAllowed'] = (numberAt(status, 'disruptionsAllowed') ?? 0) - 1;
  ensureObject(status, 'disruptedPods')[target.name] = apiTime(context.now());
  if (!dryRun) transaction.put(budget.key, next);
}

/** What a pod that is not ready counts for: nothing, where the budget's healthy pods are enough, or where it says so. */
function mayLoseUnready(budget: Readonly<JsonObject>): boolean {
  const status = objectAt(budget, 'status');
  const desired = numberAt(status, 'desiredHealthy') ?? 0;
  if (textAt(objectAt(budget, 'spec'), 'unhealthyPodEvictionPolicy') === 'AlwaysAllow') return true;
  return desired > 0 && (numberAt(status, 'currentHealthy') ?? 0) >= desired;
}

function assertAllows({ key, object }: StoredObject, pod: string): void {
  const status = objectAt(object.json, 'status');
  const observed = numberAt(status, 'observedGeneration') ?? 0;
  if (observed < (numberAt(objectAt(object.json, 'metadata'), 'generation') ?? 0)) {
    const message = `The disruption budget ${key.name} is still being processed by the server.`;
    throw tooManyRequests(refusal, [{ reason: 'DisruptionBudget', message }], retrySeconds);
  }
  const disrupted = objectAt(status, 'disruptedPods') ?? {};
  if (Object.keys(disrupted).length > disruptedPodsMax)
    throw tooManyRequests('DisruptedPods map too big - too many evictions not confirmed by PDB controller', []);
  if (Object.hasOwn(disrupted, pod) || (numberAt(status, 'disruptionsAllowed') ?? 0) > 0) return;
  const desired = numberAt(status, 'desiredHealthy') ?? 0;
  const current = numberAt(status, 'currentHealthy') ?? 0;
  const message = `The disruption budget ${key.name} needs ${desired} healthy pods and has ${current} currently`;
  throw tooManyRequests(refusal, [{ reason: 'DisruptionBudget', message }]);
}

function isReady(pod: Readonly<JsonObject>): boolean {
  return objectsAt(objectAt(pod, 'status'), 'conditions').some(({ type, status }) => type === 'Ready' && status === 'True');
}
