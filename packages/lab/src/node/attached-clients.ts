/**
 * The clients that are attached to a container's main process: each sees what the process prints from then on.
 *
 * As with real container runtimes a client that does not read stops the output of the process, not our memory.
 */
import type { Writable } from 'node:stream';
import type { LogStream } from './container-log.ts';

/** Where a client's output goes; streams that it did not ask for are absent. */
export type AttachedClient = Readonly<Partial<Record<LogStream, Writable>>>;

/** A process that cannot be stopped loses a client that is so far behind, in bytes. */
const behindLimitBytes = 1024 * 1024;
/** A client that reads nothing for so long is detached: it must not keep a pod from its end. */
const stallLimitMs = 10_000;

/** All clients of one container. */
export class AttachedClients {
  readonly #clients = new Set<AttachedClient>();

  /** Attaches a client; call the result to detach it. */
  add(client: AttachedClient): () => void {
    this.#clients.add(client);
    return () => this.#clients.delete(client);
  }

  /** Hands output to every client. When one is full, the result resolves as soon as all take more. */
  write(stream: LogStream, output: Buffer): Promise<unknown> | undefined {
    const full: Promise<unknown>[] = [];
    for (const client of this.#clients) {
      const sink = client[stream];
      if (sink === undefined || sink.destroyed) continue;
      if (sink.writableLength > behindLimitBytes) {
        this.#clients.delete(client);
        sink.destroy();
      } else if (!sink.write(output)) full.push(drained(sink));
    }
    return full.length === 0 ? undefined : Promise.all(full);
  }
}

/** Resolves when a client takes more, or has gone: at its own wish, or because it stalled. */
async function drained(sink: Writable): Promise<void> {
  const timer = setTimeout(() => sink.destroy(), stallLimitMs);
  await new Promise<void>((resolve) => {
    sink.once('drain', resolve);
    sink.once('close', resolve);
  });
  clearTimeout(timer);
}
