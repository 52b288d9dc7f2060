/** What is mounted below a directory of ours, so that nothing is ever deleted through a mount. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Something stays mounted; the message names it. */
export class MountedError extends Error {
  override readonly name = 'MountedError';
}

/** Mounts a file system, or one place at another; rejects with what `mount` says. */
export async function mountAt(point: string, options: readonly string[]): Promise<void> {
  await run('mount', [...options, point]);
}

/** Unmounts everything at or below the directory, innermost first. Rejects with a {@link MountedError} when something stays mounted. */
export async function unmountBelow(directory: string): Promise<void> {
  for (const point of mountsBelow(directory).toReversed()) {
    await run('umount', ['--lazy', '--', point]).catch(() => undefined);
  }
  const [left] = mountsBelow(directory);
  if (left !== undefined) throw new MountedError(`${left} is still mounted, so ${directory} is not removed`);
}

function mountsBelow(directory: string): readonly string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    // mountinfo writes blanks and backslashes in octal, proc(5).
    .map((line) =>
      (line.split(' ')[4] ?? '').replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
  return points.filter((point) => point === directory || point.startsWith(`${directory}/`));
}
