/**
 * Named network namespaces, compatible with `ip netns`: a file in /run/netns onto which the
 * namespace is bind-mounted, so that it lives without a process and others find it by name.
 */
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { checked, mount, umount2, unshare } from '../libc/libc.ts';
import { comingBackHome, inNetns, netnsDirectory, netnsPath } from './in-netns.ts';

const cloneNewnet = 0x40000000;
const msBind = 0x1000;
const msRec = 0x4000;
const msShared = 1 << 20;
const mntDetach = 2;

/**
 * Makes a namespace with that name; its loopback interface is still down. Synchronous, about 5 ms.
 *
 * Throws `EEXIST` when the name is taken and `EPERM` without root.
 */
export function createNetns(name: string): void {
  prepareDirectory();
  const path = netnsPath(name);
  closeSync(openSync(path, 'wx', 0o444));
  try {
    comingBackHome(() => {
      checked(unshare(cloneNewnet), 'unshare', name);
      checked(mount('/proc/thread-self/ns/net', path, 'none', msBind, null), 'mount', path);
    });
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

/**
 * Takes the name away. The namespace itself, its interfaces and rules go as soon as no process and
 * no socket holds it. Returns whether there was such a name.
 */
export function deleteNetns(name: string): boolean {
  const path = netnsPath(name);
  if (!existsSync(path)) return false;
  if (umount2(path, mntDetach) !== 0 && isMountPoint(path)) checked(umount2(path, mntDetach), 'umount', path);
  rmSync(path, { force: true });
  return true;
}

/** The names of all named namespaces, sorted. */
export function listNetns(): readonly string[] {
  return existsSync(netnsDirectory) ? readdirSync(netnsDirectory).sort() : [];
}

/** Whether the name exists and really is a namespace (not a file left behind by a crash). */
export function netnsExists(name: string): boolean {
  return existsSync(netnsPath(name)) && isMountPoint(netnsPath(name));
}

/**
 * Writes kernel parameters of the namespace. Keys are paths below /proc/sys/net without that prefix
 * (`ipv4/ip_forward`). Throws Node's file errors when a parameter does not exist.
 */
export function setNetSysctls(nameOrPath: string, values: Readonly<Record<string, string>>): void {
  inNetns(nameOrPath, () => {
    for (const [key, value] of Object.entries(values)) writeFileSync(`/proc/sys/net/${key}`, value);
  });
}

/** Reads one kernel parameter of the namespace, without its line end. */
export function readNetSysctl(nameOrPath: string, key: string): string {
  return inNetns(nameOrPath, () => readFileSync(`/proc/sys/net/${key}`, 'utf8').trim());
}

/**
 * The directory is a shared mount, as `ip netns add` makes it: names made later appear in mount
 * namespaces that exist already, and a name taken away disappears from all of them.
 */
function prepareDirectory(): void {
  mkdirSync(netnsDirectory, { recursive: true });
  if (mount('', netnsDirectory, 'none', msShared | msRec, null) === 0) return;
  checked(mount(netnsDirectory, netnsDirectory, 'none', msBind | msRec, null), 'mount', netnsDirectory);
  checked(mount('', netnsDirectory, 'none', msShared | msRec, null), 'mount', netnsDirectory);
}

function isMountPoint(path: string): boolean {
  return readFileSync('/proc/thread-self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === path);
}
