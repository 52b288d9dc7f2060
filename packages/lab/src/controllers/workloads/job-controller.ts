/** Runs the pods of each Job until enough have succeeded or too many have failed, and keeps its status. */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { isConflict, isInvalid, isNotFound, jobsPath, podsPath } from '@weir/client';
import type { Pod } from '@weir/kube';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { NamespaceIndex } from '../namespace-index.ts';
import { completionIndexKey, indexOf, isJobEnded, type JobPlan, planJob, trackingFinalizer } from './job-plan.ts';
import { inGrowingBatches, OwnedPods, podOf } from './owned-pods.ts';
import { controllerOf, type Job, type OwnerKind, safeSuffix } from './workload.ts';

const jobKind: OwnerKind = { apiVersion: 'batch/v1', kind: 'Job' };

interface Situation {
  readonly context: ControllerContext;
  readonly pods: OwnedPods<Job>;
  readonly job: Job;
}

/** Starts the controller. */
export function startJobController(context: ControllerContext): Controller {
  const { informers, log } = context;
  const index = new NamespaceIndex<Job>();
  const jobs = informers.follow<Job>(jobsPath(), {
    upsert: (job) => {
      index.put(job);
      queue.add(objectKey(job));
    },
    remove: (job) => {
      index.delete(job);
      queue.add(objectKey(job));
    },
  });
  const pods = new OwnedPods<Job>(context, {
    kind: jobKind,
    onChange: (key) => queue.add(key),
    owners: (namespace) => index.inNamespace(namespace),
  });
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace, name } = splitObjectKey(key);
      const job = jobs.get(namespace, name);
      const abandoned = pods.ofFormerOwners(namespace ?? '', name, job?.metadata.uid);
      if (abandoned.length > 0) await uncountAbandoned(context, abandoned, { namespace: namespace ?? '', name });
      if (job === undefined) return;
      const againMs = await settle({ context, pods, job });
      if (againMs !== undefined) queue.addLater(key, againMs);
    },
    onError: (job, error) => log.warn({ job, error: String(error) }, 'a job is not settled yet'),
  });
  return { stop: () => queue.stop() };
}

/** One step; resolves to when to look again without news, in milliseconds. */
async function settle({ context, pods, job }: Situation): Promise<number | undefined> {
  const own = await pods.claim(job);
  if (job.metadata.deletionTimestamp !== undefined || isJobEnded(job)) {
    await uncount(context, own);
    return job.metadata.deletionTimestamp === undefined ? removeWhenOld(context, job) : undefined;
  }
  const ends = own.flatMap((pod) => (pod.status?.phase === 'Failed' ? finishedMs(pod) : []));
  const plan = planJob({
    job,
    pods: own,
    expected: pods.expected(job),
    lastFailureMs: ends.length === 0 ? undefined : Math.max(...ends),
    nowMs: Date.now(),
  });
  // Nothing may be counted twice: the finalizers go only when the count is stored, and a count is stored on its base only.
  if (!(await writeStatus(context, job, plan.status))) return undefined;
  await uncount(context, plan.counted);
  await inGrowingBatches(plan.remove, (pod) => pods.delete(job, pod));
  await inGrowingBatches(plan.create, (at) => pods.create(job, newPod(job, at, own)));
  tellEnd(context, job, plan);
  return plan.againMs;
}

function finishedMs(pod: Pod): number[] {
  const times = (pod.status?.containerStatuses ?? []).map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? ''));
  return times.filter((time) => !Number.isNaN(time));
}

function newPod(job: Job, at: number | undefined, own: readonly Pod[]): Pod {
  const owner = job.metadata.name ?? '';
  const suffix = safeSuffix(randomBytes(8).toString('hex'), 5);
  const pod = podOf(job.spec?.template, at === undefined ? `${owner.slice(0, 57)}-${suffix}` : `${owner.slice(0, 50)}-${at}-${suffix}`);
  const metadata = { ...pod.metadata, generateName: at === undefined ? `${owner}-` : `${owner}-${at}-`, finalizers: [trackingFinalizer] };
  if (at === undefined) return { ...pod, metadata };
  const failures = own.filter((each) => indexOf(each) === at && each.status?.phase === 'Failed').length;
  const annotations = { ...pod.metadata.annotations, [completionIndexKey]: String(at) };
  const counted = job.spec?.backoffLimitPerIndex === undefined ? {} : { 'batch.kubernetes.io/job-index-failure-count': String(failures) };
  const environment = {
    name: 'JOB_COMPLETION_INDEX',
    valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${completionIndexKey}']` } },
  };
  const spec = pod.spec ?? { containers: [] };
  return {
    ...pod,
    metadata: {
      ...metadata,
      labels: { ...pod.metadata.labels, [completionIndexKey]: String(at) },
      annotations: { ...annotations, ...counted },
    },
    spec: {
      ...spec,
      hostname: `${owner}-${at}`,
      containers: spec.containers.map((container) => ({ ...container, env: [...(container.env ?? []), environment] })),
    },
  };
}

