/**
 * Volumes that are directories of the machine: emptyDir, hostPath and claims.
 *
 * A lab node has no file system of its own that pods might see: a `hostPath` lies below a directory of the node, never
 * anywhere else on the machine.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { chmod, chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readQuantity, type Volume } from '@weir/kube';
import { mountAt } from '../../sandbox/mount-points.ts';
import { descriptorPath, OutsideError, openBeneath } from './open-beneath.ts';
import { VolumeError } from './volume-files.ts';

/** What a volume in memory may hold that does not say so itself, in bytes. */
const usualMemoryBytes = 256 * 1024 * 1024;

/** Makes an emptyDir, or finds the one that an earlier process of the node made. */
export async function makeEmptyDirectory(directory: string, source: NonNullable<Volume['emptyDir']>): Promise<void> {
  const made = await mkdir(directory, { recursive: true });
  await chmod(directory, 0o777);
  if (source.medium !== 'Memory' || made === undefined) return;
  const limit = readQuantity(source.sizeLimit ?? usualMemoryBytes)?.nanos ?? 0n;
  const size = limit === 0n ? usualMemoryBytes : Number(limit / 1_000_000_000n);
  try {
    await mountAt(directory, ['-t', 'tmpfs', '-o', `size=${size},mode=0777,nosuid,nodev`, 'weir-empty-dir']);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw new VolumeError(`a file system in memory cannot be mounted: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What `type` demands of a place, besides being there. */
const kinds: Readonly<Record<string, { readonly is: (mode: number) => boolean; readonly name: string }>> = {
  Directory: { is: (mode) => mode === constants.S_IFDIR, name: 'a directory' },
  DirectoryOrCreate: { is: (mode) => mode === constants.S_IFDIR, name: 'a directory' },
  File: { is: (mode) => mode === constants.S_IFREG, name: 'a file' },
  FileOrCreate: { is: (mode) => mode === constants.S_IFREG, name: 'a file' },
  Socket: { is: (mode) => mode === constants.S_IFSOCK, name: 'a socket file' },
  CharDevice: { is: (mode) => mode === constants.S_IFCHR, name: 'a character device' },
  BlockDevice: { is: (mode) => mode === constants.S_IFBLK, name: 'a block device' },
};

/** Opens a `hostPath` below the node's own directory; makes what the type lets it make. Throws a {@link VolumeError}. */
export async function openHostPath(root: string, { path, type = '' }: NonNullable<Volume['hostPath']>): Promise<number> {
  await mkdir(root, { recursive: true, mode: 0o755 });
  const kind = kinds[type];
  if (type !== '' && kind === undefined) throw new VolumeError(`hostPath type check failed: ${type} is no type`);
  try {
    if (type === 'FileOrCreate') makeFile(root, path);
    const fd = openBeneath(root, path, type === '' || type === 'DirectoryOrCreate' ? { directoryMode: 0o755 } : {});
    if (kind === undefined || kind.is(fstatSync(fd).mode & constants.S_IFMT)) return fd;
    closeSync(fd);
  } catch (error) {
    if (error instanceof OutsideError) throw new VolumeError(`the lab keeps hostPath volumes below ${root}: ${error.message}`);
    if (!isAbsence(error)) throw error;
  }
  throw new VolumeError(
    `hostPath type check failed: ${path} is not ${kind?.name ?? 'there'} (the lab keeps hostPath volumes below ${root})`,
  );
}

/** Upstream makes the file but not the directories above it. */
function makeFile(root: string, path: string): void {
  const directory = openBeneath(root, dirname(path));
  try {
    const name = path.split('/').findLast((part) => part !== '') ?? '';
    const place = join(`/proc/self/fd/${directory}`, name);
    closeSync(openSync(place, constants.O_CREAT | constants.O_RDONLY | constants.O_NOFOLLOW, 0o644));
  } finally {
    closeSync(directory);
  }
}

function isAbsence(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EISDIR', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Gives a directory to a group, with all that is made in it later. */
export async function shareWithGroup(directory: string, group: number): Promise<void> {
  await chown(directory, 0, group);
  await chmod(directory, 0o2777);
}

/**
 * Mounts what a descriptor stands for at a point of ours, and closes it: from then on the point is that very place, whatever
 * becomes of the path that led to it.
 */
export async function pinPlace(fd: number, point: string): Promise<void> {
  try {
    await mkdir(dirname(point), { recursive: true, mode: 0o700 });
    if (fstatSync(fd).isDirectory()) await mkdir(point, { recursive: true });
    else await writeFile(point, '', { flag: 'wx' }).catch(() => undefined);
    await mountAt(point, ['--bind', '--', descriptorPath(fd)]);
  } finally {
    closeSync(fd);
  }
}
