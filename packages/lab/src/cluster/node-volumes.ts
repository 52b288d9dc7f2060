/** The data of volumes that the lab made, on the nodes of a cluster. */
import { rm } from 'node:fs/promises';
import { volumeDirectory } from '../storage/directory-volume.ts';
import type { ClusterConfig } from './cluster-config.ts';
import type { ClusterLayout } from './cluster-layout.ts';

/** Removes a volume's directory from whatever node has it; fine when none has. */
export async function removeNodeVolume(config: ClusterConfig, layout: ClusterLayout, handle: string): Promise<void> {
  for (const { name } of config.nodes) {
    // Links inside are removed, not followed.
    await rm(volumeDirectory(layout.nodeState(name), handle), { recursive: true, force: true });
  }
}
