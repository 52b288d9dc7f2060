/** The executable `/agnhost` of a pod's sandbox: the program with the process's own sockets, streams and signals. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { ProgramContext, ProgramSignal } from '../program.ts';
import { agnhost } from './agnhost.ts';
import { processNetwork } from './process-network.ts';

const argv = process.argv.slice(2);

const context: ProgramContext = {
  argv: argv.length === 0 ? ['pause'] : argv,
  env: Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ''])),
  hostname: hostname(),
  network: processNetwork,
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  ended: new AbortController().signal,
  onSignal: (handler) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] satisfies ProgramSignal[]) process.on(signal, () => handler(signal));
  },
  shell: (command) =>
    new Promise((resolve, reject) => {
      const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          output += chunk.toString('utf8');
        });
      }
      child.on('error', reject);
      child.on('close', (code) => resolve({ output, exitCode: code ?? 255 }));
    }),
  readFile: (path) => readFile(path),
};

// A program that only waits for signals has nothing else that keeps Node from ending.
const alive = setInterval(() => undefined, 2 ** 30);
process.exitCode = await agnhost(context);
clearInterval(alive);
// Servers may still be open; writes to pipes are finished before the process ends.
process.stdout.write('', () => process.stderr.write('', () => process.exit()));
