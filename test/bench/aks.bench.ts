/**
 * Managed clusters: run with `npm run bench:aks` after a build, as root.
 *
 * A cluster of one node from the ARM endpoint's host, as `az aks create` asks for it; a pool of one node added; then three
 * nodes whose engine goes azure → none → cilium. How long each takes, for how long nodes were away, and for how long pods
 * talked without rules. Exit code 1 when a target is missed: 10 s for a cluster, 20 s for a change of three nodes.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChangeReport, type ClusterTarget, changeCluster, downCluster, type NamedNode, noFakes, upCluster } from '@weir/lab';

const createTargetMs = 10_000;
const changeTargetMs = 20_000;

const name = `weirt-${randomBytes(3).toString('hex')}`;
const directory = mkdtempSync(join(tmpdir(), `${name}-`));
Object.assign(process.env, { WEIR_STATE_DIR: join(directory, 'state'), WEIR_RUN_DIR: join(directory, 'run') });

const command = [process.execPath, join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'weir.js')];
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort(new Error(`interrupted by ${signal}`)));
const how = { command, signal: interrupted.signal, onProgress: () => undefined };

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;

function node(pool: string, index: number, engine: string): NamedNode {
  return { name: `aks-${pool}-00000000-vmss00000${index}`, system: 'linux', revision: engine };
}

function target(engine: ClusterTarget['engine'], counts: Readonly<Record<string, number>>): ClusterTarget {
  const pools = Object.entries(counts).map(([pool, count]) => ({
    nodes: Array.from({ length: count }, (_, index) => node(pool, index, engine)),
    surge: [node(pool, count, engine)],
    atOnce: 1,
  }));
  return { engine, pools, drainMs: 60_000 };
}

let missed = false;
async function measured<T>(what: string, targetMs: number, work: () => Promise<T>): Promise<T> {
  const begin = performance.now();
  const result = await work();
  const ms = performance.now() - begin;
  missed ||= ms > targetMs;
  print(`${what}: ${seconds(ms)} (target ${seconds(targetMs)})`);
  return result;
}

function printReport({ nodes, services, unprotectedMs }: ChangeReport): void {
  for (const { name: of, drainMs = 0, absentMs } of nodes) {
    print(`  ${of}: drained in ${drainMs} ms${absentMs === undefined ? ', temporary' : `, away for ${absentMs} ms`}`);
  }
  for (const service of services)
    print(`  service ${service.namespace}/${service.name}: ${service.withoutEndpointsMs} ms without an endpoint`);
  if (unprotectedMs !== undefined) print(`  pods without rules: ${unprotectedMs} ms at most`);
}

try {
  const namedNodes = [node('pool1', 0, 'azure')];
  const shape = { name, nodes: 1, namedNodes, engine: 'azure', standIn: true, dualStack: false, fakes: noFakes } as const;
  await measured('create, one node', createTargetMs, () => upCluster({ ...shape, ...how }));
  const change = (what: string, to: ClusterTarget): Promise<ChangeReport> =>
    measured(what, changeTargetMs, () => changeCluster(name, to, how));
  await change('node pool of one node added', target('azure', { pool1: 1, pool2: 1 }));
  await change('one pool of three nodes', target('azure', { pool1: 3 }));
  printReport(await change('azure → none, three nodes', target('none', { pool1: 3 })));
  printReport(await change('none → cilium, three nodes', target('cilium', { pool1: 3 })));
} finally {
  await downCluster(name);
  rmSync(directory, { recursive: true, force: true });
}
process.exitCode = missed ? 1 : 0;
