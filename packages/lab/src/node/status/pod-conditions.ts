/** The conditions of a pod that a kubelet owns. Pure. */
import type { Condition, PodPhase } from '@weir/kube';
import { type ContainerFacts, isSidecar, type PodStatusFacts } from './status-facts.ts';

type Outcome = Pick<Condition, 'status' | 'reason' | 'message'>;

const fulfilled: Outcome = { status: 'True' };

/** Those of the pod in this phase; that it is scheduled, too, where no scheduler has said so. */
export function podConditions(facts: PodStatusFacts, phase: PodPhase): readonly Condition[] {
  const containersReady = containersReadiness(facts, phase);
  const generation = facts.pod.metadata.generation;
  const before = facts.pod.status?.conditions ?? [];
  const scheduled = before.some(({ type }) => type === 'PodScheduled') ? [] : [{ type: 'PodScheduled', ...fulfilled }];
  return [
    { type: 'PodReadyToStartContainers', status: hasSandbox(facts, phase) ? 'True' : 'False' } as const,
    { type: 'Initialized', ...initialization(facts, phase) },
    { type: 'Ready', ...podReadiness(facts, containersReady) },
    { type: 'ContainersReady', ...containersReady },
    ...scheduled,
  ].map((condition) => ({
    ...condition,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastProbeTime: null,
    lastTransitionTime: transitionTime(condition, facts.reported?.conditions ?? [], facts.now),
  }));
}

function hasSandbox({ podAddresses, ended }: PodStatusFacts, phase: PodPhase): boolean {
  return podAddresses.length > 0 && !ended && phase !== 'Succeeded' && phase !== 'Failed';
}

function initialization({ initContainers, initialized }: PodStatusFacts, phase: PodPhase): Outcome {
  const incomplete = initContainers.filter((facts) => !isInitialized(facts));
  if (phase === 'Succeeded') return { ...fulfilled, reason: 'PodCompleted' };
  if (incomplete.length === 0 || initialized) return fulfilled;
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: ${namesOf(incomplete)}`,
  };
}

function isInitialized({ container, state, started }: ContainerFacts): boolean {
  return isSidecar(container) ? started : state.terminated?.exitCode === 0;
}

function containersReadiness({ containers, initContainers }: PodStatusFacts, phase: PodPhase): Outcome {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const serving = [...initContainers.filter(({ container }) => isSidecar(container)), ...containers];
  const unready = serving.filter(({ ready }) => !ready);
  if (unready.length === 0) return fulfilled;
  return { status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: ${namesOf(unready)}` };
}

/** Ready are all containers and all gates that others open. */
function podReadiness({ pod }: PodStatusFacts, containersReady: Outcome): Outcome {
  if (containersReady.status !== 'True') return containersReady;
  const messages = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (condition === undefined) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (condition.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
  });
  return messages.length === 0 ? fulfilled : { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}

function namesOf(containers: readonly ContainerFacts[]): string {
  return `[${containers.map(({ container }) => container.name).join(' ')}]`;
}

function transitionTime({ type, status }: Condition, before: readonly Condition[], now: string): string {
  const old = before.find((condition) => condition.type === type);
  return old?.status === status ? (old.lastTransitionTime ?? now) : now;
}
