/**
 * The matrix tried with real connections. What no answer came to is tried once more, with more
 * patience, before it is called a difference; what an answer came to is not: one packet through a
 * denied flow is one too many.
 */
import type { Snapshot } from '@weir/analyze';
import { type Probe, type ProbeAnswer, type ProbeResult, probeConnections } from '@weir/lab';
import { type Family, formatAddress } from '@weir/net';
import { formatDuration, type Output } from '../output.ts';

/** One cell of the matrix. */
export interface Cell {
  readonly source: string;
  readonly destination: string;
  readonly port: string;
  /** The family of the addresses that talk. */
  readonly family: Family;
  readonly computed: 'allow' | 'deny' | 'unknown';
  /** Absent when it was not tried. */
  readonly probed?: ProbeAnswer;
}

/** Where and how to try. */
export interface CellProbing {
  readonly cluster: string;
  readonly snapshot: Snapshot;
  readonly timeoutMs: number;
  readonly output: Output;
}

/** The second try waits so many times longer, and with fewer others. */
const patience = 3;
const patientConcurrency = 512;
const progressEveryMs = 2_000;

/** Whether the answer is another than the computed one. A refusal by the other end is an answer: the policies let the packets through. */
export function differs({ computed, probed: answer }: Cell): boolean {
  if (answer === undefined || computed === 'unknown') return false;
  return computed === 'allow' ? answer === 'timeout' || answer === 'error' : answer !== 'timeout';
}

/** The cells with what came of trying them. */
export async function probeCells(cells: readonly Cell[], by: CellProbing): Promise<readonly Cell[]> {
  const { output, timeoutMs } = by;
  const tried = cells.map((cell) => ({ cell, probe: probeOf(cell, by.snapshot) }));
  const possible = tried.flatMap(({ cell, probe }) => (probe === undefined ? [] : [{ cell, probe }]));
  output.progress(`trying ${possible.length} connections, each for at most ${formatDuration(timeoutMs)}`);
  const answers = new Map<Cell, ProbeAnswer>();
  const attempt = async (chosen: readonly Trial[], how: { timeoutMs: number; concurrency?: number }): Promise<ProbeResult> => {
    const onProgress = progressOf(chosen.length, output);
    const result = await probeConnections({ cluster: by.cluster, probes: chosen.map(({ probe }) => probe), onProgress, ...how });
    for (const [index, { cell }] of chosen.entries()) answers.set(cell, result.answers[index] ?? 'error');
    return result;
  };
  const { slowestMs } = await attempt(possible, { timeoutMs });
  const doubtful = possible.filter(({ cell }) => isDoubtful({ ...cell, probed: answers.get(cell) ?? 'error' }, { slowestMs, timeoutMs }));
  if (doubtful.length > 0) {
    const patientMs = patience * Math.max(timeoutMs, slowestMs);
    output.progress(`trying ${doubtful.length} again that got no answer, each for at most ${formatDuration(patientMs)}`);
    await attempt(doubtful, { timeoutMs: patientMs, concurrency: patientConcurrency });
  }
  return cells.map((cell) => {
    const answer = answers.get(cell);
    return answer === undefined ? cell : { ...cell, probed: answer };
  });
}

interface Trial {
  readonly cell: Cell;
  readonly probe: Probe;
}

/**
 * Whether a second try could change what the first one said. Silence where an answer is due may be a
 * lost packet; and no silence means anything when other answers took nearly as long as was waited.
 */
export function isDoubtful(cell: Cell, { slowestMs, timeoutMs }: { readonly slowestMs: number; readonly timeoutMs: number }): boolean {
  if (cell.probed === 'error') return true;
  return cell.probed === 'timeout' && (cell.computed === 'allow' || slowestMs > timeoutMs / 2);
}

/** Says every other second how far it is. */
function progressOf(total: number, output: Output): (answered: number) => void {
  let saidMs = performance.now();
  return (answered) => {
    if (answered === total || performance.now() - saidMs < progressEveryMs) return;
    saidMs = performance.now();
    output.progress(`${answered} of ${total} tried`);
  };
}

/** The connection to try; undefined where none can be: SCTP, a protocol without ports, a pod that does not run. */
function probeOf(cell: Cell, { pods, endpoints }: Snapshot): Probe | undefined {
  const [port = '', protocol] = cell.port.split('/');
  const address = endpoints.get(cell.destination)?.addresses.find(({ family }) => family === cell.family);
  const running = [cell.source, cell.destination].every((name) => pods.get(name)?.status?.phase === 'Running');
  const podUid = pods.get(cell.source)?.metadata.uid;
  if (!running || address === undefined || podUid === undefined || (protocol !== 'TCP' && protocol !== 'UDP')) return undefined;
  return { podUid, address: formatAddress(address), port: Number(port), protocol };
}
