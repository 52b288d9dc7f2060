/** The last words of a container: a file that it may write, or the end of its log (core/v1 `terminationMessagePath`, `…Policy`). */
import { chmodSync, closeSync, constants, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Container } from '@weir/kube';
import type { OciMount } from '../sandbox/runc-config.ts';
import type { ContainerLog } from './container-log.ts';
import { readContainerLog } from './read-container-log.ts';

const fileLimitBytes = 4096;
const logLimitBytes = 2048;
const logLimitLines = 80;
const defaultPath = '/dev/termination-log';

/** Makes the empty file of a run and the mount that shows it to the container, whoever its user is. */
export function openTerminationFile(file: string, { terminationMessagePath }: Container): OciMount {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, '');
  chmodSync(file, 0o666);
  const destination = terminationMessagePath === undefined || terminationMessagePath === '' ? defaultPath : terminationMessagePath;
  return { destination, type: 'bind', source: file, options: ['bind', 'rw', 'nosuid', 'nodev', 'noexec'] };
}

/** What a run that ended with this code left to say; empty when nothing. */
export async function terminationMessage(
  run: { readonly file: string; readonly log: ContainerLog; readonly exitCode: number },
  { terminationMessagePolicy }: Container,
): Promise<string> {
  const written = readStart(run.file);
  if (written !== '' || run.exitCode === 0 || terminationMessagePolicy !== 'FallbackToLogsOnError') return written;
  const selection = { tailLines: logLimitLines, timestamps: false, follow: false };
  const chunks: Buffer[] = [];
  for await (const chunk of readContainerLog(run.log, selection, new AbortController().signal)) chunks.push(chunk);
  return Buffer.concat(chunks).subarray(-logLimitBytes).toString('utf8');
}

/** A container may have replaced its file by anything: more than the limit is never read. */
function readStart(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    const buffer = Buffer.alloc(fileLimitBytes);
    return buffer.subarray(0, readSync(descriptor, buffer)).toString('utf8');
  } catch {
    return '';
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
