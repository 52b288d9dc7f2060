/**
 * Writes core/v1 Events, as `kubectl describe` shows them.
 *
 * An event that repeats an earlier one (same object, reason and message) raises its count instead of
 * making a new object. Events are a courtesy: a failure to write one is logged and changes nothing.
 */
import { eventsPath, isNotFound, type KubeClient } from '@weir/client';
import type { KubeObject } from '@weir/kube';
import type { Logger } from 'pino';
import { eventName } from '../event-name.ts';

/** What happened to an object. */
export interface EventDetails {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

interface CoreEvent extends KubeObject {
  readonly count?: number;
}

/** How many different events are remembered for counting; the oldest is forgotten first. */
const rememberedLimit = 2_000;

/** Records events in the name of one component. */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #component: string;
  readonly #log: Logger;
  /** By object, reason and message. */
  readonly #known = new Map<string, { readonly name: string; readonly count: number }>();

  constructor(client: KubeClient, component: string, log: Logger) {
    this.#client = client;
    this.#component = component;
    this.#log = log;
  }

  /** Writes the event without making the caller wait. */
  record(object: KubeObject, details: EventDetails): void {
    this.#write(object, details).catch((error: unknown) => {
      this.#log.debug({ error: String(error), reason: details.reason }, 'an event could not be written');
    });
  }

  async #write(object: KubeObject, details: EventDetails): Promise<void> {
    const { metadata } = object;
    const namespace = metadata.namespace ?? 'default';
    const identity = `${metadata.uid ?? ''} ${details.reason} ${details.message}`;
    const known = this.#known.get(identity);
    const name = known?.name ?? eventName(metadata.name ?? '');
    const count = (known?.count ?? 0) + 1;
    this.#remember(identity, { name, count });
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    if (count > 1) {
      try {
        await this.#client.patch(eventsPath(namespace), name, { count, lastTimestamp: now }, { type: 'merge' });
        return;
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: {
        kind: object.kind ?? '',
        apiVersion: object.apiVersion ?? '',
        namespace: metadata.namespace ?? '',
        name: metadata.name ?? '',
        uid: metadata.uid ?? '',
        resourceVersion: metadata.resourceVersion ?? '',
      },
      ...details,
      count,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component: this.#component },
      reportingComponent: this.#component,
      reportingInstance: '',
    };
    await this.#client.create<CoreEvent>(eventsPath(namespace), event);
  }

  #remember(identity: string, event: { readonly name: string; readonly count: number }): void {
    this.#known.delete(identity);
    this.#known.set(identity, event);
    if (this.#known.size <= rememberedLimit) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}
