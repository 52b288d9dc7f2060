/**
 * The endpoint as a process that can be killed at any step that it takes on disk. Its clusters are files, so that what a
 * killed process has made of them is there for the next one.
 *
 * Started by {@link ./arm-process.ts}: `node arm-child.ts DIRECTORY`, told by messages after how many steps to die.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import type { ClusterHost } from '../../src/clusters/cluster-host.ts';
import type { ManagedCluster } from '../../src/clusters/managed-cluster.ts';

const [, , directory = ''] = process.argv;
/** Steps that are still taken; undefined: all. */
let left: number | undefined;

function step(): void {
  if (left === undefined) return;
  if (left <= 0) process.kill(process.pid, 'SIGKILL');
  left -= 1;
}

// Before and after everything that changes something on disk.
for (const name of ['writeFileSync', 'renameSync', 'rmSync'] as const) {
  const original = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]): unknown => {
      step();
      const result = original(...args);
      step();
      return result;
    },
  });
}
syncBuiltinESMExports();

/** A cluster is a file with its engine, its version, the sizes of its pools, and whether it is stopped. */
class FileHost implements ClusterHost {
  create(cluster: ManagedCluster): Promise<void> {
    fs.writeFileSync(fileOf(cluster), realityOf(cluster));
    return Promise.resolve();
  }

  change(_from: ManagedCluster, to: ManagedCluster): Promise<unknown> {
    return this.create(to);
  }

  remove(cluster: ManagedCluster): Promise<void> {
    fs.rmSync(fileOf(cluster), { force: true });
    return Promise.resolve();
  }

  start(cluster: ManagedCluster): Promise<void> {
    return this.create(cluster);
  }

  stop(cluster: ManagedCluster): Promise<void> {
    fs.writeFileSync(fileOf(cluster), `${realityOf(cluster)} stopped`);
    return Promise.resolve();
  }

  rotateClusterCertificates(): Promise<void> {
    return Promise.resolve();
  }

  rotateServiceAccountSigningKeys(): Promise<void> {
    return Promise.resolve();
  }

  credential(): Promise<never> {
    return Promise.reject(new Error('a file has no API server'));
  }

  run(): Promise<never> {
    return Promise.reject(new Error('a file runs nothing'));
  }
}

function fileOf({ name }: ManagedCluster): string {
  return join(directory, 'reality', name);
}

function realityOf({ network, pools, kubernetesVersion }: ManagedCluster): string {
  return [network.networkPolicy, kubernetesVersion, ...pools.map(({ name, count }) => `${name}:${count}`)].join(' ');
}

const { startArm } = await import('../../src/start-arm.ts');
fs.mkdirSync(join(directory, 'reality'), { recursive: true });
const arm = await startArm({
  directory: join(directory, 'arm'),
  tls: {
    certificate: fs.readFileSync(join(directory, 'server.crt'), 'utf8'),
    key: fs.readFileSync(join(directory, 'server.key'), 'utf8'),
  },
  port: 0,
  host: new FileHost(),
  onFault: (error) => process.stderr.write(`${String(error)}\n`),
});
const { subscription, principals } = arm.state.identity;
process.on('message', (steps: number) => {
  left = steps;
  process.send?.('counting');
});
process.on('disconnect', () => process.exit(0));
process.send?.({ base: arm.base, subscription, application: principals[0]?.application, secret: arm.state.newSecret });
