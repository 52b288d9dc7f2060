/** Node objects without a machine: Ready for ever, and refused by every pod that does not ask for them. */
import type { Condition, KubeObject, Node } from '@weir/kube';
import { fakeNodeAddresses } from './fake-addresses.ts';
import { fakePodsPerNodeMax } from './fake-counts.ts';
import { fakeLabel } from './fake-labels.ts';

/** The name of the fake node with this index, from 0. */
export function fakeNodeName(index: number): string {
  return `fake-${index + 1}`;
}

/** The Node. Its taint keeps real pods away: nothing would ever start them. */
export function fakeNode(index: number, dualStack: boolean, now: Date): Node {
  const name = fakeNodeName(index);
  const { addresses, podBlocks } = fakeNodeAddresses(index, dualStack);
  const resources = { cpu: '8', memory: '32Gi', pods: String(fakePodsPerNodeMax) };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        [fakeLabel]: 'true',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'topology.kubernetes.io/zone': `zone-${1 + (index % 3)}`,
      },
    },
    spec: {
      ...(podBlocks[0] === undefined ? {} : { podCIDR: podBlocks[0] }),
      podCIDRs: podBlocks,
      taints: [{ key: fakeLabel, value: 'true', effect: 'NoSchedule' }],
    },
    status: {
      addresses: [...addresses.map((address) => ({ type: 'InternalIP', address })), { type: 'Hostname', address: name }],
      capacity: resources,
      allocatable: resources,
      conditions: [readyCondition(now)],
      nodeInfo: {
        kubeletVersion: 'fake',
        osImage: 'fake',
        kernelVersion: 'fake',
        containerRuntimeVersion: 'fake://',
        operatingSystem: 'linux',
      },
    },
  };
}

/** Its Lease, which nobody renews: nothing in the lab judges a node by it. */
export function fakeNodeLease(index: number): KubeObject & { readonly spec: object } {
  const name = fakeNodeName(index);
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-node-lease', labels: { [fakeLabel]: 'true' } },
    spec: { holderIdentity: name, leaseDurationSeconds: 40 },
  };
}

function readyCondition(now: Date): Condition {
  const time = `${now.toISOString().slice(0, 19)}Z`;
  return {
    type: 'Ready',
    status: 'True',
    reason: 'Fake',
    message: 'there is no machine behind this node',
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  };
}
