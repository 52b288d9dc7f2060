/** Pins: names in a BPF file system under which maps, programs and links outlive the process that made them. */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statfsSync } from 'node:fs';
import { constants } from 'node:os';
import { checked, mount, umount2 } from '../libc/libc.ts';
import { checkedBpf, libbpf } from './libbpf.ts';

/** BPF_FS_MAGIC */
const filesystemType = 0xcafe4a11;
/** What a mount of ours is called in /proc/mounts. */
const mountSource = 'weir';
/** What the kernel itself puts into a new one. */
const kernelFiles: readonly string[] = ['maps.debug', 'progs.debug'];

const machinePins = '/sys/fs/bpf';
const ownPins = '/run/weir/bpf';

/** Where pins go unless told otherwise: the machine's own BPF file system, or one of ours. */
export function bpfPinDirectory(): string {
  return isBpfFilesystem(machinePins) ? machinePins : ownPins;
}

/** Whether names in the directory can be pins. */
export function isBpfFilesystem(directory: string): boolean {
  try {
    return statfsSync(directory).type === filesystemType;
  } catch {
    return false;
  }
}

/** Mounts one on the directory unless it is in one; needs CAP_SYS_ADMIN then. */
export function ensureBpfFilesystem(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!isBpfFilesystem(directory)) checked(mount(mountSource, directory, 'bpf', 0, null), 'mount', `of a BPF file system on ${directory}`);
}

/** Takes a mount away that {@link ensureBpfFilesystem} made, with its directory; any other, and one with names in it, stays. */
export function removeOwnBpfFilesystem(directory: string): void {
  const isOurs = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .some((line) => line.startsWith(`${mountSource} ${directory} bpf `));
  if (!isOurs || readdirSync(directory).some((name) => !kernelFiles.includes(name))) return;
  // Without the right to unmount an empty file system stays.
  if (umount2(directory, 0) !== 0) return;
  try {
    rmdirSync(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EBUSY' && code !== 'ENOENT') throw error;
  }
}

/** Gives a descriptor a name; the name must be free. */
export function pinBpf(fd: number, path: string): void {
  checkedBpf(libbpf().pin(fd, path), 'bpf', `pin ${path}`);
}

/** Opens what is pinned; undefined when nothing is. */
export function openPinned(path: string): number | undefined {
  const fd = libbpf().get(path);
  return fd === -constants.errno.ENOENT ? undefined : checkedBpf(fd, 'bpf', `open ${path}`);
}
