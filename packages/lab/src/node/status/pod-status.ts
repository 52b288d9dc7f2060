/** The status of a pod as a kubelet reports it, computed from the states of its containers. Pure but for the clock it is given. */
import type { Container, ContainerState, ContainerStatus, Pod, PodStatus } from '@weir/kube';
import { imageId } from '../../images/built-in-images.ts';
import { processUser } from '../process-rights.ts';
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
      : { initContainerStatuses: facts.initContainers.map((container) => initStatus(facts.pod, container, waitsForInit)) }),
    containerStatuses: facts.containers.map((container) => containerStatus(facts.pod, container, waitsForInit)),
    ...(facts.ephemeralContainers.length === 0
      ? {}
      : { ephemeralContainerStatuses: facts.ephemeralContainers.map((container) => ephemeralStatus(facts.pod, container)) }),
    qosClass: qosClass(facts.pod),
  };
}

function containerStatus(pod: Pod, facts: ContainerFacts, waitsForInit: boolean): ContainerStatus {
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
    ...mountsOf(facts.container),
    ...(facts.containerId === undefined ? {} : userOf(pod, facts.container)),
  };
}

function mountsOf({ volumeMounts = [] }: Container): Pick<ContainerStatus, 'volumeMounts'> {
  if (volumeMounts.length === 0) return {};
  return {
    volumeMounts: volumeMounts.map(({ name, mountPath, readOnly }) => ({
      name,
      mountPath,
      ...(readOnly === true ? { readOnly, recursiveReadOnly: 'Disabled' } : {}),
    })),
  };
}

/** Who the programs are that run in it; the primary group is one of the groups. */
function userOf(pod: Pod, container: Container): Pick<ContainerStatus, 'user'> {
  const { uid, gid, additionalGids = [] } = processUser(pod, container);
  return { user: { linux: { uid, gid, supplementalGroups: [...new Set([gid, ...additionalGids])] } } };
}

function initStatus(pod: Pod, facts: ContainerFacts, waitsForInit: boolean): ContainerStatus {
  const status = containerStatus(pod, facts, waitsForInit);
  return isSidecar(facts.container) ? status : { ...status, started: false, ready: facts.state.terminated?.exitCode === 0 };
}

/** Nobody asks whether an ephemeral container serves. */
function ephemeralStatus(pod: Pod, facts: ContainerFacts): ContainerStatus {
  const { started: _, ...status } = containerStatus(pod, facts, false);
  return { ...status, ready: false };
}

/** What waits for nothing but its turn says so. */
function initializing(state: ContainerState): ContainerState {
  return state.waiting?.reason === 'ContainerCreating' ? { waiting: { ...state.waiting, reason: 'PodInitializing' } } : state;
}
