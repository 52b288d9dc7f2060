/**
 * What a node leaves behind when its processes have ended: containers, programs in its pods' namespaces, the namespaces
 * themselves, mounts and files. Nothing is found by a name of a program.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deleteNetns, netnsExists, netnsPath } from '@weir/kernel';
import { nodeNetnsName, podInterfacePrefix, podNetnsNameOfInterface } from '../network/netns-names.ts';
import { inTurn, linksOf } from '../network/network-changes.ts';
import { detachNode } from '../network/node-network.ts';
import { MountedError, unmountBelow } from '../sandbox/mount-points.ts';
import { claimsDirectory } from '../storage/directory-volume.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { ClusterError } from './cluster-error.ts';
import { type ClusterLayout, clusterLayout } from './cluster-layout.ts';
import { endProcess, identifyProcess } from './process-identity.ts';

const run = promisify(execFile);

/** Removes all that nodes had which the description does not have any more. Their processes have ended. */
export async function removeStrangers(config: ClusterConfig): Promise<void> {
  const directory = join(clusterLayout(config.name).state, 'nodes');
  const known = existsSync(directory) ? await readdir(directory) : [];
  const strangers = known.filter((name) => !config.nodes.some((node) => node.name === name));
  await Promise.all(strangers.map((node) => removeNodeRemains(config, node)));
}

/** Removes all that the node had. Its processes have ended. */
export async function removeNodeRemains(config: ClusterConfig, node: string): Promise<void> {
  const cluster = config.name;
  const layout = clusterLayout(cluster);
  await removeNodeContainers(layout, node);
  const pods = podNamespacesOf(cluster, node);
  await endProcessesInside([...pods, nodeNetnsName(cluster, node)]);
  await detachNode(cluster, node);
  for (const pod of pods) await inTurn(() => deleteNetns(pod));
  await unmountAll(layout.nodeState(node));
  await removeState(layout.nodeState(node), isComingBack(config, node) ? [claimsDirectory] : []);
}

/** Volumes of claims are disks elsewhere in AKS: a node that is only replaced finds them again. */
async function removeState(directory: string, kept: readonly string[]): Promise<void> {
  if (kept.length === 0) return rm(directory, { recursive: true, force: true });
  for (const entry of existsSync(directory) ? await readdir(directory) : []) {
    if (!kept.includes(entry)) await rm(join(directory, entry), { recursive: true, force: true });
  }
}

function isComingBack({ change }: ClusterConfig, node: string): boolean {
  return change?.target.pools.some(({ nodes }) => nodes.some(({ name }) => name === node)) === true;
}

/** A node keeps its runc state below `<node>/runc`. */
export async function removeNodeContainers(layout: ClusterLayout, node: string): Promise<void> {
  const root = join(layout.nodeState(node), 'runc');
  if (!existsSync(root)) return;
  for (const container of await readdir(root)) {
    // Half-made ones cannot be deleted in order; their processes go with the namespaces.
    await run('runc', ['--root', root, 'delete', '--force', container], { timeout: 10_000 }).catch(() => undefined);
  }
}

/** Ends what still runs in the network namespaces: programs in pods of a node that died. */
export async function endProcessesInside(namespaces: readonly string[]): Promise<void> {
  const inodes = new Set<string>();
  for (const netns of namespaces) {
    try {
      inodes.add(`net:[${statSync(netnsPath(netns)).ino}]`);
    } catch {
      // Removed meanwhile.
    }
  }
  if (inodes.size === 0) return;
  const inside = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((pid) => inodes.has(netnsOf(pid)))
    .flatMap((pid) => identifyProcess(Number(pid)) ?? []);
  await Promise.all(inside.map((identity) => endProcess(identity, 2_000)));
}

/** Unmounts what is below the directory; says what to do about what stays mounted. */
export async function unmountAll(directory: string): Promise<void> {
  try {
    await unmountBelow(directory);
  } catch (error) {
    if (!(error instanceof MountedError)) throw error;
    throw new ClusterError('failed', `${error.message}: unmount it and run "weir down" again`);
  }
}

function podNamespacesOf(cluster: string, node: string): readonly string[] {
  const netns = nodeNetnsName(cluster, node);
  if (!netnsExists(netns)) return [];
  return linksOf(netns)
    .filter(({ device }) => device.startsWith(podInterfacePrefix))
    .map(({ device }) => podNetnsNameOfInterface(cluster, device));
}

function netnsOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return '';
  }
}
