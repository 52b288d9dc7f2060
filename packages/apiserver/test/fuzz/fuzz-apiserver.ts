/**
 * The whole fuzzing of the API server, of any size: most inputs go straight to what answers requests, one of 25 over
 * sockets, and one of 200 is an upgraded connection.
 */
import type http from 'node:http';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fuzzInProcess } from './fuzz-in-process.ts';
import { fuzzOverSockets } from './fuzz-over-sockets.ts';
import { type FuzzReport, faultText, mergedReports } from './fuzz-report.ts';
import { fuzzStreams, startEchoNode } from './fuzz-streams.ts';
import { startFuzzedServer } from './fuzzed-server.ts';
import { auditProblems } from './judge-audit-log.ts';

/** What to run. */
export interface FuzzOptions {
  readonly seed: number;
  readonly inputs: number;
  /** Told now and then how far it is, and what was found since. */
  readonly onProgress?: (done: number, found: readonly string[]) => void;
}

/** Between looks at the memory, and between servers. */
const batchInputs = 20_000;
/** What a server may have kept after a batch: the store's history, and no more than that again. */
const keptBytes = 256 * 1024 * 1024;

/** Runs them; findings also tell of faults that no input can be named for. */
export async function fuzzApiServer({ seed, inputs, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const reports: FuzzReport[] = [];
  const loose: string[] = [];
  const note = (error: unknown): void => void loose.push(`outside of any request: ${faultText(error)}`);
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  try {
    for (let first = 0; first < inputs; first += batchInputs) {
      const report = await fuzzBatch(seed, first, Math.min(batchInputs, inputs - first));
      reports.push(report);
      onProgress?.(first + report.inputs, report.findings);
    }
  } finally {
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
  }
  const all = mergedReports(reports);
  return { ...all, findings: [...all.findings, ...loose, ...pollution()] };
}

async function fuzzBatch(seed: number, first: number, count: number): Promise<FuzzReport> {
  const fuzzed = await startFuzzedServer((directory) => join(directory, 'node.sock'));
  const node = await startEchoNode(join(fuzzed.server.directory, 'node.sock'));
  try {
    const streams = Math.floor(count / 200);
    const sockets = Math.floor(count / 25);
    const direct = count - sockets - streams;
    const before = usedBytes();
    const reports = [
      await fuzzInProcess(fuzzed, { seed, first, count: direct }),
      await fuzzOverSockets(fuzzed, { seed, first: first + direct, count: sockets }),
      await fuzzStreams(fuzzed, { seed, first: first + direct + sockets, count: streams }),
    ];
    const report = mergedReports(reports);
    const kept = usedBytes() - before;
    const where = `after input ${first + count} of seed ${seed}`;
    const left = await connectionsLeft(node);
    return {
      ...report,
      findings: [
        ...report.findings,
        ...auditProblems(fuzzed).map((problem) => `${where} ${problem}`),
        ...(kept <= keptBytes ? [] : [`${where} the server keeps ${kept} bytes`]),
        ...(left === 0 ? [] : [`${where} ${left} connections to a node are left whose clients have gone`]),
      ],
    };
  } finally {
    node.closeAllConnections();
    node.close();
    await fuzzed.server.dispose();
  }
}

/** How many connections to the node do not end although all their clients are gone. */
async function connectionsLeft(node: http.Server): Promise<number> {
  const count = (): Promise<number> => new Promise((resolve) => node.getConnections((_error, present) => resolve(present)));
  // Programs of pods may take a moment to hear of it.
  for (let attempt = 0; attempt < 300 && (await count()) > 0; attempt += 1) await setTimeout(100);
  return count();
}

function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

/** Members that an input has given to all objects. */
function pollution(): readonly string[] {
  const inherited = Object.keys(Object.prototype);
  for (const key in Object.prototype) inherited.push(key);
  return inherited.length === 0 ? [] : [`every object now has ${inherited.join(', ')}`];
}
