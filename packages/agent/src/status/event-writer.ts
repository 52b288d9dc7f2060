/**
 * Writes core/v1 Events, one for the whole cluster however many agents have the same to say, and at the same time the
 * conditions of policies that have some.
 *
 * The name of an Event is made of what it says, so a second writer finds that it is there. Agents that
 * have pods of the policy come within a second, the others up to a minute later: most of them to find
 * that nothing is left to do. What lasts is said again before Events expire (after an hour), by
 * whoever finds that nobody has said it lately.
 */
import { abortAfter, Backoff, eventsPath, isAlreadyExists, isForbidden, isNotFound, type KubeClient } from '@weir/client';
import type { KubeObject } from '@weir/kube';
import { shortHash } from '@weir/net';
import { errorFields, type Logger } from '../log/log.ts';
import { TroubleLog } from '../log/trouble-log.ts';
import { ConditionWriter } from './condition-writer.ts';
import type { Notice, NoticeBoard, NoticeManner } from './notice.ts';

interface CoreEvent extends KubeObject {
  readonly count?: number;
  readonly lastTimestamp?: string;
}

interface Entry extends NoticeManner {
  readonly notice: Notice;
  readonly name: string;
  dueAtMs: number;
  isRepeated: boolean;
}

/** More notices than this are not kept; they are in the log. */
const entryLimit = 1_000;
/** Writes that may follow each other at once, and the time after which there may be one more, in milliseconds. */
const burst = 10;
const refillMs = 10_000;
/** When a notice is told: within the first time by those concerned, between the others by the rest. */
const ownDelayMs = 1_000;
const otherDelayMs = { min: 5_000, max: 60_000 } as const;
/** A lasting notice is looked at again after 0.5 to 1.5 of this time, and said again when half of it has passed since. */
const repeatMs = 1_800_000;
/** What begins anew is said again unless it was said within this time: by another agent, that is. */
const sameOccasionMs = 120_000;
const writePatienceMs = 10_000;

/** Writes what is announced; a courtesy that holds nothing up. */
export class EventWriter implements NoticeBoard {
  readonly #client: KubeClient;
  readonly #conditions: ConditionWriter;
  readonly #troubles: TroubleLog;
  readonly #retries = new Backoff({ initialMs: 1_000, maximumMs: 60_000 });
  readonly #entries = new Map<string, Entry>();
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isWriting = false;
  #tokens = burst;
  #refilledAtMs = performance.now();

  constructor(client: KubeClient, log: Logger) {
    this.#client = client;
    this.#conditions = new ConditionWriter(client);
    this.#troubles = new TroubleLog(log);
  }

  announce(notice: Notice, manner: NoticeManner): void {
    if (this.#entries.size >= entryLimit) return;
    const delayMs = manner.isOurs ? Math.random() * ownDelayMs : between(otherDelayMs.min, otherDelayMs.max);
    const name = nameOf(notice);
    this.#entries.set(name, { notice, name, ...manner, dueAtMs: performance.now() + delayMs, isRepeated: false });
    this.#plan();
  }

  withdraw(notice: Notice): void {
    this.#entries.delete(nameOf(notice));
    this.#plan();
  }

  /** Writes nothing more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#stopped.abort();
  }

  #plan(): void {
    clearTimeout(this.#timer);
    if (this.#isWriting || this.#stopped.signal.aborted) return;
    let next: Entry | undefined;
    for (const entry of this.#entries.values()) if (next === undefined || entry.dueAtMs < next.dueAtMs) next = entry;
    if (next === undefined) return;
    const entry = next;
    const delayMs = Math.max(0, entry.dueAtMs - performance.now(), this.#tokenDelayMs());
    this.#timer = setTimeout(() => void this.#tell(entry), delayMs);
  }

  /** How long until there may be a write. */
  #tokenDelayMs(): number {
    const nowMs = performance.now();
    const earned = Math.floor((nowMs - this.#refilledAtMs) / refillMs);
    this.#tokens = Math.min(burst, this.#tokens + earned);
    this.#refilledAtMs = this.#tokens === burst ? nowMs : this.#refilledAtMs + earned * refillMs;
    return this.#tokens > 0 ? 0 : this.#refilledAtMs + refillMs - nowMs;
  }

  async #tell(entry: Entry): Promise<void> {
    this.#isWriting = true;
    this.#tokens--;
    try {
      await (entry.isRepeated ? this.#renew(entry, repeatMs / 2) : this.#create(entry));
      this.#troubles.over('events', {}, 'Events are written again');
      await this.#tellCondition(entry.notice);
      this.#retries.reset();
      if (entry.isLasting) {
        entry.isRepeated = true;
        entry.dueAtMs = performance.now() + between(repeatMs / 2, repeatMs * 1.5);
      } else if (this.#entries.get(entry.name) === entry) {
        this.#entries.delete(entry.name);
      }
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#troubles.trouble('events', errorFields(error), 'an Event could not be written');
      entry.dueAtMs = performance.now() + this.#retries.next();
    }
    this.#isWriting = false;
    this.#plan();
  }

  /** Roles of earlier releases give no right to it: that is said once, and no Event waits for it. */
  async #tellCondition(notice: Notice): Promise<void> {
    try {
      await this.#conditions.write(notice, this.#signal());
      this.#troubles.over('conditions', {}, 'conditions of policies are written again');
    } catch (error) {
      if (!isForbidden(error)) throw error;
      this.#troubles.trouble('conditions', errorFields(error), 'the condition of a policy could not be written');
    }
  }

  async #create(entry: Entry): Promise<void> {
    const { name } = entry;
    const { object, ...said } = entry.notice;
    const now = timestamp();
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace: namespaceOf(object) },
      involvedObject: object,
      ...said,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component },
      reportingComponent: component,
      // Which of the agents was first says nothing.
      reportingInstance: '',
    };
    try {
      await this.#client.create<CoreEvent>(eventsPath(namespaceOf(object)), event, { signal: this.#signal() });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      await this.#renew(entry, sameOccasionMs);
    }
  }

  /** Counts the Event once more, unless that was done within `quietMs`; makes it when it has expired. */
  async #renew(entry: Entry, quietMs: number): Promise<void> {
    const path = eventsPath(namespaceOf(entry.notice.object));
    const found = await this.#client.get<CoreEvent>(path, entry.name, { signal: this.#signal() }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    if (found === undefined) return this.#create(entry);
    const { count = 1, lastTimestamp = '' } = found;
    if (Date.now() - Date.parse(lastTimestamp) < quietMs) return;
    const patch = { count: count + 1, lastTimestamp: timestamp() };
    await this.#client.patch(path, entry.name, patch, { type: 'merge', signal: this.#signal() });
  }

  #signal(): AbortSignal {
    return abortAfter(writePatienceMs, this.#stopped.signal);
  }
}

const component = 'weir-agent';

function nameOf({ object, reason, message }: Notice): string {
  return `${object.name.slice(0, 200)}.${shortHash(`${object.kind} ${object.uid} ${reason} ${message}`)}`;
}

/** Events about objects of the cluster are in `default`, as everywhere. */
function namespaceOf({ namespace }: Notice['object']): string {
  return namespace === '' ? 'default' : namespace;
}

function between(min: number, max: number): number {
  return min + Math.random() * (max - min);
}

/** Now, in whole seconds as meta/v1 Time has it. */
function timestamp(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