/** Nobody counts the pods of a job that is gone: nothing may hold them. A copy may be behind, so the API server is asked. */
async function uncountAbandoned(
  context: ControllerContext,
  pods: readonly Pod[],
  job: { readonly namespace: string; readonly name: string },
): Promise<void> {
  const present = await context.client.get<Job>(jobsPath(job.namespace), job.name).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  const uid = present?.metadata.uid;
  await uncount(
    context,
    pods.filter((pod) => controllerOf(pod)?.uid !== uid),
  );
}

/** Takes the finalizer off pods, so that they can be removed. */
async function uncount(context: ControllerContext, pods: readonly Pod[]): Promise<void> {
  for (const pod of pods) {
    const { namespace, name = '', finalizers = [], resourceVersion } = pod.metadata;
    if (!finalizers.includes(trackingFinalizer)) continue;
    const patch = { metadata: { resourceVersion, finalizers: finalizers.filter((each) => each !== trackingFinalizer) } };
    try {
      await context.client.patch(podsPath(namespace), name, patch, { type: 'merge' });
    } catch (error) {
      if (isConflict(error)) throw error;
      if (!isNotFound(error) && !isInvalid(error)) throw error;
    }
  }
}

/** Whether the status is stored, on top of the one that it was computed from. */
async function writeStatus(context: ControllerContext, job: Job, status: JobPlan['status']): Promise<boolean> {
  const known: Readonly<Record<string, unknown>> = { ...job.status };
  const absent = Object.fromEntries(
    ['startTime', 'completionTime'].filter((field) => known[field] !== undefined).map((field) => [field, null]),
  );
  const wish: Readonly<Record<string, unknown>> = { ...absent, ...status };
  if (Object.entries(wish).every(([key, value]) => isDeepStrictEqual(known[key] ?? emptyOf(value), value))) return true;
  const { namespace, name = '', resourceVersion } = job.metadata;
  try {
    const patch = { metadata: { resourceVersion }, status: wish };
    await context.client.patch(jobsPath(namespace), name, patch, { type: 'merge', subresource: 'status' });
    return true;
  } catch (error) {
    // The informer will show what is newer, and bring the job back.
    if (isNotFound(error) || isConflict(error)) return false;
    throw error;
  }
}

function emptyOf(value: unknown): unknown {
  if (typeof value === 'number') return 0;
  if (Array.isArray(value)) return [];
  return typeof value === 'string' ? '' : null;
}

function tellEnd({ events }: ControllerContext, job: Job, plan: JobPlan): void {
  const ended = plan.status.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');
  if (ended?.type === 'Complete') events.record(job, { type: 'Normal', reason: 'Completed', message: 'Job completed' });
  if (ended?.type === 'Failed') {
    events.record(job, { type: 'Warning', reason: ended.reason ?? 'Failed', message: ended.message ?? 'Job failed' });
  }
}

/** A job that has ended goes after its time to live; resolves to what is left of it, in milliseconds. */
async function removeWhenOld(context: ControllerContext, job: Job): Promise<number | undefined> {
  const seconds = job.spec?.ttlSecondsAfterFinished;
  const ended = job.status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');
  if (seconds === undefined || ended === undefined) return undefined;
  const leftMs = Date.parse(ended.lastTransitionTime ?? '') + seconds * 1_000 - Date.now();
  if (leftMs > 0) return leftMs;
  const { namespace, name = '', uid } = job.metadata;
  try {
    const preconditions = uid === undefined ? {} : { preconditions: { uid } };
    await context.client.delete(jobsPath(namespace), name, { propagationPolicy: 'Foreground', ...preconditions });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
  return undefined;
}
