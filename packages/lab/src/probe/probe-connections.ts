/**
 * Tries connections from pods, nodes and external hosts of a cluster on this machine: real sockets inside their network
 * namespaces, thousands at a time, without a program in the pods.
 *
 * ```
 *   probes ──▶ window (descriptors are bounded) ──▶ one attempt each ──▶ answers, in the probes' order
 *                 │ a few dozen starts per turn of the event loop, so that answers are read on time
 * ```
 */
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hostNetnsName, nodeNetnsName, podNetnsName } from '../network/netns-names.ts';
import { EchoAttempts } from './echo-attempts.ts';
import { type Attempt, attemptTcp, attemptUdp, type ProbeAnswer } from './probe-attempt.ts';
import { SctpAttempts } from './sctp-attempts.ts';

/** Who connects: a pod, a node itself, or an external host. */
export type ProbeSource =
  | { readonly kind: 'pod'; readonly uid: string }
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'host'; readonly name: string };

/** One connection to try, or an ICMP echo. */
export interface Probe {
  readonly source: ProbeSource;
  readonly address: string;
  /** Of no meaning for ICMP. */
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP' | 'ICMP';
}

/** What to try. */
export interface ProbeOptions {
  readonly cluster: string;
  readonly probes: readonly Probe[];
  /** How long one waits for an answer. */
  readonly timeoutMs: number;
  /** How many wait at the same time, each with one descriptor. Default 4 096, or half of what this process may open. */
  readonly concurrency?: number;
  /** Ends it before all are tried: the others are answered `error`. */
  readonly signal?: AbortSignal;
  /** Told how many have their answer, after each. */
  readonly onProgress?: (answered: number) => void;
}

/** What came of it. */
export interface ProbeResult {
  /** In the order of the probes. */
  readonly answers: readonly ProbeAnswer[];
  /**
   * The longest that an answer took, in milliseconds; 0 when there was none. Silence means something
   * only where answers come much sooner than the time limit.
   */
  readonly slowestMs: number;
}

const concurrencyMax = 4_096;
const startsPerTurn = 64;

/** Tries all. */
export async function probeConnections(options: ProbeOptions): Promise<ProbeResult> {
  const { cluster, probes, timeoutMs, onProgress } = options;
  const window = new ProbeWindow(options.concurrency ?? Math.min(concurrencyMax, Math.floor(descriptorLimit() / 2)));
  const answers = new Array<ProbeAnswer>(probes.length).fill('error');
  const attempts = { sctp: new SctpAttempts(), echo: new EchoAttempts() };
  let answered = 0;
  let slowestMs = 0;
  for (const [index, probe] of probes.entries()) {
    await window.enter();
    if (options.signal?.aborted === true) {
      window.leave();
      break;
    }
    if (index % startsPerTurn === 0) await nextTurn();
    const startedMs = performance.now();
    const done = (answer: ProbeAnswer): void => {
      answers[index] = answer;
      if (answer === 'connected' || answer === 'refused') slowestMs = Math.max(slowestMs, performance.now() - startedMs);
      onProgress?.(++answered);
      window.leave();
    };
    start(attempts, { netns: netnsOf(cluster, probe.source), probe }, { timeoutMs, done });
  }
  await window.emptied();
  attempts.sctp.close();
  attempts.echo.close();
  return { answers, slowestMs };
}

function netnsOf(cluster: string, source: ProbeSource): string {
  if (source.kind === 'pod') return podNetnsName(cluster, source.uid);
  return source.kind === 'node' ? nodeNetnsName(cluster, source.name) : hostNetnsName(cluster, source.name);
}

/** How many attempts wait at the same time. One caller at a time may wait for it. */
class ProbeWindow {
  readonly #size: number;
  #inside = 0;
  #left: () => void = () => undefined;

  constructor(size: number) {
    this.#size = Math.max(1, size);
  }

  /** Resolves when there is a place, which is taken then. */
  async enter(): Promise<void> {
    while (this.#inside >= this.#size) await this.#oneLeaves();
    this.#inside += 1;
  }

  leave(): void {
    this.#inside -= 1;
    this.#left();
  }

  async emptied(): Promise<void> {
    while (this.#inside > 0) await this.#oneLeaves();
  }

  #oneLeaves(): Promise<void> {
    return new Promise((resolve) => {
      this.#left = resolve;
    });
  }
}

function start(
  { sctp, echo }: { readonly sctp: SctpAttempts; readonly echo: EchoAttempts },
  { netns, probe }: { readonly netns: string; readonly probe: Probe },
  attempt: Attempt,
): void {
  try {
    if (probe.protocol === 'TCP') attemptTcp(netns, probe, attempt);
    else if (probe.protocol === 'UDP') attemptUdp(netns, probe, attempt);
    else if (probe.protocol === 'SCTP') sctp.attempt(netns, probe, attempt);
    else echo.attempt(netns, probe, attempt);
  } catch {
    attempt.done('error');
  }
}

/** How many descriptors this process may have open, proc(5). */
function descriptorLimit(): number {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}
