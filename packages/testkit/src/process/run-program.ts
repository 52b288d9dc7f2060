/** Runs a program to its end. */
import { spawn } from 'node:child_process';

/** What a program gave. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Environment besides this process's own (an undefined variable is left out), standard input, and the folder that it runs in. */
export interface RunProgramOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | undefined;
  readonly cwd?: string | undefined;
}

/**
 * Node's pipes are sockets, and a bash that finds one as its input believes that it was called from another machine: it reads
 * the user's ~/.bashrc, whatever that starts, unless another shell is around it.
 */
const insideShell = { SHLVL: '1' };

/** Resolves when the program has ended, whatever its exit code. */
export function runProgram(command: string, args: readonly string[], options: RunProgramOptions = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...insideShell, ...options.env }, cwd: options.cwd });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
    // A program may end without reading; its exit code tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}
