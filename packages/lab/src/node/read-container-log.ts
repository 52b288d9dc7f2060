/**
 * Reads a container's log for a client: the selected part, and what follows. A client that reads slowly
 * reads later; nothing is kept in memory for it.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { ContainerLog } from './container-log.ts';

/** What of a log is wanted (core/v1 PodLogOptions). */
export interface LogSelection {
  /** Only the last lines of what is there at first. */
  readonly tailLines?: number;
  /** Only lines since this moment, in milliseconds since 1970. */
  readonly sinceMs?: number;
  /** Ends the answer after so many bytes. */
  readonly limitBytes?: number;
  readonly timestamps: boolean;
  /** Whether to go on until the container ends. */
  readonly follow: boolean;
}

const chunkBytes = 64 * 1024;
const lineFeed = 0x0a;
const space = 0x20;

/** Lines of one file of the log. */
interface LineGroup {
  /** See {@link ContainerLog.generation}. */
  readonly generation: number;
  readonly lines: readonly Buffer[];
}

/** The text of a log, piece by piece, until it ends or the signal is aborted. */
export async function* readContainerLog(log: ContainerLog, selection: LogSelection, signal: AbortSignal): AsyncGenerator<Buffer> {
  const renderer = new LineRenderer(selection);
  const skip = await linesBeforeTail(log, selection);
  let left = selection.limitBytes ?? Number.POSITIVE_INFINITY;
  // What a container says while its log is read is behind the tail that was asked for.
  let linesLeft = selection.follow ? Number.POSITIVE_INFINITY : (selection.tailLines ?? Number.POSITIVE_INFINITY);
  for await (const { generation, lines } of lineGroups(log, selection.follow, signal)) {
    const skipped = Math.min(lines.length, skip.get(generation) ?? 0);
    skip.set(generation, (skip.get(generation) ?? 0) - skipped);
    const wanted = lines.slice(skipped, skipped + linesLeft);
    linesLeft -= wanted.length;
    const text = Buffer.concat(wanted.flatMap((line) => renderer.render(line)));
    if (text.length > 0) yield text.length > left ? text.subarray(0, left) : text;
    left -= text.length;
    if (left <= 0 || linesLeft <= 0) return;
  }
}

/** How many lines stand before the tail, by generation; none when the whole log is wanted. */
async function linesBeforeTail(log: ContainerLog, { tailLines }: LogSelection): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  if (tailLines === undefined) return counts;
  let before = -tailLines;
  for await (const { generation, lines } of lineGroups(log, false, new AbortController().signal)) {
    counts.set(generation, (counts.get(generation) ?? 0) + lines.length);
    before += lines.length;
  }
  for (const [generation, count] of counts) {
    const skipped = Math.max(0, Math.min(count, before));
    counts.set(generation, skipped);
    before -= skipped;
  }
  return counts;
}

/** The lines of a log from the oldest that is kept; with `follow` as they come. */
async function* lineGroups(log: ContainerLog, follow: boolean, signal: AbortSignal): AsyncGenerator<LineGroup> {
  let generation = Math.max(0, log.generation - 1);
  for (;;) {
    const path = log.pathOf(generation);
    if (path !== undefined) yield* groupsOfFile(log, { path, generation, follow }, signal);
    if (signal.aborted || generation >= log.generation) return;
    // A reader that was overtaken by two new files goes on with the oldest that is left.
    generation = Math.max(generation + 1, log.generation - 1);
  }
}

/** The lines of one file until it is full and read, or, without `follow`, until its present end. */
async function* groupsOfFile(
  log: ContainerLog,
  { path, generation, follow }: { readonly path: string; readonly generation: number; readonly follow: boolean },
  signal: AbortSignal,
): AsyncGenerator<LineGroup> {
  const file = await open(path, 'r');
  try {
    let rest: Buffer = Buffer.alloc(0);
    while (!signal.aborted) {
      const grows = follow && log.open && generation === log.generation;
      const { version } = log;
      const chunk = await readChunk(file);
      if (chunk.length > 0) {
        const { lines, rest: next } = splitLines(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
        rest = next;
        yield { generation, lines };
      } else if (grows) await log.changedSince(version, signal);
      else return;
    }
  } finally {
    await file.close();
  }
}

async function readChunk(file: FileHandle): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, null);
  return buffer.subarray(0, bytesRead);
}

function splitLines(bytes: Buffer): { readonly lines: readonly Buffer[]; readonly rest: Buffer } {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return { lines, rest: bytes.subarray(start) };
}

/** Turns lines of the file into what a client sees. */
class LineRenderer {
  readonly #timestamps: boolean;
  readonly #since: number;
  /** Whether the next piece begins a line. */
  #atStart = true;

  constructor({ timestamps, sinceMs }: Pick<LogSelection, 'timestamps' | 'sinceMs'>) {
    this.#timestamps = timestamps;
    this.#since = sinceMs ?? Number.NEGATIVE_INFINITY;
  }

  /** Whether a line was written before the wanted time. */
  isEarly(line: Buffer): boolean {
    return Date.parse(line.toString('latin1', 0, line.indexOf(space))) < this.#since;
  }

  /** The pieces of `TIME STREAM TAG TEXT` that are shown; none for a line before the wanted time. */
  render(line: Buffer): Buffer[] {
    const timeEnd = line.indexOf(space);
    const streamEnd = line.indexOf(space, timeEnd + 1);
    if (this.isEarly(line)) return [];
    const isWhole = line[streamEnd + 1] !== 'P'.charCodeAt(0);
    const shown = [line.subarray(streamEnd + 3)];
    if (this.#timestamps && this.#atStart) shown.unshift(line.subarray(0, timeEnd + 1));
    if (isWhole) shown.push(Buffer.of(lineFeed));
    this.#atStart = isWhole;
    return shown;
  }
}
