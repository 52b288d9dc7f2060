/**
 * Connections tried twice where once says little. What no answer came to is tried once more, with more
 * patience, before it is called silence; what an answer came to is not: one packet through a denied
 * flow is one too many.
 */
import type { Probe, ProbeAnswer, ProbeResult } from '@weir/lab';
import { formatDuration, type Output } from '../output.ts';

/** A connection to try, and what it is expected to come to. */
export interface Trial {
  readonly probe: Probe;
  readonly computed: 'allow' | 'deny' | 'unknown';
}

/** Where and how to try. */
export interface Trying {
  readonly cluster: string;
  readonly timeoutMs: number;
  readonly output: Output;
  /** Ends it: what is thrown then is the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The second try waits so many times longer, and with fewer others. */
const patience = 3;
const patientConcurrency = 512;
const progressEveryMs = 2_000;

/** The answers, in the order of the trials. */
export async function tryProbes(trials: readonly Trial[], { cluster, timeoutMs, output, signal }: Trying): Promise<readonly ProbeAnswer[]> {
  // Who computes without trying needs no lab.
  const { probeConnections } = await import('@weir/lab');
  output.progress(`trying ${trials.length} connections, each for at most ${formatDuration(timeoutMs)}`);
  const answers = new Map<Trial, ProbeAnswer>();
  const attempt = async (chosen: readonly Trial[], how: { timeoutMs: number; concurrency?: number }): Promise<ProbeResult> => {
    const onProgress = progressOf(chosen.length, output);
    const probes = chosen.map(({ probe }) => probe);
    const result = await probeConnections({ cluster, probes, onProgress, ...how, ...(signal === undefined ? {} : { signal }) });
    signal?.throwIfAborted();
    for (const [index, trial] of chosen.entries()) answers.set(trial, result.answers[index] ?? 'error');
    return result;
  };
  const { slowestMs } = await attempt(trials, { timeoutMs });
  const doubtful = trials.filter((trial) => isDoubtful(trial.computed, answers.get(trial) ?? 'error', { slowestMs, timeoutMs }));
  if (doubtful.length > 0) {
    const patientMs = patience * Math.max(timeoutMs, slowestMs);
    output.progress(`trying ${doubtful.length} again that got no answer, each for at most ${formatDuration(patientMs)}`);
    await attempt(doubtful, { timeoutMs: patientMs, concurrency: patientConcurrency });
  }
  return trials.map((trial) => answers.get(trial) ?? 'error');
}

/**
 * Whether a second try could change what the first one said. Silence where an answer is due may be a
 * lost packet; and no silence means anything when other answers took nearly as long as was waited.
 */
export function isDoubtful(
  computed: Trial['computed'],
  answer: ProbeAnswer,
  { slowestMs, timeoutMs }: { readonly slowestMs: number; readonly timeoutMs: number },
): boolean {
  if (answer === 'error') return true;
  return answer === 'timeout' && (computed === 'allow' || slowestMs > timeoutMs / 2);
}

/** Whether packets went there and back. A refusal by the other end is an answer: the policies let the packets through. */
export function isThrough(answer: ProbeAnswer): boolean {
  return answer === 'connected' || answer === 'refused';
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
