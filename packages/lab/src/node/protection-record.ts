/**
 * Since when the pods of a node have talked without an engine, and since when one protects them: a file, because the
 * node's process may end in between.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Times in milliseconds since 1970. */
export interface ProtectionRecord {
  /** When the first pod could talk without rules; absent: none ever could. */
  readonly talkedSince?: number;
  /** When the rules of all pods that the node had were in force; absent: they are not yet. */
  readonly inForceSince?: number;
}

/** What the node's files say; nothing, where there is no file. */
export function readProtection(stateDirectory: string): ProtectionRecord {
  try {
    return JSON.parse(readFileSync(pathIn(stateDirectory), 'utf8')) as ProtectionRecord;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}

/** Replaces the file as a whole. */
export function writeProtection(stateDirectory: string, record: ProtectionRecord): void {
  const path = pathIn(stateDirectory);
  writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function pathIn(stateDirectory: string): string {
  return join(stateDirectory, 'protection.json');
}
