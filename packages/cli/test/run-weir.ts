/** Runs the built command as a user does. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** What a run gave. */
export interface WeirRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `weir` with the arguments; state and run directories of its own keep it apart from other runs. */
export function runWeir(
  args: readonly string[],
  options: { env?: Readonly<Record<string, string>>; input?: string } = {},
): Promise<WeirRun> {
  return new Promise((resolve, reject) => {
    const bin = join(import.meta.dirname, '..', 'bin', 'weir.js');
    const { KUBECONFIG: _, ...inherited } = process.env;
    const child = spawn(process.execPath, [bin, ...args], { env: { ...inherited, ...options.env } });
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
    child.stdin.end(options.input ?? '');
  });
}
