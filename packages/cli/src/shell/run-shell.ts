/** Runs a shell, or one command, in the user's terminal. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { CommandError, exitCode } from '../exit-code.ts';
import { checkoutFile } from '../self.ts';

/** The program and its arguments for an interactive shell of the user. */
export function interactiveShell(): readonly string[] {
  const shell = process.env['SHELL'] ?? '';
  const program = shell === '' ? 'bash' : shell;
  return basename(program) === 'bash' ? [program, '--rcfile', checkoutFile('packages/cli/shell/weir-shell.bash'), '-i'] : [program];
}

/**
 * Runs it with the terminal of this process until it ends; gives its exit code as a shell counts: 128 and the signal's
 * number after a signal. Ctrl-C is for the program alone.
 */
export function runInTerminal([program = '', ...args]: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env: environment });
    const terminate = (): void => void child.kill('SIGTERM');
    process.on('SIGTERM', terminate);
    child.on('error', (error: NodeJS.ErrnoException) => {
      const isAbsent = error.code === 'ENOENT';
      reject(isAbsent ? new CommandError(exitCode.notFound, `${program}: there is no such program`) : error);
    });
    child.on('exit', (code, signal) => {
      process.off('SIGTERM', terminate);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
