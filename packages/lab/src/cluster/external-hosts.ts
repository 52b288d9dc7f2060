/**
 * External hosts as a cluster keeps them: the namespace on the virtual network (network/), and a
 * record below the state directory that says what the host serves.
 *
 * The record lets the supervisor open the host's sockets, and make the host again after a reboot.
 * It is written after the namespace is there and removed before the namespace is.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cidrContains, parseAddress, parseCidr } from '@weir/net';
import { fakeBlocks } from '../fakes/fake-addresses.ts';
import { addHost, type ExternalHost, listHosts, removeHost } from '../network/external-host.ts';
import { apiServerAddress } from '../network/network-shape.ts';
import { writePrivateFile } from '../pki/private-file.ts';
import { type ClusterConfig, readClusterConfig } from './cluster-config.ts';
import { ClusterError } from './cluster-error.ts';
import { clusterLayout } from './cluster-layout.ts';
import { loadBalancerPoolOf } from './load-balancer-pool.ts';
import { askSupervisor, SupervisorUnreachable } from './supervisor-socket.ts';

/** A port on which a host answers: HTTP over TCP, or any datagram over UDP. */
export interface ServedPort {
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

/** A host with what it serves. */
export interface ServingHost extends ExternalHost {
  readonly serves: readonly ServedPort[];
}

/**
 * Adds a host and starts what it serves; returns the name of its namespace. Throws a NetworkError as
 * `addHost` does, and a ClusterError: `not-found`, `invalid` (an address that cannot be outside of this cluster),
 * `failed` (a port cannot be served). Nothing is left then.
 */
export async function addServingHost(cluster: string, host: ServingHost): Promise<string> {
  const config = await readClusterConfig(cluster);
  const problem =
    config === undefined ? undefined : host.addresses.map((text) => unusable(config, text)).find((text) => text !== undefined);
  if (problem !== undefined) throw new ClusterError('invalid', problem);
  const netns = await addHost({ cluster, name: host.name, addresses: host.addresses });
  try {
    await mkdir(recordDirectory(cluster), { recursive: true, mode: 0o700 });
    await writePrivateFile(recordPath(cluster, host.name), `${JSON.stringify(host)}\n`);
    await tellSupervisor(cluster, host.serves.length > 0);
  } catch (error) {
    await removeServingHost(cluster, host.name);
    throw error;
  }
  return netns;
}

/** Removes a host and ends what it serves; answers whether it was there. Throws a NetworkError. */
export async function removeServingHost(cluster: string, name: string): Promise<boolean> {
  await rm(recordPath(cluster, name), { force: true });
  await tellSupervisor(cluster, false);
  return removeHost(cluster, name);
}

/** The hosts of a cluster, by name: those that the kernel has, with what they serve. */
export async function listServingHosts(cluster: string): Promise<readonly ServingHost[]> {
  const records = await readHostRecords(cluster);
  const hosts = await listHosts(cluster);
  return hosts.map((host) => ({ ...host, serves: records.find(({ name }) => name === host.name)?.serves ?? [] }));
}

/** The records of the hosts that the cluster should have. */
export async function readHostRecords(cluster: string): Promise<readonly ServingHost[]> {
  const directory = recordDirectory(cluster);
  const files = await readdir(directory).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  const records = files.filter((file) => file.endsWith('.json')).sort();
  return Promise.all(records.map(async (file) => JSON.parse(await readFile(join(directory, file), 'utf8')) as ServingHost));
}

/** Makes the hosts again that a reboot or a crash took. */
export async function restoreHosts(cluster: string): Promise<void> {
  const present = new Set((await listHosts(cluster)).map(({ name }) => name));
  for (const { name, addresses } of await readHostRecords(cluster)) {
    if (!present.has(name)) await addHost({ cluster, name, addresses });
  }
}

/** Blocks that no machine can have its own address in: unspecified, loopback, link-local, multicast (RFC 6890, RFC 4291). */
const specialBlocks = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/127', 'fe80::/10', 'ff00::/8'];

/** Why the address cannot be that of an external host; undefined when it can, or is none at all (`addHost` says so). */
function unusable(config: ClusterConfig, text: string): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  const own: readonly (readonly [what: string, blocks: readonly string[]])[] = [
    ['cannot be the address of a host: it is an address for a special purpose', specialBlocks],
    [`is an address of the services of cluster "${config.name}"`, config.network.serviceCidrs],
    [`is an address of the pods of cluster "${config.name}"`, config.network.podCidrs],
    [`is an address of the load balancers of cluster "${config.name}"`, loadBalancerPoolOf(config)],
    [`is the address of the API server of cluster "${config.name}"`, [`${apiServerAddress(config.network)}/32`]],
    ...config.nodes.flatMap(({ name, addresses, podBlocks }) => [
      [`is the address of node ${name}`, addresses.map((each) => `${each}/${each.includes(':') ? 128 : 32}`)] as const,
      [`is an address of the pods of node ${name}`, podBlocks] as const,
    ]),
    ...(config.fakes.nodes > 0 ? [['is an address of fake nodes and pods', fakeBlocks] as const] : []),
  ];
  const found = own.find(([, blocks]) =>
    blocks.some((block) => {
      const cidr = parseCidr(block);
      return cidr !== undefined && cidrContains(cidr, address);
    }),
  );
  return found === undefined ? undefined : `${text} ${found[0]}: choose one outside of the cluster, for example 203.0.113.10`;
}

/** Without a supervisor nothing serves; the next `up` starts what the records say. */
async function tellSupervisor(cluster: string, needed: boolean): Promise<void> {
  try {
    await askSupervisor(clusterLayout(cluster).supervisorSocket, 'POST', '/hosts');
  } catch (error) {
    if (!needed) return;
    if (error instanceof SupervisorUnreachable) {
      throw new ClusterError(
        'failed',
        `cluster "${cluster}" does not run, so nothing can serve: start it with "weir up --name ${cluster}"`,
        error,
      );
    }
    throw new ClusterError('failed', error instanceof Error ? error.message : String(error), error);
  }
}

function recordDirectory(cluster: string): string {
  return join(clusterLayout(cluster).state, 'hosts');
}

function recordPath(cluster: string, name: string): string {
  return join(recordDirectory(cluster), `${name}.json`);
}
