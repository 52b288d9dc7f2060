/**
 * What the program side of exec and attach sees, whatever the client speaks: streams, terminal sizes,
 * the end. Also the Status that tells the client how the command ended.
 */
import type { Readable, Writable } from 'node:stream';
import type { RemoteCommandQuery } from './remote-command-query.ts';

/** Size of a terminal in characters. */
export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** How a command ended: with an exit code (0–255), or not at all because of `error`. */
export type RemoteCommandResult = { readonly exitCode: number } | { readonly error: string };

/** One exec or attach under way. Streams that the client did not ask for are absent. */
export interface RemoteCommandSession extends Omit<RemoteCommandQuery, 'stdin' | 'stdout' | 'stderr'> {
  /** Ends when the client closes its side; pushing back slows the client down. */
  readonly stdin?: Readable;
  /** Accepts everything and drops it once the client is gone. */
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** Aborted when the client is gone before `finish`: the command has lost its reader. */
  readonly signal: AbortSignal;
  /** Calls back for the terminal size at once if it is known, and on every change. Zero sizes are left out. */
  onResize(callback: (size: TerminalSize) => void): void;
  /** Waits until all output has been sent, tells the client the result and ends the connection. Later calls do nothing. */
  finish(result: RemoteCommandResult): Promise<void>;
}

/** The JSON of the error channel (v4 and v5 of the protocol). */
export function resultStatus(result: RemoteCommandResult): string {
  if ('error' in result) {
    return JSON.stringify({ metadata: {}, status: 'Failure', message: result.error, reason: 'InternalError', code: 500 });
  }
  if (result.exitCode === 0) return JSON.stringify({ metadata: {}, status: 'Success' });
  return JSON.stringify({
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${result.exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(result.exitCode) }] },
  });
}

/** Collects the resize channel: one JSON object per line, `{"Width":80,"Height":24}`. */
export class ResizeChannel {
  #pending = '';
  #last: TerminalSize | undefined;
  readonly #callbacks: ((size: TerminalSize) => void)[] = [];

  /** Takes bytes of the channel; a line that is not a size is ignored, as the kubelet does. */
  push(bytes: Buffer): void {
    this.#pending += bytes.toString('utf8');
    const lines = this.#pending.split('\n');
    this.#pending = (lines.pop() ?? '').slice(0, 1024);
    for (const line of lines) this.#take(line);
    // Some clients leave the line end out; a complete object is a size all the same.
    if (this.#pending.endsWith('}') && this.#take(this.#pending)) this.#pending = '';
  }

  /** See {@link RemoteCommandSession.onResize}. */
  subscribe(callback: (size: TerminalSize) => void): void {
    this.#callbacks.push(callback);
    if (this.#last !== undefined) callback(this.#last);
  }

  #take(line: string): boolean {
    const size = parseSize(line);
    if (size === undefined) return false;
    this.#last = size;
    for (const callback of this.#callbacks) callback(size);
    return true;
  }
}

function parseSize(line: string): TerminalSize | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('Width' in value) || !('Height' in value)) return undefined;
    const { Width: width, Height: height } = value;
    return isDimension(width) && isDimension(height) ? { width, height } : undefined;
  } catch {
    return undefined;
  }
}

function isDimension(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}
