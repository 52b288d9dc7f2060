/** The status of a pod as a kubelet reports it, computed from the states of its containers. Pure but for the clock it is given. */
import type { ContainerState, ContainerStatus, PodStatus } from '@weir/kube';
import { imageId } from '../../images/built-in-images.ts';
import { podConditions } from './pod-conditions.ts';
import { podPhase } from './pod-phase.ts';
import { qosClass } from './qos-class.ts';
import { type ContainerFacts, isSidecar, type PodStatusFacts } from './status-facts.ts';

/** The status as far as it is the node's to write: without the conditions of others. */
export function podStatus(facts: PodStatusFacts): PodStatus {
  const phase = podPhase(facts);
  const addresses = facts.podAddresses.map((ip) => ({ ip }));
  const { generation } = facts.pod.metadata;
  const waitsForInit = facts.initContainers.length > 0 && !facts.initialized;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    conditions: podConditions(facts, phase),
    ...(phase === 'Failed' && facts.failure !== undefined ? facts.failure : {}),
    hostIP: facts.hostAddresses[0] ?? '',
    hostIPs: facts.hostAddresses.map((ip) => ({ ip })),
    ...(addresses[0] === undefined ? {} : { podIP: addresses[0].ip, podIPs: addresses }),
    startTime: facts.startTime,
    ...(facts.initContainers.length === 0
      ? {}
      : { initContainerStatuses: facts.initContainers.map((container) => initStatus(container, waitsForInit)) }),
    containerStatuses: facts.containers.map((container) => containerStatus(container, waitsForInit)),
    ...(facts.ephemeralContainers.length === 0 ? {} : { ephemeralContainerStatuses: facts.ephemeralContainers.map(ephemeralStatus) }),
    qosClass: qosClass(facts.pod),
  };
}

function containerStatus(facts: ContainerFacts, waitsForInit: boolean): ContainerStatus {
  const image = facts.container.image ?? '';
  return {
    name: facts.container.name,
    state: waitsForInit ? initializing(facts.state) : facts.state,
    lastState: facts.lastState,
    ready: facts.ready,
    restartCount: facts.restartCount,
    image,
    imageID: facts.containerId === undefined ? '' : imageId(image),
    ...(facts.containerId === undefined ? {} : { containerID: facts.containerId }),
    started: facts.started,
  };
}

function initStatus(facts: ContainerFacts, waitsForInit: boolean): ContainerStatus {
  const status = containerStatus(facts, waitsForInit);
  return isSidecar(facts.container) ? status : { ...status, started: false, ready: facts.state.terminated?.exitCode === 0 };
}

/** Nobody asks whether an ephemeral container serves. */
function ephemeralStatus(facts: ContainerFacts): ContainerStatus {
  const { started: _, ...status } = containerStatus(facts, false);
  return { ...status, ready: false };
}

/** What waits for nothing but its turn says so. */
function initializing(state: ContainerState): ContainerState {
  return state.waiting?.reason === 'ContainerCreating' ? { waiting: { ...state.waiting, reason: 'PodInitializing' } } : state;
}
