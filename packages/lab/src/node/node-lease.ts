/**
 * The node's Lease in `kube-node-lease`: the heartbeat that `kubectl describe node` shows and that node
 * controllers watch (KEP-589).
 */
import { type KubeClient, leasesPath } from '@weir/client';
import type { Node } from '@weir/kube';

/** How long a lease counts after its renewal, in seconds; four of our heartbeats, as a kubelet's. */
const leaseDurationSeconds = 40;

/** Makes or renews the lease, which goes with its node. */
export async function renewNodeLease(client: KubeClient, { metadata }: Node): Promise<void> {
  const { name: node = '', uid } = metadata;
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: node, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid }] },
    spec: { holderIdentity: node, leaseDurationSeconds, renewTime: microTime() },
  };
  await client.patch(leasesPath('kube-node-lease'), node, lease, { type: 'apply', fieldManager: 'kubelet', force: true });
}

/** Now, as meta/v1 MicroTime writes it. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
