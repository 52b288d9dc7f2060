/** What the status of a pod is computed from. */
import type { Container, ContainerState, Pod, PodStatus } from '@weir/kube';

/** What is known of one container. */
export interface ContainerFacts {
  readonly container: Container;
  readonly state: ContainerState;
  readonly lastState: ContainerState;
  readonly restartCount: number;
  readonly containerId: string | undefined;
  /** Whether it has ended and starts again. */
  readonly restarts: boolean;
  /** Whether it runs, its postStart hook is over and its startup probe, if any, has succeeded. */
  readonly started: boolean;
  /** Whether its readiness probe, if any, says that it serves. */
  readonly ready: boolean;
}

/** Why a pod ended as a whole, besides what its containers did. */
export interface PodFailure {
  readonly reason: string;
  readonly message: string;
}

/** What is known of a pod. */
export interface PodStatusFacts {
  readonly pod: Pod;
  /** The status that the node has written last, or that an earlier process of it had. */
  readonly reported: PodStatus | undefined;
  readonly startTime: string;
  readonly hostAddresses: readonly string[];
  /** Empty until the pod has its network. */
  readonly podAddresses: readonly string[];
  readonly initContainers: readonly ContainerFacts[];
  readonly containers: readonly ContainerFacts[];
  readonly ephemeralContainers: readonly ContainerFacts[];
  /** Whether the init containers have been through once; sidecars that start again do not undo it. */
  readonly initialized: boolean;
  /** Whether its containers are ended and none starts again, whatever the restart policy says. */
  readonly ended: boolean;
  readonly failure: PodFailure | undefined;
  readonly now: string;
}

/** An init container that runs beside the main ones (KEP-753). */
export function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === 'Always';
}
