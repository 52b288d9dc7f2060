/** Two nodes of one cluster, each with an agent of its own that reaches the one API server through a faulty proxy of its own. */
import { execFileSync } from 'node:child_process';
import { NodeWorld, openNodeWorld } from './node-world.ts';
import { ip } from './pod-link.ts';

/** See above. */
export interface TwoNodes {
  readonly near: NodeWorld;
  readonly far: NodeWorld;
  close(): Promise<void>;
}

/** Makes the nodes and the way between them; when that fails, nothing of them stays. */
export async function openTwoNodes(): Promise<TwoNodes> {
  const near = await openNodeWorld();
  const far = new NodeWorld(near);
  const close = async (): Promise<void> => {
    await far.close();
    await near.close();
  };
  try {
    execFileSync('ip', ['link', 'add', 'uplink', 'netns', near.node, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', far.node]);
    ip(near.node, 'addr add 198.51.100.1/30 dev uplink', 'link set uplink up');
    ip(far.node, 'addr add 198.51.100.2/30 dev uplink', 'link set uplink up');
    ip(near.node, `route add ${far.podBlock} via 198.51.100.2`);
    ip(far.node, `route add ${near.podBlock} via 198.51.100.1`);
    return { near, far, close };
  } catch (error) {
    await close();
    throw error;
  }
}
