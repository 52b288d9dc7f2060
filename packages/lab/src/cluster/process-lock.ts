/** A lock file that names its holder, so that a lock whose holder died is no lock. */
import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectory } from '@weir/client';
import { AssertionError, defined } from '@weir/net';
import { identifyProcess, isAlive, type ProcessIdentity, readIdentity } from './process-identity.ts';

/** A lock that is held; `release` may be called more than once. */
export interface ProcessLock {
  release(): void;
}

/** Takes the lock at `path`; answers the holder's identity when another living process has it. */
export function takeProcessLock(path: string): { readonly lock: ProcessLock } | { readonly holder: ProcessIdentity } {
  makeDirectory(dirname(path), 0o700);
  const own = defined(identifyProcess(process.pid), 'a running process has an identity');
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(own), { mode: 0o600 });
  try {
    // A few rounds: each finds the lock free, held, or stale and sets it aside.
    for (let round = 0; round < 10; round++) {
      if (tryLink(mine, path)) return { lock: lockOf(path, own) };
      const holder = readIdentity(path);
      if (holder !== undefined && isAlive(holder)) return { holder };
      setAside(path, holder);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  throw new AssertionError(`the lock ${path} keeps changing hands`);
}

function lockOf(path: string, own: ProcessIdentity): ProcessLock {
  return {
    release: () => {
      const holder = readIdentity(path);
      if (holder?.pid === own.pid && holder.startTicks === own.startTicks) rmSync(path, { force: true });
    },
  };
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a stale lock away; puts it back when it turns out to be a fresh one of somebody faster. */
function setAside(path: string, stale: ProcessIdentity | undefined): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = readIdentity(aside);
  const fresh = moved !== undefined && (moved.pid !== stale?.pid || moved.startTicks !== stale.startTicks) && isAlive(moved);
  if (fresh) tryLink(aside, path);
  rmSync(aside, { force: true });
}

/** Who holds the lock at `path`, if anybody alive. */
export function lockHolder(path: string): ProcessIdentity | undefined {
  const holder = readIdentity(path);
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}
