/**
 * What is to happen to a Job now: values in, values out (`pkg/controller/job/job_controller.go`).
 *
 * Each pod carries a finalizer until its end has been counted in the status, so that a pod that is
 * deleted meanwhile is neither lost nor counted twice.
 */
import type { Condition, Pod } from '@weir/kube';
import { formatIndexes, parseIndexes } from './index-ranges.ts';
import { apiNow, isPodActive, isPodReady, type Job, type JobSpec, type PodFailurePolicyRule } from './workload.ts';

/** The finalizer of a pod whose end is not counted yet. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';

/** The annotation and the label of an indexed job's pod. */
export const completionIndexKey = 'batch.kubernetes.io/job-completion-index';

/** Time between a failure and the next try: the first, doubled with each, the longest. */
const backoff = { firstMs: 10_000, longestMs: 600_000 } as const;

/** A job and its pods, those whose end is not counted yet and all that run. */
export interface JobState {
  readonly job: Job;
  readonly pods: readonly Pod[];
  /** Pods that were made and have not been seen yet. */
  readonly expected: number;
  /** When the last pod failed, in milliseconds since the epoch; undefined when none has. */
  readonly lastFailureMs: number | undefined;
  readonly nowMs: number;
}

/** What to do; `status` is written before finalizers are taken away. */
export interface JobPlan {
  readonly status: NonNullable<Job['status']>;
  /** Pods whose end `status` counts: their finalizer goes. */
  readonly counted: readonly Pod[];
  readonly remove: readonly Pod[];
  /** The index of each pod to make; undefined when the job has no indexes. */
  readonly create: readonly (number | undefined)[];
  /** When to look again without news, in milliseconds. */
  readonly againMs: number | undefined;
}

