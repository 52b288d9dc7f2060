/**
 * Work by key: each key is worked on by one worker at a time, again when it was touched meanwhile,
 * and again later (doubling, jittered delays) when the work failed. The shape of client-go's
 * rate-limited workqueue.
 */
import { Backoff } from '@weir/client';

/** How to work. */
export interface KeyedQueueOptions {
  /** Brings the world to what the key says now; throws to be called again later. */
  readonly work: (key: string) => Promise<void>;
  /** Told of every failure; the key is tried again by itself. */
  readonly onError: (key: string, error: unknown) => void;
  /** Keys worked on at the same time. Default 8. */
  readonly concurrency?: number;
  /** Longest delay between two tries of one key, in milliseconds. Default 5 000. */
  readonly retryMaximumMs?: number;
}

/** A queue of keys; the same key waits in it once. */
export class KeyedQueue {
  readonly #options: KeyedQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  readonly #retries = new Map<string, { backoff: Backoff; timer: NodeJS.Timeout | undefined }>();
  readonly #delays = new Set<NodeJS.Timeout>();
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(options: KeyedQueueOptions) {
    this.#options = options;
  }

  /** Works on the key soon; once more if it is being worked on right now. */
  add(key: string): void {
    if (this.#stopped) return;
    this.#waiting.add(key);
    this.#dispatch();
  }

  /** Works on the key after a while. */
  addLater(key: string, delayMs: number): void {
    if (this.#stopped) return;
    const timer = setTimeout(() => {
      this.#delays.delete(timer);
      this.add(key);
    }, delayMs);
    this.#delays.add(timer);
  }

  /** Takes no more work; resolves when what is running has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    for (const timer of this.#delays) clearTimeout(timer);
    for (const { timer } of this.#retries.values()) clearTimeout(timer);
    if (this.#running.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  #dispatch(): void {
    for (const key of this.#waiting) {
      if (this.#running.size >= (this.#options.concurrency ?? 8)) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      this.#running.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#options.work(key);
      clearTimeout(this.#retries.get(key)?.timer);
      this.#retries.delete(key);
    } catch (error) {
      if (!this.#stopped) {
        this.#options.onError(key, error);
        this.#retry(key);
      }
    }
    this.#running.delete(key);
    if (this.#stopped && this.#running.size === 0) this.#idle?.();
    this.#dispatch();
  }

  #retry(key: string): void {
    const known = this.#retries.get(key);
    const backoff = known?.backoff ?? new Backoff({ initialMs: 50, maximumMs: this.#options.retryMaximumMs ?? 5_000 });
    clearTimeout(known?.timer);
    this.#retries.set(key, { backoff, timer: setTimeout(() => this.add(key), backoff.next()) });
  }
}
