/**
 * The person's shell: a bash in a terminal of its own, into which the demo types what the article says. Variables,
 * `read` and questions of programs work as they do for a person.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quoted } from '../self.ts';
import type { Step, StepResult } from './step.ts';
import { type Answer, TerminalSession } from './terminal-session.ts';

/** How to open one. */
export interface CommandShellOptions {
  /** Where it starts, and keeps its start file; it is made. */
  readonly directory: string;
  /** What is run before the bash, for example `nsenter …`. */
  readonly prefix: readonly string[];
  /** The surroundings of the prefix. */
  readonly env: NodeJS.ProcessEnv;
  /** Set in the shell itself, after all that the prefix may set. */
  readonly variables: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const prompt = /weir-demo:(\d+)> $/;

/** Clusters are made within a step, on machines that may be slow. */
const patienceMs = 300_000;

/** An open shell. */
export class CommandShell {
  readonly #session: TerminalSession;

  private constructor(session: TerminalSession) {
    this.#session = session;
  }

  /** Opens it and waits for its first prompt. */
  static async open({ directory, prefix, env, variables, signal }: CommandShellOptions): Promise<CommandShell> {
    mkdirSync(directory, { recursive: true });
    const start = join(directory, '.start');
    const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`);
    // Nothing is echoed: the transcript prints the commands, and an answer may be a password.
    writeFileSync(start, ['stty -echo', "PS1='weir-demo:$?> '", 'PS2=', 'unset HISTFILE', ...exports, ''].join('\n'));
    const session = TerminalSession.start({
      command: [...prefix, 'bash', '--noediting', '--rcfile', start, '-i'],
      env: { ...env, TERM: 'dumb' },
      prompt,
      patienceMs,
      signal,
      isEchoing: false,
      directory,
    });
    try {
      await session.ready();
      return new CommandShell(session);
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /**
   * Types a command and waits for its end. A line that ends with `\\` goes on in the next one; other lines are commands
   * one after another, and the answers are for the last of them.
   */
  async run(command: string, answers: readonly Answer[] = []): Promise<StepResult> {
    const lines = command.split(/(?<!\\)\n/);
    let output = '';
    let exitCode = 0;
    for (const [index, line] of lines.entries()) {
      const typed = await this.#session.type(line, index === lines.length - 1 ? answers : []);
      output += typed.output;
      exitCode = Number(typed.prompt[1]);
    }
    return { output, exitCode };
  }

  /** Ends it, with what runs in it. */
  close(): Promise<void> {
    return this.#session.close();
  }
}

/** A step that is a command in the shell. */
export function typedStep(shell: CommandShell, command: string, more: Partial<Step> = {}, answers: readonly Answer[] = []): Step {
  return { command, run: () => shell.run(command, answers), ...more };
}
