/** Makes the Jobs of each CronJob when they are due, removes old ones, and keeps its status (`pkg/controller/cronjob`). */

import { isDeepStrictEqual } from 'node:util';
import { cronJobsPath, isAlreadyExists, isConflict, isNotFound, jobsPath } from '@weir/client';
import { type CronSchedule, parseCronSchedule } from '@weir/kube';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { NamespaceIndex } from '../namespace-index.ts';
import { isJobEnded } from './job-plan.ts';
import { apiNow, type CronJob, controlledBy, controllerOf, type Job, type OwnerKind } from './workload.ts';

const cronJobKind: OwnerKind = { apiVersion: 'batch/v1', kind: 'CronJob' };
const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

/** Missed times are counted up to this many; with more, the reference only warns. */
const missedMax = 100;

/** The longest sleep of a timer; Node's own end at 24.8 days. */
const longestSleepMs = 3_600_000;

interface Situation {
  readonly context: ControllerContext;
  readonly cron: CronJob;
  readonly jobs: readonly Job[];
}

/** Starts the controller. */
export function startCronJobController(context: ControllerContext): Controller {
  const { informers, log } = context;
  const jobs = new NamespaceIndex<Job>();
  const touchOwner = (job: Job): void => {
    const owner = controllerOf(job);
    if (owner?.kind === cronJobKind.kind) queue.add(`${job.metadata.namespace ?? ''}/${owner.name}`);
  };
  const crons = informers.follow<CronJob>(cronJobsPath(), { upsert: (cron) => queue.add(objectKey(cron)), remove: () => undefined });
  informers.follow<Job>(jobsPath(), {
    upsert: (job) => {
      jobs.put(job);
      touchOwner(job);
    },
    remove: (job) => {
      jobs.delete(job);
      touchOwner(job);
    },
  });
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace = '', name } = splitObjectKey(key);
      const cron = crons.get(namespace, name);
      if (cron === undefined || cron.metadata.deletionTimestamp !== undefined) return;
      const own = [...jobs.inNamespace(namespace)].filter((job) => controllerOf(job)?.uid === cron.metadata.uid);
      const againMs = await settle({ context, cron, jobs: own });
      if (againMs !== undefined) queue.addLater(key, Math.min(againMs, longestSleepMs));
    },
    onError: (cron, error) => log.warn({ cron, error: String(error) }, 'a cron job is not settled yet'),
  });
  return { stop: () => queue.stop() };
}

/** One step; resolves to when the next job is due, in milliseconds. */
async function settle({ context, cron, jobs }: Situation): Promise<number | undefined> {
  await removeOld(context, cron, jobs);
  const active = jobs.filter((job) => !isJobEnded(job));
  const schedule = parseCronSchedule(cron.spec?.schedule ?? '');
  const nowMs = Date.now();
  const due = typeof schedule === 'string' || cron.spec?.suspend === true ? undefined : dueAt(context, { cron, schedule, nowMs });
  let made: Job | undefined;
  if (due !== undefined && (await mayStart(context, cron, active))) made = await createJob(context, cron, due);
  const startedMs = made === undefined ? undefined : due;
  await writeStatus(context, cron, { active: made === undefined ? active : [...active, made], jobs, startedMs });
  if (typeof schedule === 'string' || cron.spec?.suspend === true) return undefined;
  const next = schedule.nextAfter(nowMs, cron.spec?.timeZone);
  return next === undefined ? undefined : next - nowMs;
}

/** The last time that has come and has not been served; undefined when none has, or when it is too late for it. */
function dueAt(
  { events }: ControllerContext,
  { cron, schedule, nowMs }: { cron: CronJob; schedule: CronSchedule; nowMs: number },
): number | undefined {
  const { startingDeadlineSeconds: deadline, timeZone } = cron.spec ?? {};
  const since = Date.parse(cron.status?.lastScheduleTime ?? cron.metadata.creationTimestamp ?? '');
  const earliest = deadline === undefined ? since : Math.max(since, nowMs - deadline * 1_000);
  let due: number | undefined;
  let missed = 0;
  for (let at = schedule.nextAfter(earliest, timeZone); at !== undefined && at <= nowMs; at = schedule.nextAfter(at, timeZone)) {
    due = at;
    missed += 1;
    if (missed <= missedMax) continue;
    const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
    events.record(cron, { type: 'Warning', reason: 'TooManyMissedTimes', message });
    // Far behind: what is due is the last time before now, found from close by.
    const last = schedule.nextAfter(nowMs - 60_000, timeZone);
    return last !== undefined && last <= nowMs ? last : due;
  }
  return due;
}

