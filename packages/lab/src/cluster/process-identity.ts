/**
 * Which process a file means: a pid alone is given to another process sooner or later.
 *
 * The identity is the pid, the boot (/proc/sys/kernel/random/boot_id) and the start time in clock
 * ticks since that boot (field 22 of /proc/PID/stat, proc(5)). Only a process for which all three
 * hold is ever signalled.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process of this machine, of this boot or an earlier one. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly bootId: string;
  readonly startTicks: string;
}

/** The identity of a living process; undefined when there is none with that pid, or only a zombie. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name, in parentheses, may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startTicks] = [fields[0], fields[19]];
    if (state === undefined || state === 'Z' || state === 'X' || startTicks === undefined) return undefined;
    return { pid, bootId: bootId(), startTicks };
  } catch {
    return undefined;
  }
}

/** Whether exactly this process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid);
  return now !== undefined && now.bootId === identity.bootId && now.startTicks === identity.startTicks;
}

/** Reads an identity that was written as JSON; undefined when the file is missing or damaged. */
export function readIdentity(path: string): ProcessIdentity | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<ProcessIdentity>;
    const { pid, bootId: boot, startTicks } = value;
    return typeof pid === 'number' && typeof boot === 'string' && typeof startTicks === 'string'
      ? { pid, bootId: boot, startTicks }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Sends the signal to exactly this process; does nothing when it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Waits until the process is gone; answers whether it went within the time. */
async function waitForExit(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadlineMs = Date.now() + timeoutMs;
  while (isAlive(identity)) {
    if (Date.now() >= deadlineMs) return false;
    await sleep(20);
  }
  return true;
}

/** Asks the process to end (SIGTERM), and ends it (SIGKILL) when it has not after `graceMs`. */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  signalProcess(identity, 'SIGTERM');
  if (await waitForExit(identity, graceMs)) return;
  signalProcess(identity, 'SIGKILL');
  await waitForExit(identity, 2_000);
}

let bootIdText: string | undefined;

function bootId(): string {
  bootIdText ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootIdText;
}
