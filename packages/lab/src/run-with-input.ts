/** Programs that take their work from standard input, in the namespace of this process. */
import { spawn } from 'node:child_process';

/** Runs it; rejects with what it complains of. */
export function runWithInput([program, ...args]: readonly [string, ...string[]], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${program}: ${complaint.trim() || `exit code ${code ?? 'unknown'}`}`)),
    );
    // A refusal may come before all is read; the exit code tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
