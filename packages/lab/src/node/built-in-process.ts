/**
 * A built-in program running inside the node's process: the in-process counterpart of a container's
 * main process or of one `exec`, with exit code, signals and output.
 */
import type { Program, ProgramContext, ProgramSignal } from '../images/program.ts';
import { type ClosableNetwork, openNetnsNetwork } from './netns-network.ts';
import type { PodNames } from './pod-resolver.ts';

/** What to run and where. */
export interface BuiltInProcessOptions {
  readonly program: Program;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly hostname: string;
  readonly netns: string;
  readonly names: PodNames;
  readonly stdout: ProgramContext['stdout'];
  readonly stderr: ProgramContext['stderr'];
  readonly shell: ProgramContext['shell'];
  readonly readFile: ProgramContext['readFile'];
}

/** A running program. */
export interface BuiltInProcess {
  /** Its exit code; 137 after KILL. Never rejects: a fault of the program is written to stderr and ends it with 70. */
  readonly exited: Promise<number>;
  /** Delivers a signal. KILL closes its sockets and ends it at once. */
  kill(signal: ProgramSignal | 'SIGKILL'): void;
}

/** Exit code of a Go program that a signal ends, and of one that was killed (128 + 9). */
const exitBySignal = 2;
const exitByKill = 137;
const exitByFault = 70;

/** Starts the program. */
export function startBuiltInProcess(options: BuiltInProcessOptions): BuiltInProcess {
  const network = openNetnsNetwork(options.netns, options.names);
  let handler: ((signal: ProgramSignal) => void) | undefined;
  let stop: (code: number) => void = () => undefined;
  const stopped = new Promise<number>((resolve) => {
    stop = resolve;
  });
  const ended = new AbortController();
  const unlessEnded = (write: ProgramContext['stdout']) => (text: string, at?: Date) => {
    if (!ended.signal.aborted) write(text, at);
  };
  const context: ProgramContext = {
    ...options,
    network,
    stdout: unlessEnded(options.stdout),
    stderr: unlessEnded(options.stderr),
    ended: ended.signal,
    onSignal: (next) => {
      handler = next;
    },
  };
  const exited = Promise.race([stopped, run(options.program, context)]).then((code) => {
    ended.abort();
    network.close();
    return code;
  });
  const kill = (signal: ProgramSignal | 'SIGKILL'): void => {
    if (signal === 'SIGKILL') return endNow(network, stop);
    if (handler === undefined) return stop(exitBySignal);
    handler(signal);
  };
  return { exited, kill };
}

function endNow(network: ClosableNetwork, stop: (code: number) => void): void {
  network.close();
  stop(exitByKill);
}

async function run(program: Program, context: ProgramContext): Promise<number> {
  try {
    return await program(context);
  } catch (error) {
    context.stderr(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return exitByFault;
  }
}
