/** Flow logs that commands are given as files: read in pieces, so that a log may be larger than memory. */

import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type FlowLogCounts, FlowLogReader, type ObservedFlow } from '@weir/flows';
import { usageError } from './exit-code.ts';
import { fileProblem } from './file-problem.ts';
import { sumOfCounts } from './flow-sources/flow-source.ts';
import type { Output } from './output.ts';

/** How a file of gzip begins. */
const gzipMark = Buffer.from([0x1f, 0x8b]);

/**
 * Gives the flows of logs in their order, `-` for standard input; files of gzip are unpacked, whatever their names.
 * A usage error that names the option when one cannot be read. What writers left out before `sinceMs` is not counted.
 */
export async function readFlowFiles(
  paths: readonly string[],
  option: string,
  take: (flows: readonly ObservedFlow[]) => Promise<void> | void,
  sinceMs?: number,
): Promise<FlowLogCounts> {
  const all: { readonly who: string; readonly counts: FlowLogCounts }[] = [];
  for (const path of paths) {
    const reader = new FlowLogReader({ sinceMs });
    const give = async (lines: ReturnType<FlowLogReader['push']>): Promise<void> => {
      const flows = lines.flatMap((line) => (line.kind === 'flow' ? [line.flow] : []));
      if (flows.length > 0) await take(flows);
    };
    for await (const text of textsOf(path, option)) await give(reader.push(text));
    await give(reader.finish());
    all.push({ who: path, counts: reader.counts });
  }
  const [only] = all;
  return all.length === 1 && only !== undefined ? only.counts : sumOfCounts(all);
}

/** The flows of short logs, all at once. */
export async function readAllFlows(
  paths: readonly string[],
  option: string,
): Promise<{ flows: readonly ObservedFlow[]; counts: FlowLogCounts }> {
  const flows: ObservedFlow[] = [];
  const counts = await readFlowFiles(paths, option, (some) => {
    for (const flow of some) flows.push(flow);
  });
  return { flows, counts };
}

async function* textsOf(path: string, option: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  try {
    for await (const piece of unpacked(path === '-' ? process.stdin : createReadStream(path)))
      yield decoder.decode(piece, { stream: true });
  } catch (error) {
    throw usageError(`${option} ${path}: ${fileProblem(error)}`);
  }
  yield decoder.decode();
}

async function* unpacked(stream: Readable): AsyncGenerator<Buffer> {
  const pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first = await pieces.next();
  if (first.done === true) return;
  const all = (async function* (): AsyncGenerator<Buffer> {
    yield first.value;
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
  })();
  if (!first.value.subarray(0, gzipMark.length).equals(gzipMark)) yield* all;
  else yield* gunzipped(all);
}

async function* gunzipped(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  // An error of either end comes out of the reading of the last.
  pipeline(Readable.from(pieces), gunzip, () => undefined);
  for await (const piece of gunzip) yield piece as Buffer;
}

/** Says what of a log could not be read, and what its writer left out. */
export function noticeCounts({ broken, firstBroken = '', dropped }: FlowLogCounts, output: Output): void {
  if (broken > 0) output.notice(`${broken} ${broken === 1 ? 'line is' : 'lines are'} no flow and passed over; the first is ${firstBroken}`);
  if (dropped > 0) output.notice(`whoever wrote the log left out ${dropped} connections: there were more than it could tell`);
}
