/**
 * Reads the frames of a watch: one JSON object per line, `{"type", "object"}`.
 *
 * Limits: the size of one frame, and the silence between two frames (a dead connection is
 * indistinguishable from a quiet resource, so the caller reconnects from the last resourceVersion).
 */
import type { Readable } from 'node:stream';
import type { KubeObject, Status } from '@weir/kube';
import { ApiError, TransportError } from './api-error.ts';
import { JsonReader, type KeptFields, readJson } from './json-reader.ts';
import { asTransportError } from './transport.ts';

/** One change. A bookmark's object carries only kind, apiVersion and `metadata.resourceVersion`. */
export interface WatchEvent<T extends KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/** Limits of a watch stream. */
export interface WatchStreamOptions {
  /** What is watched, for messages. */
  readonly what: string;
  readonly signal: AbortSignal;
  /** Longest silence before the connection counts as dead, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** Largest frame, in bytes. */
  readonly frameLimitBytes: number;
  /** What is kept of an object; everything when absent. */
  readonly kept: KeptFields;
}

/**
 * The events of a watch, until the server ends it or `signal` is aborted (both end the iteration normally).
 * Throws ApiError for an ERROR event (410 among them) and TransportError for all other ends.
 */
export async function* readWatchStream<T extends KubeObject>(
  response: Readable,
  options: WatchStreamOptions,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const read = frameReader(options.kept);
  let idle = false;
  const silence = setTimeout(() => {
    idle = true;
    response.destroy();
  }, options.idleTimeoutMs);
  try {
    for await (const line of readLines(response, options, () => silence.refresh())) {
      yield parseFrame<T>(line, read, options.what);
    }
    if (idle) throw new Error('idle');
  } catch (error) {
    if (options.signal.aborted) return;
    if (idle) throw new TransportError('timeout', `${options.what}: nothing heard for ${options.idleTimeoutMs} ms`, error);
    throw asTransportError(error, options.what);
  } finally {
    clearTimeout(silence);
    response.destroy();
  }
}

async function* readLines(response: Readable, options: WatchStreamOptions, onChunk: () => void): AsyncGenerator<Buffer, void, undefined> {
  let pending: Buffer[] = [];
  let pendingLength = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    onChunk();
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      pending.push(chunk.subarray(start, end));
      const line = Buffer.concat(pending);
      pending = [];
      pendingLength = 0;
      start = end + 1;
      if (!isBlank(line)) yield line;
    }
    if (start < chunk.length) {
      pending.push(chunk.subarray(start));
      pendingLength += chunk.length - start;
      if (pendingLength > options.frameLimitBytes) {
        throw new TransportError('too-large', `${options.what}: a frame is larger than ${options.frameLimitBytes} bytes`);
      }
    }
  }
  if (pendingLength > 0) throw new TransportError('cut', `${options.what}: the stream ended in the middle of an object`);
}

/** Reads a frame with what is kept of its object. */
function frameReader(kept: KeptFields): (line: Buffer) => unknown {
  if (kept === undefined) return parseWhole;
  const reader = new JsonReader();
  const frameFields: KeptFields = new Map([
    ['type', undefined],
    ['object', kept],
  ]);
  return (line) => {
    const frame = readJson(reader, line, frameFields) as { readonly type?: unknown };
    // Of a Status, other things matter than of the objects.
    return frame.type === 'ERROR' ? parseWhole(line) : frame;
  };
}

function parseWhole(line: Buffer): unknown {
  return JSON.parse(line.toString('utf8'));
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}

function parseFrame<T extends KubeObject>(bytes: Buffer, read: (line: Buffer) => unknown, what: string): WatchEvent<T> {
  let frame: unknown;
  try {
    frame = read(bytes);
  } catch (error) {
    throw new TransportError('garbage', `${what}: a frame is not JSON: ${excerptOf(bytes)}`, error);
  }
  if (typeof frame !== 'object' || frame === null || !('type' in frame) || !('object' in frame)) {
    throw new TransportError('garbage', `${what}: a frame has no type and object: ${excerptOf(bytes)}`);
  }
  if (typeof frame.object !== 'object' || frame.object === null) {
    throw new TransportError('garbage', `${what}: a frame carries no object: ${excerptOf(bytes)}`);
  }
  switch (frame.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      if (!('metadata' in frame.object) || typeof frame.object.metadata !== 'object' || frame.object.metadata === null) {
        throw new TransportError('garbage', `${what}: an object has no metadata: ${excerptOf(bytes)}`);
      }
      return frame as WatchEvent<T>;
    case 'ERROR': {
      const status = frame.object as Partial<Status>;
      throw new ApiError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...status, code: status.code ?? 500 });
    }
    default:
      throw new TransportError('garbage', `${what}: unknown event type ${JSON.stringify(frame.type)}`);
  }
}

function excerptOf(line: Buffer): string {
  return line.toString('utf8', 0, 100);
}
