/**
 * A directory whose files change all at once (`pkg/volume/util/atomic_writer.go`).
 *
 * ```
 *   volume/..2026_11_26_04_45_00.123456789/{key,dir/other}   the files
 *   volume/..data -> ..2026_11_26_04_45_00.123456789         replaced by one rename
 *   volume/{key,dir} -> ..data/{key,dir}                     what readers open
 * ```
 */
import { randomInt } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { VolumeFile } from './volume-files.ts';

const dataLink = '..data';
const groupReadable = 0o440;

/** Brings a directory, which exists, to exactly these files; a group given owns them and may read them. False when they were there already. */
export async function writeAtomically(directory: string, files: readonly VolumeFile[], group?: number): Promise<boolean> {
  const old = await readlink(join(directory, dataLink)).catch(() => undefined);
  if (old !== undefined && (await holdsExactly(join(directory, old), files))) return false;
  const name = stampedName(new Date());
  const fresh = join(directory, name);
  await mkdir(fresh, { mode: 0o755 });
  for (const { path, content, mode } of files) {
    const target = join(fresh, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    await writeFile(target, content, { mode: 0o600 });
    if (group !== undefined) await chown(target, 0, group);
    // After chown, which takes some bits away.
    await chmod(target, group === undefined ? mode : mode | groupReadable);
  }
  const temporary = join(directory, `${dataLink}_tmp`);
  await rm(temporary, { force: true });
  await symlink(name, temporary);
  await rename(temporary, join(directory, dataLink));
  await showTopLevel(directory, files);
  if (old !== undefined) await rm(join(directory, old), { recursive: true, force: true });
  return true;
}

/** Links for what is new, none for what has gone. */
async function showTopLevel(directory: string, files: readonly VolumeFile[]): Promise<void> {
  const wanted = new Set(files.map(({ path }) => path.split('/')[0] ?? path));
  const present = new Set((await readdir(directory)).filter((entry) => !entry.startsWith('..')));
  for (const entry of wanted) if (!present.has(entry)) await symlink(join(dataLink, entry), join(directory, entry));
  for (const entry of present) if (!wanted.has(entry)) await rm(join(directory, entry), { recursive: true, force: true });
}

async function holdsExactly(directory: string, files: readonly VolumeFile[]): Promise<boolean> {
  const present = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (present?.filter((entry) => !entry.isDirectory()).length !== files.length) return false;
  for (const { path, content } of files) {
    const target = join(directory, path);
    const stats = await lstat(target).catch(() => undefined);
    if (stats?.isFile() !== true || stats.size !== content.length || !(await readFile(target)).equals(content)) return false;
  }
  return true;
}

function stampedName(now: Date): string {
  const [, day = '', time = ''] = /^(.+)T(.+)\.\d+Z$/.exec(now.toISOString()) ?? [];
  return `..${day.replaceAll('-', '_')}_${time.replaceAll(':', '_')}.${randomInt(10 ** 9)}`;
}
