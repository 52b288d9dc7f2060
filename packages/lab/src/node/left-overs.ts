/** What an earlier process of this node left behind: containers that nobody watches and interfaces of pods that are gone. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { deleteNetns } from '@weir/kernel';
import { ipQuery, removeInterface } from '../network/ip-batch.ts';
import { nodeNetnsName, podInterfaceName, podInterfacePrefix, podNetnsNameOfInterface } from '../network/netns-names.ts';
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
  const links = await ipQuery<readonly { readonly ifname?: string }[]>(nodeNetns, ['link', 'show']);
  const old = links.flatMap(({ ifname }) => (ifname?.startsWith(podInterfacePrefix) === true && !keep.has(ifname) ? [ifname] : []));
  for (const name of old) {
    await removeInterface(nodeNetns, name);
    deleteNetns(podNetnsNameOfInterface(options.cluster, name));
  }
}

/** Removes the logs of a pod whose object is gone. */
export function removeLogs(options: NodeOptions, uid: string): void {
  rmSync(join(options.stateDirectory, 'logs', uid), { recursive: true, force: true });
}
