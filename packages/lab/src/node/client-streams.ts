/** The streams of a client of exec or attach, and how a process is joined with them. */
import type { Readable, Writable } from 'node:stream';
import type { TerminalSize } from '@weir/kernel';
import type { SandboxProcess } from '../sandbox/sandbox-process.ts';

/** Streams of a client of exec or attach. */
export interface ClientStreams {
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  readonly tty: boolean;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  onResize(callback: (size: TerminalSize) => void): void;
}

/** Joins a process with a client's streams; resolves with the exit code when all output is through. */
export async function connectClient(process: SandboxProcess, client: ClientStreams): Promise<number> {
  if (client.stdin !== undefined && process.stdin !== undefined) {
    client.stdin.on('error', () => undefined);
    // A terminal has no half-close: end of input reaches its program as a typed control character or not at all.
    client.stdin.pipe(process.stdin, { end: !client.tty });
  }
  for (const [source, sink] of [
    [process.stdout, client.stdout],
    [process.stderr, client.stderr],
  ] as const) {
    if (sink === undefined) source?.resume();
    else source?.pipe(sink, { end: false });
  }
  if (client.tty) client.onResize((size) => process.resize(size));
  client.signal.addEventListener('abort', () => process.disconnect(), { once: true });
  if (client.signal.aborted) process.disconnect();
  return process.exited;
}

/** A terminal moves to the next line and back to its start. */
export function onTerminal(text: string): string {
  return text.replace(/\r?\n/g, '\r\n');
}
