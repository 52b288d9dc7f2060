/** The program's streams of exec and attach, with the back-pressure that both transports share. */
import { Readable, Writable } from 'node:stream';

/** Clients of WebSocket read with buffers of 32 KiB plus the channel byte; SPDY takes the same pieces. */
const pieceBytes = 32 * 1024;
/** Input that waits for the program before the client is slowed down. */
const inputBufferBytes = 256 * 1024;

/** Slows a client down and lets it go on. */
export interface Throttle {
  pause(): void;
  resume(): void;
}

/** Standard input: what the client sends, until it closes its side. */
export class CommandInput {
  readonly stream: Readable;
  readonly #throttle: Throttle;
  #ended = false;
  #draining = false;

  constructor(throttle: Throttle) {
    this.#throttle = throttle;
    this.stream = new Readable({ highWaterMark: inputBufferBytes, read: () => throttle.resume() });
  }

  /** Takes bytes of the client. While the program does not read, neither do we. */
  push(bytes: Buffer): void {
    if (this.#ended || bytes.length === 0) return;
    if (!this.stream.push(bytes) && !this.#draining) this.#throttle.pause();
  }

  /** The client has closed its side, or is gone. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.stream.push(null);
  }

  /** Throws away what still comes: the command has ended, and the client's farewell must be read. */
  drain(): void {
    this.#draining = true;
    this.stream.resume();
    this.#throttle.resume();
  }
}

/** Standard output or error: `send` resolves when a piece has left, and never rejects. */
export function commandOutput(send: (piece: Buffer) => Promise<void>): Writable {
  const sendAll = async (chunk: Buffer, done: () => void): Promise<void> => {
    for (let start = 0; start < chunk.length; start += pieceBytes) await send(chunk.subarray(start, start + pieceBytes));
    done();
  };
  return new Writable({ write: (chunk: Buffer, _encoding, done) => void sendAll(chunk, done) });
}

/** Ends an output and waits until everything has left. */
export async function endOutput(output: Writable | undefined): Promise<void> {
  if (output === undefined || output.writableFinished || output.destroyed) return;
  await new Promise<void>((resolve) => {
    output.once('finish', resolve);
    output.once('close', resolve);
    if (!output.writableEnded) output.end();
  });
}
