/** The matrix tried with real connections. */
import type { Probe, ProbeAnswer } from '@weir/lab';
import { type Family, formatAddress, isTransportName } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import type { Output } from '../output.ts';
import { type Trial, tryProbes } from './probe-trials.ts';

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

/** Whether the answer is another than the computed one. A refusal by the other end is an answer: the policies let the packets through. */
export function differs({ computed, probed: answer }: Cell): boolean {
  if (answer === undefined || computed === 'unknown') return false;
  return computed === 'allow' ? answer === 'timeout' || answer === 'error' : answer !== 'timeout';
}

/** The cells with what came of trying them. */
export async function probeCells(cells: readonly Cell[], { cluster, snapshot, timeoutMs, output }: CellProbing): Promise<readonly Cell[]> {
  const trials = new Map(
    cells.flatMap((cell): [Cell, Trial][] => {
      const probe = probeOf(cell, snapshot);
      return probe === undefined ? [] : [[cell, { probe, computed: cell.computed }]];
    }),
  );
  const answers = await tryProbes([...trials.values()], { cluster, timeoutMs, output });
  const answerOf = new Map([...trials.keys()].map((cell, i) => [cell, answers[i]]));
  return cells.map((cell) => {
    const answer = answerOf.get(cell);
    return answer === undefined ? cell : { ...cell, probed: answer };
  });
}

/** The connection to try; undefined where none can be: a protocol without ports, a pod that does not run. */
function probeOf(cell: Cell, { pods, endpoints }: Snapshot): Probe | undefined {
  const [port = '', protocol] = cell.port.split('/');
  const address = endpoints.get(cell.destination)?.addresses.find(({ family }) => family === cell.family);
  const running = [cell.source, cell.destination].every((name) => pods.get(name)?.status?.phase === 'Running');
  const podUid = pods.get(cell.source)?.metadata.uid;
  if (!running || address === undefined || podUid === undefined || protocol === undefined || !isTransportName(protocol)) return undefined;
  return { source: { kind: 'pod', uid: podUid }, address: formatAddress(address), port: Number(port), protocol };
}
