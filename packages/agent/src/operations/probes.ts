/**
 * Whether the agent is alive, and whether it is ready, each with the reason when not.
 *
 * Not alive: only a new process can help. Not ready: what should be in force is not, and a new process
 * would not change that. While the API server is away the agent stays ready, because what is in
 * force is the newest that is known.
 */

/** An answer and the reasons against it. */
export interface ProbeResult {
  readonly ok: boolean;
  /** One sentence each; empty exactly when `ok`. */
  readonly reasons: readonly string[];
}

/** What probes look at. */
export interface ProbedState {
  /** What the agent cannot go on from. */
  readonly fault: string | undefined;
  readonly synced: boolean;
  readonly inForce: boolean;
  readonly failuresInARow: number;
  readonly lastError: string | undefined;
  /** How long the oldest change that is not in force waits already; 0 when there is none. */
  readonly waitingMs: number;
  /** Why the agent does not read the cluster yet; undefined when it does. */
  readonly hold: string | undefined;
}

/** A change waits this long without any failure only when something is stuck. */
const stuckMs = 60_000;

/** Whether the process works; a loop that is stuck answers nothing, which says the same. */
export function liveness({ fault, failuresInARow, waitingMs }: ProbedState): ProbeResult {
  const reasons: string[] = [];
  if (fault !== undefined) reasons.push(`a fault of ours: ${fault}`);
  if (failuresInARow === 0 && waitingMs > stuckMs) reasons.push(`a change has been waiting for ${Math.round(waitingMs / 1_000)} s`);
  return resultOf(reasons);
}

/** Whether a whole state is in force and the last change came through. */
export function readiness(state: ProbedState): ProbeResult {
  const reasons = [...liveness(state).reasons];
  if (!state.synced) reasons.push('pods, namespaces and policies have not all been read from the API server yet');
  else if (!state.inForce) reasons.push('no whole state is in the kernel yet');
  if (state.failuresInARow > 0) {
    reasons.push(`the last change could not be applied (${state.failuresInARow} times): ${state.lastError ?? 'no reason given'}`);
  }
  if (state.hold !== undefined) reasons.push(state.hold);
  return resultOf(reasons);
}

function resultOf(reasons: readonly string[]): ProbeResult {
  return { ok: reasons.length === 0, reasons };
}
