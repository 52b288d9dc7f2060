/**
 * How requests get to an API server: over HTTP ({@link ./transport.ts}), or within a process that has the server itself.
 * Whatever the way, failures are those of `api-error.ts`.
 */
import type { Readable } from 'node:stream';

/** One request as the transport sees it. */
export interface TransportRequest {
  readonly method: string;
  /** Path and query, for example `/api/v1/pods?watch=true`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Time until the answer's headers (stream) or its last byte (whole answers), in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A whole answer with a code below 400. */
export interface TransportResponse {
  readonly code: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** Where the bytes of an answer go while they come. */
export interface Receiver {
  /** The most bytes. */
  readonly limitBytes: number;
  /** Takes the next bytes; what it throws ends the request. */
  readonly take: (chunk: Buffer) => void;
}

/** A way to one API server. All calls throw ApiError (the server said no) and TransportError (no usable answer). */
export interface ApiTransport {
  /** Sends a request and reads the whole answer, at most `limitBytes`. */
  send(request: TransportRequest, limitBytes: number): Promise<TransportResponse>;
  /** Sends a request and hands the answer on while it comes. The time limit is that of each silence. */
  receive(request: TransportRequest, receiver: Receiver): Promise<void>;
  /** Sends a request and returns as soon as the answer begins; the caller reads and ends the stream, of bytes. */
  stream(request: TransportRequest): Promise<Readable>;
  /** Closes what is idle; requests under way are not touched. */
  close(): void;
}
