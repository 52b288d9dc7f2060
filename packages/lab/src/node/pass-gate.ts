/**
 * Waiting at the start gate until a pod may start, and saying why while it takes long.
 *
 * An agent that is stopped or busy keeps a request without an answer for as long as its own patience,
 * so the reason is told beside a request that is still under way, not only between two of them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { askGate, type GateAnswer, type GateEndpoint } from './start-gate.ts';

/** Who wants through which gate, and whom to tell of the wait. */
export interface GatePassage {
  readonly gateSocket: string;
  readonly endpoint: GateEndpoint;
  /** Aborted when the pod need not start any more. */
  readonly signal: AbortSignal;
  /** Told why the pod waits: once for each reason in a row, and not at all when the gate opens soon. */
  readonly onWait: (reason: string) => void;
  /** The longest time between two questions, in milliseconds; absent: 2 000. */
  readonly retryLastMs?: number;
}

const retryMs = { first: 50, last: 2_000 } as const;
/** A request that takes longer than this is worth a word. */
const slowAnswerMs = 2_000;
const silence = `the policy agent of the node has not answered for ${slowAnswerMs / 1_000} s`;

/** Asks until the gate opens; false when the pod need not start any more. */
export async function passGate({ gateSocket, endpoint, signal, onWait, retryLastMs = retryMs.last }: GatePassage): Promise<boolean> {
  let told = '';
  const tell = (reason: string): void => {
    if (reason !== told) onWait(reason);
    told = reason;
  };
  for (let waitMs: number = retryMs.first; !signal.aborted; waitMs = Math.min(waitMs * 2, retryLastMs)) {
    const answer = await askPatiently(gateSocket, endpoint, () => tell(silence));
    if (answer.kind === 'open') return !signal.aborted;
    // The first refusal is often over with the next question: an agent that starts, a read that was cut.
    if (waitMs > retryMs.first) tell(answer.reason);
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

async function askPatiently(gateSocket: string, endpoint: GateEndpoint, onSlow: () => void): Promise<GateAnswer> {
  const timer = setTimeout(onSlow, slowAnswerMs);
  try {
    return await askGate(gateSocket, endpoint);
  } finally {
    clearTimeout(timer);
  }
}
