/**
 * The built-in program of an engine's pods: it stands for the agent's process of the node. It says what the agent
 * says, ends when the agent ends and with the same exit code; a signal to it is one to the agent.
 *
 * The agent is not this container's child on purpose: it has to run before any pod does, and enforces without an API
 * server that would tell of its pod.
 */
import { identifyProcess, isAlive } from '../cluster/process-identity.ts';
import { type ProgramContext, untilExit } from '../images/program.ts';
import { type AgentProcess, type AgentRun, pause } from './agent-process.ts';
import { LogTail } from './log-tail.ts';

/** Which pod stands for which agent. */
export interface StandInForAgent {
  readonly agent: AgentProcess;
  readonly log: string;
  /** The uid of the pod. */
  readonly pod: string;
}

const lookMs = 500;
/** What is reported of an end that nobody has told of. */
const exitCodeUnknown = 255;
const signalNumbers: Readonly<Record<string, number>> = { SIGKILL: 9, SIGTERM: 15, SIGSEGV: 11, SIGABRT: 6, SIGINT: 2 };

/** Runs until the process that the pod claims has ended. */
export async function standForAgent({ agent, log, pod }: StandInForAgent, context: ProgramContext): Promise<number> {
  const { exited, exit } = untilExit();
  const { ended } = context;
  let run: AgentRun | undefined;
  context.onSignal(() => {
    // Without a process there is nothing to wait for.
    if (run === undefined) exit(0);
    else void agent.replace(run, ended);
  });
  const standing = agent.claim(pod, ended).then(async (claimed) => {
    if (claimed === undefined) return exitCodeUnknown;
    run = claimed;
    return followToItsEnd({ agent, log, run: claimed }, context);
  });
  return Promise.race([exited, standing]);
}

interface Following {
  readonly agent: AgentProcess;
  readonly log: string;
  readonly run: AgentRun;
}

async function followToItsEnd({ agent, log, run }: Following, context: ProgramContext): Promise<number> {
  const { ended } = context;
  const tail = new LogTail(log, run.logOffset);
  const say = (line: string): void => context.stderr(`${line}\n`, timeOf(line));
  const identity = identifyProcess(run.pid);
  const isRunning = (): boolean => identity !== undefined && isAlive(identity);
  for (; !ended.aborted && isRunning(); await pause(lookMs, ended)) tail.read(say);
  for (; !ended.aborted; await pause(lookMs, ended)) {
    const status = await agent.status();
    if (status === undefined) {
      // With the supervisor gone there is nobody who would start the agent again, or say how it ended.
      tail.read(say);
      return exitCodeUnknown;
    }
    const { pid, startedAt, logOffset, lastExit = '' } = status;
    if (pid === run.pid && startedAt === run.startedAt) continue; // Not taken note of yet.
    tail.read(say, startedAt === run.startedAt ? undefined : logOffset);
    return exitCodeOf(lastExit);
  }
  return exitCodeUnknown;
}

/** `exit code 1` or `signal SIGKILL` as a shell has it. */
function exitCodeOf(how: string): number {
  const [, code, signal] = /^(?:exit code (\d+)|signal (\w+))$/.exec(how) ?? [];
  if (code !== undefined) return Number(code);
  return signal === undefined ? exitCodeUnknown : 128 + (signalNumbers[signal] ?? 0);
}

/** When the agent wrote a line of its log, which is later read than written. */
function timeOf(line: string): Date | undefined {
  const [, text] = /"time":"(\d{4}-[^"]{1,40})"/.exec(line.slice(0, 200)) ?? [];
  const time = new Date(text ?? '');
  return Number.isNaN(time.getTime()) ? undefined : time;
}