/** Whether a job may be started beside those that run; with Replace those are removed. */
async function mayStart(context: ControllerContext, cron: CronJob, active: readonly Job[]): Promise<boolean> {
  if (active.length === 0) return true;
  switch (cron.spec?.concurrencyPolicy ?? 'Allow') {
    case 'Forbid':
      context.events.record(cron, {
        type: 'Normal',
        reason: 'JobAlreadyActive',
        message: 'Not starting job because prior execution is running and concurrency policy is Forbid',
      });
      return false;
    case 'Replace':
      for (const job of active) await removeJob(context, cron, job);
      return true;
    default:
      return true;
  }
}

async function createJob(context: ControllerContext, cron: CronJob, dueMs: number): Promise<Job | undefined> {
  const { namespace = '', name = '' } = cron.metadata;
  const template = cron.spec?.jobTemplate;
  const job: Job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      // The time in the name makes a second job for it impossible.
      name: `${name}-${Math.trunc(dueMs / 60_000)}`,
      namespace,
      labels: { ...template?.metadata?.labels },
      annotations: { ...template?.metadata?.annotations, [scheduledAnnotation]: apiNow(dueMs) },
      ownerReferences: [controlledBy(cron, cronJobKind)],
    },
    spec: template?.spec ?? {},
  };
  try {
    const made = await context.client.create<Job>(jobsPath(namespace), job);
    context.events.record(cron, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created job ${job.metadata.name ?? ''}` });
    return made;
  } catch (error) {
    if (isAlreadyExists(error)) return undefined;
    const message = `Error creating job: ${error instanceof Error ? error.message : String(error)}`;
    context.events.record(cron, { type: 'Warning', reason: 'FailedCreate', message });
    throw error;
  }
}

async function removeJob(context: ControllerContext, cron: CronJob, job: Job): Promise<void> {
  const { namespace, name = '' } = job.metadata;
  try {
    await context.client.delete(jobsPath(namespace), name, { propagationPolicy: 'Background' });
    context.events.record(cron, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted job ${name}` });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function removeOld(context: ControllerContext, cron: CronJob, jobs: readonly Job[]): Promise<void> {
  const ended = (type: string): readonly Job[] =>
    jobs
      .filter((job) => job.status?.conditions?.some((each) => each.type === type && each.status === 'True'))
      .toSorted((a, b) => ((a.status?.startTime ?? '') < (b.status?.startTime ?? '') ? -1 : 1));
  for (const [type, limit] of [
    ['Complete', cron.spec?.successfulJobsHistoryLimit ?? 3],
    ['Failed', cron.spec?.failedJobsHistoryLimit ?? 1],
  ] as const) {
    const all = ended(type);
    for (const job of all.slice(0, Math.max(0, all.length - limit))) await removeJob(context, cron, job);
  }
}

async function writeStatus(
  { client }: ControllerContext,
  cron: CronJob,
  { active, jobs, startedMs }: { active: readonly Job[]; jobs: readonly Job[]; startedMs: number | undefined },
): Promise<void> {
  const successes = jobs.flatMap(({ status }) => (status?.completionTime === undefined ? [] : [status.completionTime])).toSorted();
  const lastSuccess = successes.at(-1) ?? cron.status?.lastSuccessfulTime;
  const status = {
    active: active.map(({ metadata }) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid,
    })),
    ...(startedMs === undefined ? {} : { lastScheduleTime: apiNow(startedMs) }),
    ...(lastSuccess === undefined ? {} : { lastSuccessfulTime: lastSuccess }),
  };
  const known: Readonly<Record<string, unknown>> = { active: [], ...cron.status };
  const namesOf = (list: unknown): unknown => (list as readonly { uid?: string }[]).map(({ uid }) => uid);
  const isSame = Object.entries(status).every(([key, value]) =>
    key === 'active' ? isDeepStrictEqual(namesOf(known[key]), namesOf(value)) : known[key] === value,
  );
  if (isSame) return;
  try {
    await client.patch(
      cronJobsPath(cron.metadata.namespace),
      cron.metadata.name ?? '',
      { status },
      { type: 'merge', subresource: 'status' },
    );
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
