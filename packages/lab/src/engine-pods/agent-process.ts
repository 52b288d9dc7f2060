/**
 * The agent's process of one node as the node's own process sees it: through the supervisor, which starts it before
 * any pod and whenever it has ended.
 *
 * A container that stands for the agent claims the process that runs. Who finds one that another pod stood for has it
 * replaced first, so that a new pod is a new process also when the old pod went without a word.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildStatus } from '../cluster/supervised-child.ts';
import { askSupervisor } from '../cluster/supervisor-socket.ts';
import { writePrivateFile } from '../pki/private-file.ts';

/** Where the agent of a node is found. */
export interface AgentPlace {
  /** Socket of the cluster's supervisor, and the agent's name there. */
  readonly supervisorSocket: string;
  readonly child: string;
  /** What it writes. */
  readonly log: string;
  /** Where it answers questions. */
  readonly gateSocket: string;
  /** How Weir is started: Node and its first arguments. */
  readonly command: readonly string[];
}

/** One process of the agent. */
export interface AgentRun {
  readonly pid: number;
  /** RFC 3339. */
  readonly startedAt: string;
  /** Where its output begins in the log, in bytes. */
  readonly logOffset: number;
}

interface Claim {
  readonly pod: string;
  readonly pid: number;
  readonly startedAt: string;
}

const lookMs = 200;
/** From TERM to KILL. */
const termMs = 8_000;

/** The agent of this node. */
export class AgentProcess {
  readonly #place: Pick<AgentPlace, 'supervisorSocket' | 'child'>;
  readonly #claimPath: string;

  /** Keeps at `claimPath` which pod stands for which process. */
  constructor(place: Pick<AgentPlace, 'supervisorSocket' | 'child'>, claimPath: string) {
    this.#place = place;
    this.#claimPath = claimPath;
  }

  /** Waits for a process that no other pod stands for; undefined when `ended` comes first. */
  async claim(pod: string, ended: AbortSignal): Promise<AgentRun | undefined> {
    while (!ended.aborted) {
      const run = await this.running();
      const claimed = this.#claimed();
      const isOthers = run !== undefined && claimed !== undefined && claimed.pod !== pod && isSame(claimed, run);
      if (run !== undefined && !isOthers) {
        await writePrivateFile(this.#claimPath, JSON.stringify({ pod, pid: run.pid, startedAt: run.startedAt } satisfies Claim));
        return run;
      }
      if (isOthers) await this.replace(run, ended);
      else await pause(lookMs, ended);
    }
    return undefined;
  }

  /** The process that runs; undefined: none does, or nobody is there to say so. */
  async running(): Promise<AgentRun | undefined> {
    const status = await this.status();
    if (status?.pid === undefined) return undefined;
    const { pid, startedAt = '', logOffset = 0 } = status;
    return { pid, startedAt, logOffset };
  }

  /** What the supervisor says of it; undefined when it does not answer. */
  async status(): Promise<ChildStatus | undefined> {
    const { supervisorSocket, child } = this.#place;
    return askSupervisor<ChildStatus>(supervisorSocket, 'GET', `/children/${child}`).catch(() => undefined);
  }

  /** Has the process end, and waits until it has; the supervisor starts the next one. */
  async replace(run: AgentRun, ended: AbortSignal): Promise<void> {
    await this.#signal(run, 'SIGTERM');
    for (const killAt = Date.now() + termMs; !ended.aborted; await pause(lookMs, ended)) {
      const now = await this.running();
      if (now === undefined || !isSame(now, run)) return;
      if (Date.now() > killAt) await this.#signal(run, 'SIGKILL');
    }
  }

  async #signal(run: AgentRun, signal: NodeJS.Signals): Promise<void> {
    const { supervisorSocket, child } = this.#place;
    const now = await this.running();
    if (now === undefined || !isSame(now, run)) return;
    await askSupervisor(supervisorSocket, 'POST', `/children/${child}/signal?signal=${signal}`).catch(() => undefined);
  }

  #claimed(): Claim | undefined {
    try {
      return JSON.parse(readFileSync(this.#claimPath, 'utf8')) as Claim;
    } catch {
      return undefined; // Nobody has claimed one yet.
    }
  }
}

function isSame(a: Pick<AgentRun, 'pid' | 'startedAt'>, b: Pick<AgentRun, 'pid' | 'startedAt'>): boolean {
  return a.pid === b.pid && a.startedAt === b.startedAt;
}

/** Ends early with the signal. */
export async function pause(milliseconds: number, ended: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal: ended }).catch(() => undefined);
}
