/** Runs other programs for the scripts: output shown or captured, failures as values. */
import { spawn, spawnSync } from 'node:child_process';

/** Runs a program with its output shown; resolves to the exit code (128 + signal number when killed by one). */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    // The terminal sends an interrupt to the whole group: let the child clean up and wait for it.
    const ignore = () => {};
    const relay = () => child.kill('SIGTERM');
    process.on('SIGINT', ignore);
    process.on('SIGTERM', relay);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGINT', ignore);
      process.off('SIGTERM', relay);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

/** Runs a program quietly; gives its exit code (127 when it is not there) and its output. */
export function capture(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, ...options });
  return { code: result.error ? 127 : (result.status ?? 1), stdout: result.stdout ?? '', stderr: result.stderr ?? '' };
}

/** As `capture`, while other things go on. */
export function captureBeside(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8').on('data', (chunk) => {
        output[stream] += chunk;
      });
    }
    child.on('error', () => resolve({ code: 127, ...output }));
    child.on('close', (code) => resolve({ code: code ?? 1, ...output }));
  });
}