/** Plans the next step of a job that has not ended. */
export function planJob(state: JobState): JobPlan {
  const { job, pods, nowMs } = state;
  const spec = job.spec ?? {};
  const count = countEnds(state);
  const active = pods.filter(isPodActive);
  const startTime = job.status?.startTime ?? (spec.suspend === true ? undefined : apiNow(nowMs));
  const counts = {
    ...(startTime === undefined ? {} : { startTime }),
    active: active.length,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined && !count.ended.includes(pod)).length,
    succeeded: count.succeeded,
    failed: count.failed,
    ...(isIndexed(spec) ? { completedIndexes: formatIndexes(count.completed) } : {}),
    ...(spec.backoffLimitPerIndex === undefined ? {} : { failedIndexes: formatIndexes(count.failedIndexes) }),
  };
  const ending = endOf(state, count, startTime);
  if (ending !== undefined) {
    const isGone = active.length === 0 && counts.terminating === 0;
    const conditions = withConditions(job, isGone ? [ending.interim, ending.final] : [ending.interim], nowMs);
    const completionTime = isGone && ending.final.type === 'Complete' ? { completionTime: apiNow(nowMs) } : {};
    return { status: { ...counts, ...completionTime, conditions }, counted: count.ended, remove: active, create: [], againMs: undefined };
  }
  if (spec.suspend === true) {
    const conditions = withConditions(
      job,
      [{ type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' }],
      nowMs,
    );
    const { startTime: _start, ...rest } = counts;
    return { status: { ...rest, conditions }, counted: count.ended, remove: active, create: [], againMs: undefined };
  }
  const wasSuspended = job.status?.conditions?.some(({ type, status }) => type === 'Suspended' && status === 'True') === true;
  const conditions = wasSuspended
    ? withConditions(job, [{ type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' }], nowMs)
    : (job.status?.conditions ?? []);
  const restarted = wasSuspended ? { ...counts, startTime: apiNow(nowMs) } : counts;
  const next = planPods(state, count, active);
  const deadlineMs = deadlineInMs(spec, restarted.startTime, nowMs);
  const waits = [next.againMs, deadlineMs].filter((wait) => wait !== undefined);
  return {
    status: { ...restarted, conditions },
    counted: count.ended,
    remove: next.remove,
    create: next.create,
    againMs: waits.length === 0 ? undefined : Math.min(...waits),
  };
}

/** Whether the job has ended, one way or the other. */
export function isJobEnded(job: Job): boolean {
  return job.status?.conditions?.some(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True') ?? false;
}

/** The index of a pod of an indexed job. */
export function indexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[completionIndexKey];
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

interface Count {
  readonly ended: readonly Pod[];
  readonly succeeded: number;
  readonly failed: number;
  readonly completed: ReadonlySet<number>;
  readonly failedIndexes: ReadonlySet<number>;
  /** A failure that ends the job at once, by its policy. */
  readonly fatal: string | undefined;
}

function countEnds({ job, pods }: JobState): Count {
  const spec = job.spec ?? {};
  const completed = parseIndexes(job.status?.completedIndexes);
  const failedIndexes = parseIndexes(job.status?.failedIndexes);
  let succeeded = isIndexed(spec) ? completed.size : (job.status?.succeeded ?? 0);
  let failed = job.status?.failed ?? 0;
  let fatal: string | undefined;
  const ended = pods.filter((pod) => hasEnded(pod) && pod.metadata.finalizers?.includes(trackingFinalizer) === true);
  for (const pod of ended) {
    const index = indexOf(pod);
    if (pod.status?.phase === 'Succeeded') {
      if (!isIndexed(spec)) succeeded += 1;
      else if (index !== undefined && index < (spec.completions ?? 0) && !completed.has(index)) {
        completed.add(index);
        succeeded += 1;
      }
      continue;
    }
    const action = actionOn(pod, spec.podFailurePolicy?.rules ?? []);
    if (action?.action === 'Ignore') continue;
    failed += 1;
    if (action?.action === 'FailJob') fatal ??= action.message;
    if (index === undefined || spec.backoffLimitPerIndex === undefined) continue;
    if (action?.action === 'FailIndex' || failuresOf(pod) >= spec.backoffLimitPerIndex) failedIndexes.add(index);
  }
  return { ended, succeeded, failed, completed, failedIndexes, fatal };
}

/** A pod that is deleted before it ended counts as failed once it is being deleted and runs no more. */
function hasEnded(pod: Pod): boolean {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') return true;
  if (pod.metadata.deletionTimestamp === undefined) return false;
  const neverRan = phase === undefined || (phase === 'Pending' && (pod.spec?.nodeName ?? '') === '');
  return neverRan || (pod.metadata.deletionGracePeriodSeconds ?? 0) === 0;
}

/** How often this index has failed before this pod. */
function failuresOf(pod: Pod): number {
  return Number(pod.metadata.annotations?.['batch.kubernetes.io/job-index-failure-count'] ?? 0);
}

function actionOn(pod: Pod, rules: readonly PodFailurePolicyRule[]): { readonly action: string; readonly message: string } | undefined {
  for (const [i, rule] of rules.entries()) {
    const { onExitCodes, onPodConditions } = rule;
    const where = `${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`;
    const all = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    const exit = all.find(({ name, state }) => {
      const code = state?.terminated?.exitCode;
      if (onExitCodes === undefined || code === undefined || code === 0) return false;
      if (onExitCodes.containerName !== undefined && onExitCodes.containerName !== name) return false;
      return (onExitCodes.values ?? []).includes(code) === (onExitCodes.operator === 'In');
    });
    if (exit !== undefined) {
      const code = exit.state?.terminated?.exitCode ?? 0;
      const message = `Container ${exit.name} for pod ${where} failed with exit code ${code} matching ${rule.action} rule at index ${i}`;
      return { action: rule.action, message };
    }
    const condition = (onPodConditions ?? []).find((wanted) =>
      pod.status?.conditions?.some(({ type, status }) => type === wanted.type && status === (wanted.status ?? 'True')),
    );
    if (condition !== undefined) {
      return { action: rule.action, message: `Pod ${where} has condition ${condition.type} matching ${rule.action} rule at index ${i}` };
    }
  }
  return undefined;
}

type Wish = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** Why the job is to end now, as the condition of before its pods are gone and the one of after. */
function endOf(
  { job, nowMs }: JobState,
  count: Count,
  startTime: string | undefined,
): { readonly interim: Wish; readonly final: Wish } | undefined {
  const spec = job.spec ?? {};
  const fail = (reason: string, message: string): { interim: Wish; final: Wish } => ({
    interim: { type: 'FailureTarget', status: 'True', reason, message },
    final: { type: 'Failed', status: 'True', reason, message },
  });
  const known = job.status?.conditions?.find(({ type, status }) => type === 'FailureTarget' && status === 'True');
  if (known !== undefined) return fail(known.reason ?? '', known.message ?? '');
  if (count.fatal !== undefined) return fail('PodFailurePolicy', count.fatal);
  if (count.failed > (spec.backoffLimit ?? 6)) return fail('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  if (deadlineInMs(spec, startTime, nowMs) === 0) return fail('DeadlineExceeded', 'Job was active longer than specified deadline');
  if (spec.maxFailedIndexes !== undefined && count.failedIndexes.size > spec.maxFailedIndexes) {
    return fail('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
  }
  const isComplete = isIndexed(spec)
    ? count.completed.size + count.failedIndexes.size >= (spec.completions ?? 0)
    : count.succeeded >= (spec.completions ?? 1) && spec.completions !== undefined;
  const isQueueDone = spec.completions === undefined && count.succeeded > 0;
  if (!isComplete && !isQueueDone) return undefined;
  if (count.failedIndexes.size > 0) return fail('FailedIndexes', 'Job has failed indexes');
  const words = { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
  return { interim: { type: 'SuccessCriteriaMet', status: 'True', ...words }, final: { type: 'Complete', status: 'True', ...words } };
}

function deadlineInMs(spec: JobSpec, startTime: string | undefined, nowMs: number): number | undefined {
  if (spec.activeDeadlineSeconds === undefined || startTime === undefined || spec.suspend === true) return undefined;
  return Math.max(0, Date.parse(startTime) + spec.activeDeadlineSeconds * 1_000 - nowMs);
}

function planPods(
  { job, pods, expected, lastFailureMs, nowMs }: JobState,
  count: Count,
  active: readonly Pod[],
): { readonly create: readonly (number | undefined)[]; readonly remove: readonly Pod[]; readonly againMs: number | undefined } {
  const spec = job.spec ?? {};
  const parallelism = spec.parallelism ?? 1;
  const left = spec.completions === undefined ? parallelism : spec.completions - count.succeeded - count.failedIndexes.size;
  const wanted = spec.completions === undefined && count.succeeded > 0 ? active.length : Math.max(0, Math.min(parallelism, left));
  if (active.length > wanted) return { create: [], remove: active.slice(wanted), againMs: undefined };
  // Pods on their way out hold their place where only failed pods are replaced.
  const leaving = spec.podReplacementPolicy === 'Failed' ? pods.filter((pod) => !isPodActive(pod) && !hasEnded(pod)).length : 0;
  const missing = wanted - active.length - expected - leaving;
  if (missing <= 0) return { create: [], remove: [], againMs: undefined };
  const waitMs = backoffInMs(count.failed, lastFailureMs, nowMs);
  if (waitMs > 0) return { create: [], remove: [], againMs: waitMs };
  if (!isIndexed(spec)) return { create: Array.from({ length: missing }, () => undefined), remove: [], againMs: undefined };
  const taken = new Set(active.map(indexOf));
  const free: number[] = [];
  for (let index = 0; index < (spec.completions ?? 0) && free.length < missing; index++) {
    if (!count.completed.has(index) && !count.failedIndexes.has(index) && !taken.has(index)) free.push(index);
  }
  return { create: free, remove: [], againMs: undefined };
}

function backoffInMs(failures: number, lastFailureMs: number | undefined, nowMs: number): number {
  if (failures === 0 || lastFailureMs === undefined) return 0;
  return Math.max(0, lastFailureMs + Math.min(backoff.longestMs, backoff.firstMs * 2 ** (failures - 1)) - nowMs);
}

function isIndexed(spec: JobSpec): boolean {
  return spec.completionMode === 'Indexed';
}

function withConditions(job: Job, wishes: readonly Wish[], nowMs: number): readonly Condition[] {
  const now = apiNow(nowMs);
  const kept = (job.status?.conditions ?? []).filter(({ type }) => !wishes.some((wish) => wish.type === type));
  const made = wishes.map((wish) => {
    const known = job.status?.conditions?.find(({ type, status }) => type === wish.type && status === wish.status);
    return known ?? { ...wish, lastProbeTime: now, lastTransitionTime: now };
  });
  return [...kept, ...made];
}
