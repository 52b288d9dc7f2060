/**
 * The entry of the `weir` command: finds the command, runs it, turns errors into one text and an
 * exit code.
 */
import { formatWithOptions } from 'node:util';
import { type Command, type Invocation, optionsOf } from './command.ts';
import { CommandError, type ExitCode, exitCode } from './exit-code.ts';
import { renderHelp } from './help.ts';
import { Output } from './output.ts';
import { checkPositionals, findCommand, parseOptions } from './parse.ts';
import { rootCommand } from './root-command.ts';

/** Runs the command that the arguments name; gives the exit code and never throws. */
export async function main(args: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // A reader that goes away early (`weir … | head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  try {
    return await runCommand(args, interrupt.signal);
  } catch (error) {
    return report(error);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

async function runCommand(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { command, path, rest } = await findCommand(rootCommand, args);
  if (command.runWords !== undefined) return command.runWords(rest, signal);
  // What follows -- is of another program.
  const own = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  if (own.includes('--help') || own.includes('-h')) {
    process.stdout.write(renderHelp(command, path));
    return exitCode.done;
  }
  if (command.run === undefined) {
    process.stderr.write(renderHelp(command, path));
    return exitCode.usage;
  }
  const invocation = invocationOf(command, path, { rest, signal });
  return command.run(invocation);
}

function invocationOf(command: Command, path: readonly string[], from: { rest: readonly string[]; signal: AbortSignal }): Invocation {
  const { options, positionals } = parseOptions(command, from.rest);
  checkPositionals(command, path, positionals);
  const colour = process.stdout.isTTY && !options.flag('no-color') && process.env['NO_COLOR'] === undefined;
  const output = new Output({
    format: options.text('output') ?? 'table',
    quiet: options.flag('quiet'),
    colour: colour && 'no-color' in optionsOf(command),
    stdout: process.stdout,
    stderr: process.stderr,
  });
  return { options, positionals, output, signal: from.signal };
}

function report(error: unknown): ExitCode {
  if (error instanceof CommandError) {
    process.stderr.write(`weir: ${error.message}\n`);
    return error.code;
  }
  process.stderr.write(`weir: this is a fault of ours, please report it\n${formatWithOptions({ colors: false }, error)}\n`);
  return exitCode.fault;
}
