/**
 * `weir agent dump|explain|health` inside an engine's pod: the agent's own commands, run for somebody who may exec
 * into the pod. Only questions to this node's agent are let through: a path or a socket of the caller's choice would
 * be opened as root on the machine.
 */
import { spawn } from 'node:child_process';
import type { ProgramContext } from '../images/program.ts';

/** How Weir is started, and where the agent answers. */
export interface AgentCommandOptions {
  readonly command: readonly string[];
  readonly gateSocket: string;
}

const questions = ['dump', 'explain', 'health'];
const harmlessOption = /^(-o(=?\w+)?|--output(=\w+)?|--pairs|--fail-on(=\w+)?|--no-color|--quiet|--help|-h)$/;
const exitCodeUsage = 2;

/** Runs it to its end. */
export async function runAgentCommand({ command, gateSocket }: AgentCommandOptions, context: ProgramContext): Promise<number> {
  const [group, question = '', ...rest] = context.argv;
  const stranger = rest.find((argument) => argument.startsWith('-') && !harmlessOption.test(argument));
  if (group !== 'agent' || !questions.includes(question) || stranger !== undefined) {
    const what = stranger === undefined ? context.argv.join(' ') : stranger;
    context.stderr(`weir: "${what}" is not for this place: weir agent ${questions.join('|')} ask the agent of this node\n`);
    return exitCodeUsage;
  }
  const [program = '', ...first] = command;
  const child = spawn(program, [...first, 'agent', question, ...rest, '--gate-socket', gateSocket], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    env: { PATH: process.env['PATH'] },
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => context.stdout(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => context.stderr(text));
  context.ended.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 137));
  });
}
