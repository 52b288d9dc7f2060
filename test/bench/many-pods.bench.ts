/**
 * Many pods on one machine: run with `npm run bench:pods [-- PODS [NODES]]` after a build, as root.
 *
 * A cluster of its own; built-in agnhost pods, half of a Deployment and half bare, created through the
 * API server; the time until all are ready and each has answered a connection; the proportional memory
 * of all processes of the cluster; then their deletion and what is left. Exit code 1 when anything is.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { clusterInventory, clusterMemory, clusterNamespaces, clusterProcesses, inventoryDifference, openDescriptors } from '@weir/testkit';
import type { LabCluster } from '../support/lab-cluster.ts';
import { PodCrowd } from '../support/pod-crowd.ts';
import { withLab } from './with-lab.ts';

const [podCount = 500, nodeCount = 3] = process.argv.slice(2).map(Number);

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Processor time of the processes so far by kind, in seconds. */
function processorTime(cluster: string, supervisor: number): ReadonlyMap<string, number> {
  const byKind = new Map<string, number>();
  for (const { pid, kind } of clusterProcesses(cluster, supervisor)) {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // Own and of children that have ended, in hundredths of a second.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    byKind.set(kind, (byKind.get(kind) ?? 0) + ticks / 100);
  }
  return byKind;
}

function kernelMemory(): number {
  const text = readFileSync('/proc/meminfo', 'utf8');
  return ['Slab', 'Percpu', 'KernelStack'].reduce(
    (sum, name) => sum + 1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0),
    0,
  );
}

function printMemory(what: string, cluster: string, supervisor: number): void {
  const { total, byKind } = clusterMemory(clusterProcesses(cluster, supervisor));
  const parts = [...byKind].map(([kind, { processes, bytes }]) => `${processes} × ${kind} ${mebibytes(bytes)}`);
  print(`PSS ${what}: ${mebibytes(total)} (${parts.join(', ')})`);
}

async function run(lab: LabCluster): Promise<boolean> {
  const { stdout } = await lab.weir(['status', '--name', lab.name, '-o', 'json']);
  const [status] = JSON.parse(stdout) as { readonly processes: readonly { readonly pid: number }[] }[];
  const child = status?.processes[0]?.pid ?? 0;
  const supervisor = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${child}/status`, 'utf8'))?.[1] ?? 0);
  const inventory = (): Promise<readonly string[]> => clusterInventory({ cluster: lab.name, supervisor, directories: lab.directories });
  const crowd = await PodCrowd.open(lab.env['KUBECONFIG'] ?? '');
  // A node that has had its first pod keeps the file in which its agent notes pods.
  await crowd.create(2 * nodeCount);
  await crowd.running(2 * nodeCount);
  await crowd.remove();
  const before = await inventory();
  const kernelBefore = kernelMemory();
  const namespacesBefore = clusterNamespaces(lab.name).length;
  const timeBefore = processorTime(lab.name, supervisor);
  printMemory('of the empty cluster', lab.name, supervisor);

  let created = 0;
  const ready = await timed(async () => {
    created = await timed(() => crowd.create(podCount));
    await crowd.running(podCount);
  });
  const used = [...processorTime(lab.name, supervisor)].map(([kind, time]) => `${kind} ${(time - (timeBefore.get(kind) ?? 0)).toFixed(1)}`);
  let silent: readonly string[] = [];
  const answered = await timed(async () => {
    silent = await crowd.silent(`weir-${lab.name}-vnet`);
  });
  print(
    `${podCount} pods on ${nodeCount} nodes: created after ${seconds(created)}, all ready after ${seconds(ready)} (${(podCount / (ready / 1000)).toFixed(1)} pods/s)`,
  );
  print(`processor seconds: ${used.join(', ')}`);
  print(`each answered a connection, ${seconds(answered)} more; silent: ${silent.length} ${silent.slice(0, 5).join('; ')}`);
  printMemory('with all pods', lab.name, supervisor);
  const full = await inventory();
  const kinds = new Map<string, number>();
  for (const line of full) kinds.set(line.split(' ')[0] ?? '', (kinds.get(line.split(' ')[0] ?? '') ?? 0) + 1);
  print(
    `kernel: ${clusterNamespaces(lab.name).length - namespacesBefore} namespaces more, ${mebibytes(kernelMemory() - kernelBefore)} of kernel memory more (whole machine)`,
  );
  print(`inventory: ${[...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ')}`);
  const nodes = clusterProcesses(lab.name, supervisor).filter(({ kind }) => kind === 'lab node');
  print(`descriptors of node processes: ${nodes.map(({ pid }) => openDescriptors(pid)).join(', ')}`);
  const warnings = await crowd.warnings();
  print(`warnings in Events: ${warnings.length} ${[...new Set(warnings)].slice(0, 5).join('; ')}`);

  const failures = await crowd.failures();
  const removed = await timed(() => crowd.remove());
  let left: readonly string[] = [];
  const settled = await timed(async () => {
    for (let attempt = 0; attempt < 20; attempt++) {
      left = inventoryDifference(before, await inventory());
      if (left.length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  });
  print(`deleted after ${seconds(removed)}; left after ${seconds(settled)} more: ${left.length} ${left.slice(0, 20).join('\n  ')}`);
  printMemory('after the deletion', lab.name, supervisor);
  await crowd.close();
  return silent.length === 0 && left.length === 0 && failures.length === 0;
}

const { result: clean, lab, downCode } = await withLab(nodeCount, run);
const rest = clusterNamespaces(lab.name);
const processes = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && commandOf(entry).includes(lab.name));
print(`weir down: exit code ${downCode}; ${rest.length} namespaces and ${processes.length} processes left`);
process.exit(clean && downCode === 0 && rest.length === 0 && processes.length === 0 ? 0 : 1);

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
