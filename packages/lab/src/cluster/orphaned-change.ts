/**
 * Watches for a change of the cluster whose command has died in the middle. Nobody may come to complete it, and its nodes
 * would wait without an engine: they are given the old one back, and the change stays written down for who completes it.
 */
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { readClusterConfig } from './cluster-config.ts';
import { clusterLayout } from './cluster-layout.ts';
import { lockHolder, takeProcessLock } from './process-lock.ts';

const lookMs = 1_000;

/** Looks until it is stopped. */
export class OrphanWatch {
  readonly #cluster: string;
  readonly #log: Logger;
  readonly #stopped = new AbortController();
  /** When the description was written that needs nothing to be done. */
  #settledMs: number | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(cluster: string, log: Logger) {
    this.#cluster = cluster;
    this.#log = log;
  }

  start(): void {
    this.#ended = this.#run();
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await this.#look().catch((error: unknown) => this.#log.error({ err: error }, 'a change that was cut off'));
      await sleep(lookMs, undefined, { signal: this.#stopped.signal, ref: false }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const { changeLock, config: path } = clusterLayout(this.#cluster);
    if (lockHolder(changeLock) !== undefined || writtenMs(path) === this.#settledMs) return;
    const taken = takeProcessLock(changeLock);
    if ('holder' in taken) return;
    try {
      const config = await readClusterConfig(this.#cluster);
      if (config?.change !== undefined) {
        this.#log.warn('a change of the cluster was cut off: its nodes have the engine of before until it is completed');
        // Loaded when it is needed, which is hardly ever.
        const { holdOnChange } = await import('./change/change-cluster.ts');
        await holdOnChange(config, (text) => this.#log.info(text));
      }
      this.#settledMs = writtenMs(path);
    } finally {
      taken.lock.release();
    }
  }
}

function writtenMs(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
