/** What the node tells the API server of its pods: status, Events, final deletion. Narrow, so that the kubelet loop is testable. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, Backoff, eventsPath, isConflict, isNotFound, type KubeClient, podsPath } from '@weir/client';
import type { KubeObject, Pod, PodStatus } from '@weir/kube';
import { eventName } from '../event-name.ts';

/** One Event about a pod. */
export interface PodEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** Name of the container it is about; absent: the pod. */
  readonly container?: string;
}

/** The API server as a pod's worker sees it. */
export interface PodApi {
  /** Writes the status and leaves the conditions of others as they are; retried until the server has taken it or the pod is gone. False when it is gone. */
  writeStatus(pod: Pod, status: PodStatus): Promise<boolean>;
  /** Records an Event; repeated ones are counted. Failures are of no consequence. */
  event(pod: Pod, event: PodEvent): void;
  /** Removes the object for good, if it still is this very pod; retried until done. */
  finalDelete(pod: Pod): Promise<void>;
}

/** The Events remembered for counting; older ones are simply made anew. */
const eventLimit = 2_000;

/** The API over a client. `stopped` ends the retries. */
export function createPodApi(client: KubeClient, node: string, stopped: AbortSignal): PodApi {
  const events = new EventRecorder(client, node);
  return {
    writeStatus: (pod, status) =>
      persist(stopped, async () => {
        // The UID makes sure that a namesake made meanwhile does not get this pod's status.
        const patch = { metadata: { uid: pod.metadata.uid }, status: statusPatch(status) };
        await client.patch(podsPath(pod.metadata.namespace), pod.metadata.name ?? '', patch, { type: 'strategic', subresource: 'status' });
      }),
    event: (pod, event) => void events.record(pod, event),
    finalDelete: async (pod) => {
      const { uid, name, namespace } = pod.metadata;
      const preconditions = uid === undefined ? {} : { uid };
      await persist(stopped, () => client.delete(podsPath(namespace), name ?? '', { gracePeriodSeconds: 0, preconditions }));
    },
  };
}

/** A strategic merge: conditions are told apart by their types, so that those of others stay; addresses are replaced as a whole. */
function statusPatch(status: PodStatus): Readonly<Record<string, unknown>> {
  const conditions = (status.conditions ?? []).map((condition) => ({ reason: null, message: null, ...condition }));
  const { podIPs } = status;
  return { ...status, conditions, ...(podIPs === undefined ? {} : { podIPs: [...podIPs, { $patch: 'replace' }] }) };
}

/** Does something until it succeeds; false when the server says that the object is gone, is another one, or that it will never do. */
async function persist(stopped: AbortSignal, action: () => Promise<unknown>): Promise<boolean> {
  const backoff = new Backoff({ initialMs: 50, maximumMs: 5_000 });
  while (!stopped.aborted) {
    try {
      await action();
      return true;
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) return false;
      if (error instanceof ApiError && error.code === 422) return false;
      await sleep(backoff.next(), undefined, { signal: stopped }).catch(() => undefined);
    }
  }
  return false;
}

interface RecordedEvent extends KubeObject {
  readonly count: number;
  readonly lastTimestamp: string;
}

/** Writes Events in order, one after the other, and counts those that say the same again. */
class EventRecorder {
  readonly #client: KubeClient;
  readonly #node: string;
  readonly #known = new Map<string, { readonly name: string; count: number }>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(client: KubeClient, node: string) {
    this.#client = client;
    this.#node = node;
  }

  record(pod: Pod, event: PodEvent): Promise<unknown> {
    this.#last = this.#last.then(() => this.#write(pod, event)).catch(() => undefined);
    return this.#last;
  }

  async #write(pod: Pod, event: PodEvent): Promise<void> {
    const { uid, namespace = 'default' } = pod.metadata;
    const key = [uid, event.container, event.reason, event.message].join('\n');
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.count++;
      await this.#client.patch(eventsPath(namespace), known.name, { count: known.count, lastTimestamp: now }, { type: 'merge' });
      return;
    }
    const object = this.#object(pod, event, now);
    await this.#client.create(eventsPath(namespace), object);
    this.#known.set(key, { name: object.metadata.name ?? '', count: 1 });
    const [oldest] = this.#known.keys();
    if (this.#known.size > eventLimit && oldest !== undefined) this.#known.delete(oldest);
  }

  #object(pod: Pod, event: PodEvent, now: string): RecordedEvent & Readonly<Record<string, unknown>> {
    const { name = '', namespace = 'default', uid, resourceVersion } = pod.metadata;
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: eventName(name), namespace },
      involvedObject: {
        apiVersion: 'v1',
        kind: 'Pod',
        name,
        namespace,
        uid,
        resourceVersion,
        ...(event.container === undefined ? {} : { fieldPath: `spec.containers{${event.container}}` }),
      },
      reason: event.reason,
      message: event.message,
      type: event.type,
      source: { component: 'kubelet', host: this.#node },
      reportingComponent: 'kubelet',
      reportingInstance: this.#node,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
  }
}
