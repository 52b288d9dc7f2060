/**
 * An agent with nothing to do: run with `npm run bench:agent-idle [-- SECONDS]` after a build, as root.
 *
 * A cluster of its own with one node and its DNS pod; then the agent is left alone. Printed are its
 * resident and private memory, and the processor time that it used meanwhile. Exit code 1 when the
 * resident memory is above 80 MB.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabCluster } from '../support/lab-cluster.ts';

const [seconds = 60] = process.argv.slice(2).map(Number);
const residentLimitMb = 80;

/** A field of /proc/PID/status or smaps_rollup in kB, as MB. */
function megabytes(pid: number, file: 'status' | 'smaps_rollup', field: string): number {
  const text = readFileSync(`/proc/${pid}/${file}`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN) / 1_000;
}

/** User and kernel time so far, in seconds; proc(5) counts it in hundredths. */
function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

const lab = await LabCluster.up();
try {
  const { stdout } = await lab.weir(['status', '--name', lab.name, '-o', 'json']);
  const [status] = JSON.parse(stdout) as { readonly processes: readonly { readonly name: string; readonly pid: number }[] }[];
  const pid = status?.processes.find(({ name }) => name === 'node1-agent')?.pid ?? 0;
  // What starting needed is over, and its garbage is collected.
  await sleep(10_000);
  const before = processorSeconds(pid);
  await sleep(seconds * 1_000);
  const used = processorSeconds(pid) - before;
  const resident = megabytes(pid, 'status', 'VmRSS');
  const own = megabytes(pid, 'status', 'RssAnon');
  const proportional = megabytes(pid, 'smaps_rollup', 'Pss');
  process.stdout.write(
    `idle agent, one node, one pod: RSS ${resident.toFixed(1)} MB (limit ${residentLimitMb}), of it its own ${own.toFixed(1)} MB; PSS ${proportional.toFixed(1)} MB\n` +
      `processor time in ${seconds} s: ${used.toFixed(2)} s (${((used / seconds) * 100).toFixed(2)} %)\n`,
  );
  process.exitCode = resident <= residentLimitMb ? 0 : 1;
} finally {
  await lab.down();
}
