/** The status of a pod as a kubelet reports it, computed from the states of its containers. Pure but for the clock it is given. */
import type { Condition, Container, ContainerState, ContainerStatus, Pod, PodPhase, PodStatus } from '@weir/kube';
import { imageId } from '../images/built-in-images.ts';

/** What is known of one container. */
export interface ContainerFacts {
  readonly container: Container;
  readonly state: ContainerState;
  readonly lastState: ContainerState;
  readonly restartCount: number;
  readonly containerId: string | undefined;
}

/** What is known of a pod. */
export interface PodStatusFacts {
  readonly pod: Pod;
  readonly startTime: string;
  readonly hostAddresses: readonly string[];
  /** Empty until the pod has its network. */
  readonly podAddresses: readonly string[];
  readonly initContainers: readonly ContainerFacts[];
  readonly containers: readonly ContainerFacts[];
  readonly now: string;
}

/** A container whose image name makes it restartable beside the others (KEP-753). */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/** The whole status; conditions of others (the scheduler's) are kept. */
export function podStatus(facts: PodStatusFacts): PodStatus {
  const phase = podPhase(facts);
  const addresses = facts.podAddresses.map((ip) => ({ ip }));
  return {
    phase,
    conditions: conditions(facts, phase),
    hostIP: facts.hostAddresses[0] ?? '',
    hostIPs: facts.hostAddresses.map((ip) => ({ ip })),
    ...(addresses[0] === undefined ? {} : { podIP: addresses[0].ip, podIPs: addresses }),
    startTime: facts.startTime,
    ...(facts.initContainers.length === 0 ? {} : { initContainerStatuses: facts.initContainers.map(initStatus) }),
    containerStatuses: facts.containers.map(containerStatus),
    qosClass: qosClass(facts.pod),
  };
}

function podPhase(facts: PodStatusFacts): PodPhase {
  const policy = facts.pod.spec?.restartPolicy ?? 'Always';
  const initFailed = facts.initContainers.some(
    ({ container, state }) => !isSidecar(container) && state.terminated !== undefined && state.terminated.exitCode !== 0,
  );
  if (initFailed && policy === 'Never') return 'Failed';
  if (!initialized(facts)) return 'Pending';
  const states = facts.containers.map(({ state }) => state);
  if (states.every((state) => state.terminated !== undefined) && states.length > 0) {
    const failed = states.some((state) => state.terminated?.exitCode !== 0);
    if (policy === 'Never') return failed ? 'Failed' : 'Succeeded';
    if (policy === 'OnFailure') return failed ? 'Running' : 'Succeeded';
    return facts.pod.metadata.deletionTimestamp === undefined ? 'Running' : failed ? 'Failed' : 'Succeeded';
  }
  const started = facts.containers.every(({ state, lastState }) => state.waiting === undefined || lastState.terminated !== undefined);
  return started ? 'Running' : 'Pending';
}

function initialized(facts: PodStatusFacts): boolean {
  return facts.initContainers.every(({ container, state }) =>
    isSidecar(container) ? state.running !== undefined || state.terminated !== undefined : state.terminated?.exitCode === 0,
  );
}

function conditions(facts: PodStatusFacts, phase: PodPhase): readonly Condition[] {
  const finished = phase === 'Succeeded' || phase === 'Failed';
  const unready = facts.containers.filter(({ state }) => state.running === undefined).map(({ container }) => container.name);
  const unreadyReason: Pick<Condition, 'reason' | 'message'> = finished
    ? { reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
    : { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
  const ready = unready.length === 0;
  const uninitialized = facts.initContainers.filter(({ state }) => state.terminated?.exitCode !== 0 && state.running === undefined);
  const wanted: Condition[] = [
    { type: 'PodReadyToStartContainers', status: facts.podAddresses.length > 0 && !finished ? 'True' : 'False' },
    initialized(facts)
      ? { type: 'Initialized', status: 'True', ...(phase === 'Succeeded' ? { reason: 'PodCompleted' } : {}) }
      : {
          type: 'Initialized',
          status: 'False',
          reason: 'ContainersNotInitialized',
          message: `containers with incomplete status: [${uninitialized.map(({ container }) => container.name).join(' ')}]`,
        },
    { type: 'Ready', status: ready ? 'True' : 'False', ...(ready ? {} : unreadyReason) },
    { type: 'ContainersReady', status: ready ? 'True' : 'False', ...(ready ? {} : unreadyReason) },
  ];
  const before = facts.pod.status?.conditions ?? [];
  const kept = before.filter(({ type }) => !wanted.some((condition) => condition.type === type));
  const scheduled = kept.some(({ type }) => type === 'PodScheduled') ? [] : [{ type: 'PodScheduled', status: 'True' } as const];
  return [...wanted, ...scheduled].map((condition) => withTransition(condition, before, facts.now)).concat(kept);
}

function withTransition(condition: Condition, before: readonly Condition[], now: string): Condition {
  const old = before.find(({ type }) => type === condition.type);
  const lastTransitionTime = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now;
  return { ...condition, lastProbeTime: null, lastTransitionTime };
}

function containerStatus(facts: ContainerFacts): ContainerStatus {
  const image = facts.container.image ?? '';
  const running = facts.state.running !== undefined;
  return {
    name: facts.container.name,
    state: facts.state,
    lastState: facts.lastState,
    ready: running,
    restartCount: facts.restartCount,
    image,
    imageID: facts.containerId === undefined ? '' : imageId(image),
    ...(facts.containerId === undefined ? {} : { containerID: facts.containerId }),
    started: running,
  };
}

function initStatus(facts: ContainerFacts): ContainerStatus {
  const status = containerStatus(facts);
  return isSidecar(facts.container) ? status : { ...status, ready: facts.state.terminated?.exitCode === 0 };
}

/** core/v1 PodQOSClass from the resources of the containers. */
function qosClass(pod: Pod): string {
  type Amounts = Readonly<Record<string, unknown>>;
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].map(
    (container) => (container as { readonly resources?: { readonly requests?: Amounts; readonly limits?: Amounts } }).resources ?? {},
  );
  const named = (amounts: Amounts | undefined): readonly string[] => ['cpu', 'memory'].filter((name) => amounts?.[name] !== undefined);
  if (all.every(({ requests, limits }) => named(requests).length === 0 && named(limits).length === 0)) return 'BestEffort';
  const guaranteed = all.every(({ requests, limits }) =>
    ['cpu', 'memory'].every((name) => limits?.[name] !== undefined && (requests?.[name] ?? limits[name]) === limits[name]),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
