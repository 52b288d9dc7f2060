/**
 * Everything that a lab cluster has on the machine, one line each, as the kernel shows it: two
 * inventories of the same cluster that hold the same pods are equal.
 *
 * ```
 *   netns · link · address · rule · route · neighbour · nft · mount · cgroup · file · process · socket
 * ```
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../process/run-program.ts';
import { clusterNamespaces, clusterProcesses, socketsElsewhere } from './cluster-processes.ts';

/** Which cluster, and where it keeps its files. */
export interface InventoryOptions {
  readonly cluster: string;
  /** Process number of its supervisor. */
  readonly supervisor: number;
  /** Its state and run directories. */
  readonly directories: readonly string[];
}

/** Namespaces that are asked at the same time. */
const atATime = 8;

/** The lines, sorted. */
export async function clusterInventory(options: InventoryOptions): Promise<readonly string[]> {
  const namespaces = clusterNamespaces(options.cluster);
  const inside: string[] = [];
  for (let at = 0; at < namespaces.length; at += atATime) {
    inside.push(...(await Promise.all(namespaces.slice(at, at + atATime).map(linesInside))).flat());
  }
  return [
    ...namespaces.map((name) => `netns ${name}`),
    ...inside,
    ...mountLines(options),
    ...cgroupLines(options.cluster),
    ...options.directories.flatMap(fileLines),
    ...processLines(options),
  ].sort();
}

/** Lines of `after` that `before` has not (`+`), and the other way round (`-`). */
export function inventoryDifference(before: readonly string[], after: readonly string[]): readonly string[] {
  const [old, young] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !young.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ];
}

/** What is asked inside each namespace; the line starts with the first word. */
const questions: Readonly<Record<string, string>> = {
  link: "ip -o link show | sed 's/^[0-9]*: //; s/@.*//; s/:.*//'",
  address: "ip -o addr show | awk '{print $2, $4}'",
  rule: 'ip rule show; ip -6 rule show',
  route: 'ip route show table all; ip -6 route show table all',
  // Entries that the kernel learned on a way out (eth0), or to itself (lo), come and go by themselves.
  neighbour: "ip neigh show nud permanent; ip neigh show nud all | grep -vE 'dev (eth0|lo) ' | cut -d' ' -f1-3",
  nft: 'nft list ruleset',
};

async function linesInside(namespace: string): Promise<string[]> {
  const script = Object.entries(questions).map(([kind, command]) => `( ${command} ) 2>/dev/null | sed 's/^/${kind} /'`);
  const { stdout } = await runProgram('ip', ['netns', 'exec', namespace, 'sh', '-c', script.join('\n')]);
  const lines = stdout.split('\n');
  return Object.keys(questions).flatMap((kind) => {
    const own = lines.flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []));
    const text = own.join('\n').replaceAll(/counter packets \d+ bytes \d+/g, 'counter');
    return linesWithPlace(kind === 'nft' ? elementsApart(text) : text).map((line) => `${kind} ${namespace} ${line}`);
  });
}

/** One element a line: a set with one element more differs in one line. */
function elementsApart(ruleset: string): string {
  return ruleset.replaceAll(/elements = \{([^}]*)\}/g, (_, list: string) =>
    list
      .split(',')
      .map((element) => `\nelement ${element.trim()}`)
      .join(''),
  );
}

/** Equal lines (closing brackets) stay apart by their number of occurrence. */
function linesWithPlace(text: string): string[] {
  const seen = new Map<string, number>();
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const count = (seen.get(line) ?? 0) + 1;
      seen.set(line, count);
      return count === 1 ? line : `${line} (${count})`;
    });
}

function mountLines({ cluster, directories }: InventoryOptions): string[] {
  const own = (point: string): boolean =>
    directories.some((directory) => point.startsWith(`${directory}/`)) || point.includes(`/weir-${cluster}-`);
  return mountPoints().flatMap((point) => (own(point) ? [`mount ${point}`] : []));
}

function mountPoints(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
}

function cgroupLines(cluster: string): string[] {
  return directoriesBelow('/sys/fs/cgroup', 4)
    .filter((path) => path.includes(`weir-${cluster}-`))
    .map((path) => `cgroup ${path}`);
}

function directoriesBelow(directory: string, depth: number): string[] {
  if (depth === 0) return [];
  return entriesOf(directory).flatMap((entry) => {
    if (!entry.isDirectory()) return [];
    const path = join(directory, entry.name);
    return [path, ...directoriesBelow(path, depth - 1)];
  });
}

/** Files by their path; what is mounted there belongs to somebody else and the store is one file in any state. */
function fileLines(directory: string): string[] {
  const mounted = new Set(mountPoints());
  const walk = (at: string): string[] => {
    if (mounted.has(at)) return [];
    return entriesOf(at).flatMap((entry) => {
      const path = join(at, entry.name);
      return [`file ${path}`, ...(entry.isDirectory() ? walk(path) : [])];
    });
  };
  return walk(directory);
}

function entriesOf(directory: string): readonly { readonly name: string; isDirectory(): boolean }[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function processLines({ cluster, supervisor }: InventoryOptions): string[] {
  return clusterProcesses(cluster, supervisor).flatMap(({ pid, commandLine, kind }) => [
    `process ${pid} ${commandLine}`,
    ...(kind === 'lab node' ? [`socket ${pid} ${socketsElsewhere(pid)} in namespaces of pods`] : []),
  ]);
}
