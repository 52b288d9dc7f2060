/**
 * Where the pins of one network namespace are. A link that is pinned keeps its namespace alive, whoever
 * deletes it, so whoever does takes its pins away first.
 */
import { readdirSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { netnsPath } from '../netns/in-netns.ts';
import { bpfPinDirectory, isBpfFilesystem, removeOwnBpfFilesystem } from './bpf-filesystem.ts';

/** The directory for a namespace, by the number of its file: no other has it while it lives. */
export function netnsPinDirectory(root: string, inode: number): string {
  return join(root, `weir-net-${inode}`);
}

/** Forgets everything that Weir pinned for a namespace; what was attached by it ends. Nothing there is no error. */
export function removeNetnsPins(nameOrPath: string): void {
  const root = bpfPinDirectory();
  if (!isBpfFilesystem(root)) return;
  const inode = statSync(netnsPath(nameOrPath), { throwIfNoEntry: false })?.ino;
  if (inode === undefined) return;
  const directory = netnsPinDirectory(root, inode);
  for (const object of entriesOf(directory)) {
    for (const pin of entriesOf(join(directory, object))) unlinkSync(join(directory, object, pin));
    rmdirSync(join(directory, object));
  }
  if (statSync(directory, { throwIfNoEntry: false }) !== undefined) rmdirSync(directory);
  removeOwnBpfFilesystem(root);
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
