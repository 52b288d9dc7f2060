/**
 * Changing interfaces, addresses and routes: one `ip -batch` per namespace and operation.
 *
 * The process is started from inside the namespace and inherits it, which spares `ip netns exec`
 * and its mount namespace: a batch takes about 3 ms.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { inNetns, readNetSysctl } from '@weir/kernel';
import { NetworkError } from './netns-names.ts';

/**
 * Runs the commands (arguments of ip(8), one line each) inside the namespace, in order. The first
 * one that fails ends the batch and is in the error, with the kernel's words.
 */
export async function ipBatch(netns: string, commands: readonly string[]): Promise<void> {
  await run(netns, ['-batch', '-'], `${commands.join('\n')}\n`, commands);
}

/** Runs one `ip -json` query inside the namespace and returns its answer, parsed. */
export async function ipQuery<T>(netns: string, query: readonly string[]): Promise<T> {
  const text = await run(netns, ['-json', ...query], '', [query.join(' ')]);
  return JSON.parse(text === '' ? '[]' : text) as T;
}

/**
 * Removes one interface (and its peer) at once. Deleting the namespace of one end removes both as
 * well, but some milliseconds later, and only when no socket holds it. No error when it is not there.
 */
export async function removeInterface(netns: string, name: string): Promise<void> {
  try {
    readNetSysctl(netns, `ipv4/conf/${name}/rp_filter`);
  } catch {
    return;
  }
  await ipBatch(netns, [`link del ${name}`]).catch(() => undefined); // It may vanish by itself meanwhile.
}

async function run(netns: string, argv: readonly string[], input: string, ...[commands]: [readonly string[]]): Promise<string> {
  const child = startInside(netns, argv);
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (error) =>
      reject(new NetworkError('kernel', 'the program `ip` cannot be started; install the package iproute2', error)),
    );
    child.on('close', resolve);
  });
  if (code === 0) return output.stdout;
  throw failure(netns, output.stderr.trim(), commands);
}

function startInside(netns: string, argv: readonly string[]): ChildProcess {
  let child: ChildProcess | undefined;
  inNetns(netns, () => {
    child = spawn('ip', argv, { stdio: ['pipe', 'pipe', 'pipe'] });
  });
  if (child === undefined) throw new NetworkError('kernel', 'the program `ip` cannot be started');
  return child;
}

function failure(netns: string, stderr: string, commands: readonly string[]): NetworkError {
  const line = Number(/Command failed -:(\d+)/.exec(stderr)?.[1] ?? '1');
  const words = stderr.split('\n')[0] ?? stderr;
  const code = /File exists/.test(stderr) ? 'address-taken' : 'kernel';
  return new NetworkError(code, `ip ${commands[line - 1] ?? ''} in ${netns}: ${words}`);
}
