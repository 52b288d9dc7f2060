/** What a container says whose image will never come: as on a real node two states alternate, because people may be watching. */
import type { ContainerState } from '@weir/kube';
import type { ContainerPlan } from './container-plan.ts';
import type { PodEvent } from './pod-api.ts';

/** Waiting of a container, step by step. */
export interface ImageWait {
  readonly image: string;
  readonly plan: Extract<ContainerPlan, { kind: 'unavailable' }>;
  /** Counts the attempts from 0. */
  readonly attempt: number;
  readonly set: (state: ContainerState) => void;
  readonly event: (event: Omit<PodEvent, 'container'>) => void;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

const delaysMs = [10_000, 20_000, 40_000, 80_000, 160_000, 300_000];
/** From a failed attempt to the first word about the next one being put off. */
const backOffAfterMs = 1_000;

/** One attempt to get the image, and the wait until the next. */
export async function waitForImage({ image, plan, attempt, set, event, sleep }: ImageWait): Promise<void> {
  const { reason, message } = plan;
  if (reason === 'InvalidImageName') {
    event({ type: 'Warning', reason: 'InspectFailed', message });
    event({ type: 'Warning', reason: 'Failed', message: 'Error: InvalidImageName' });
    set({ waiting: { reason, message } });
  } else {
    event({ type: 'Normal', reason: 'Pulling', message: `Pulling image "${image}"` });
    event({ type: 'Warning', reason: 'Failed', message });
    event({ type: 'Warning', reason: 'Failed', message: `Error: ${reason}` });
    set({ waiting: { reason, message } });
    await sleep(backOffAfterMs);
    event({ type: 'Normal', reason: 'BackOff', message: `Back-off pulling image "${image}"` });
    event({ type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff' });
    set({ waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}": ${reason}: ${message}` } });
  }
  await sleep(delaysMs[Math.min(attempt, delaysMs.length - 1)] ?? 300_000);
}
