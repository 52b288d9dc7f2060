/**
 * The processes of a lab cluster as /proc shows them, and their memory: found from the outside, by
 * descent from the supervisor and by the network namespaces they live in, not by records of the lab.
 */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** One process of a cluster. */
export interface ClusterProcess {
  readonly pid: number;
  /** Arguments, joined by blanks. */
  readonly commandLine: string;
  /** What it does: the words that follow the program `weir`, or the program itself for programs in pods. */
  readonly kind: string;
}

/** Proportional set size by kind of process, in bytes. */
export interface ClusterMemory {
  readonly total: number;
  readonly byKind: ReadonlyMap<string, { readonly processes: number; readonly bytes: number }>;
}

/** Names of the network namespaces of a cluster, sorted. `cluster` must not be the beginning of another cluster's name. */
export function clusterNamespaces(cluster: string): readonly string[] {
  return readdirSync('/run/netns')
    .filter((name) => name.startsWith(`weir-${cluster}-`))
    .sort();
}

/** All processes of the cluster whose supervisor is `supervisor`. */
export function clusterProcesses(cluster: string, supervisor: number): readonly ClusterProcess[] {
  const inodes = new Set(clusterNamespaces(cluster).map((name) => `net:[${statSync(join('/run/netns', name)).ino}]`));
  const pids = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
  const parents = new Map(pids.map((pid) => [pid, parentOf(pid)]));
  return pids
    .filter((pid) => descends(pid, supervisor, parents) || inodes.has(linkOf(`/proc/${pid}/ns/net`)))
    .map((pid) => ({ pid, commandLine: commandLineOf(pid) }))
    .filter(({ commandLine }) => commandLine !== '')
    .map((process) => ({ ...process, kind: kindOf(process.commandLine) }));
}

/** The memory of the processes; one that ends meanwhile counts nothing. */
export function clusterMemory(processes: readonly ClusterProcess[]): ClusterMemory {
  const byKind = new Map<string, { processes: number; bytes: number }>();
  for (const { pid, kind } of processes) {
    const before = byKind.get(kind) ?? { processes: 0, bytes: 0 };
    byKind.set(kind, { processes: before.processes + 1, bytes: before.bytes + proportionalBytes(pid) });
  }
  return { total: [...byKind.values()].reduce((sum, { bytes }) => sum + bytes, 0), byKind };
}

/** How many sockets of the process belong to another network namespace than its own, netlink sockets left out. */
export function socketsElsewhere(pid: number): number {
  const own = new Set<string>();
  for (const table of ['tcp', 'tcp6', 'udp', 'udp6', 'unix', 'netlink', 'raw', 'raw6', 'packet']) {
    for (const line of textOf(`/proc/${pid}/net/${table}`).split('\n').slice(1)) {
      for (const word of line.trim().split(/\s+/)) own.add(word);
    }
  }
  const descriptors = entriesOf(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  const inodes = descriptors.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
  return inodes.filter((inode) => !own.has(inode)).length;
}

/** How many descriptors the process has open. */
export function openDescriptors(pid: number): number {
  return entriesOf(`/proc/${pid}/fd`).length;
}

function descends(pid: number, ancestor: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) if (at === ancestor) return true;
  return false;
}

function parentOf(pid: number): number {
  // The program's name may hold blanks and brackets; what follows the last bracket is plain, proc(5).
  const text = textOf(`/proc/${pid}/stat`);
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

function kindOf(commandLine: string): string {
  const words = commandLine.split(' ');
  const weir = words.findIndex((word) => word.endsWith('/weir.js'));
  return weir < 0 ? (words[0] ?? '') : words.slice(weir + 1, weir + 3).join(' ');
}

function proportionalBytes(pid: number): number {
  return 1024 * Number(/^Pss:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
}

function commandLineOf(pid: number): string {
  return textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
