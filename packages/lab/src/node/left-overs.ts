/** What an earlier process of this node left behind: containers that nobody watches and interfaces of pods that are gone. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deleteNetns } from '@weir/kernel';
import { nodeNetnsName, podInterfaceName, podInterfacePrefix, podNetnsNameOfInterface } from '../network/netns-names.ts';
import { inTurn, linksOf, removeInterface } from '../network/network-changes.ts';
import { unmountBelow } from '../sandbox/mount-points.ts';
import { listContainers, removeContainer, type SandboxHome } from '../sandbox/sandbox.ts';
import type { NodeOptions } from './node-options.ts';

/** Ends all containers of this node; those of living pods are started again by their workers. */
export async function removeOldContainers(home: SandboxHome): Promise<void> {
  await Promise.all(listContainers(home).map((id) => removeContainer(home, id)));
}

/** Removes interfaces and namespaces of pods that are not among `uids`. */
export async function removeOldPodNetworks(options: NodeOptions, uids: readonly string[]): Promise<void> {
  const nodeNetns = nodeNetnsName(options.cluster, options.node);
  const keep = new Set(uids.map(podInterfaceName));
  const old = linksOf(nodeNetns).filter(({ device }) => device.startsWith(podInterfacePrefix) && !keep.has(device));
  await Promise.all(old.map(({ device }) => removeInterface(nodeNetns, device)));
  for (const { device } of old) await inTurn(() => deleteNetns(podNetnsNameOfInterface(options.cluster, device)));
}

/** Removes the volumes of pods that are not among `uids`. */
export async function removeOldVolumes(options: NodeOptions, uids: readonly string[]): Promise<void> {
  const root = join(options.stateDirectory, 'volumes');
  if (!existsSync(root)) return;
  const keep = new Set(uids);
  for (const uid of (await readdir(root)).filter((each) => !keep.has(each))) {
    await unmountBelow(join(root, uid));
    await rm(join(root, uid), { recursive: true, force: true });
  }
}

/** Removes the logs of a pod whose object is gone. */
export async function removeLogs(options: NodeOptions, uid: string): Promise<void> {
  await rm(join(options.stateDirectory, 'logs', uid), { recursive: true, force: true });
}
