/** Pod objects without processes: Running from the start, with an address that nobody answers at. */
import type { Condition, ContainerPort, Pod } from '@weir/kube';
import { shortHash } from '@weir/net';
import { fakeNodeAddresses, fakePodAddresses } from './fake-addresses.ts';
import type { FakeCounts } from './fake-counts.ts';
import { type FakeApp, fakeApp, fakeLabel, fakePodLabels } from './fake-labels.ts';
import { fakeNodeName } from './fake-node.ts';

/** Pods of one fake namespace. */
export const fakePodsPerNamespace = 20;

/** The name of the fake namespace with this index, from 0. */
export function fakeNamespaceName(index: number): string {
  return `fake-${index + 1}`;
}

/** Where a pod is made. */
export interface FakePodPlace {
  readonly counts: FakeCounts;
  readonly dualStack: boolean;
  readonly now: Date;
}

/** The fake pod with this index, from 0: pods of a namespace are on different nodes. */
export function fakePod(index: number, { counts, dualStack, now }: FakePodPlace): Pod {
  const [namespace, place] = [Math.floor(index / fakePodsPerNamespace), index % fakePodsPerNamespace];
  const node = index % counts.nodes;
  const app = fakeApp(namespace, place);
  const name = podName(app, index, place);
  const ips = fakePodAddresses(node, Math.floor(index / counts.nodes), dualStack).map((ip) => ({ ip }));
  const hostIps = fakeNodeAddresses(node, dualStack).addresses.map((ip) => ({ ip }));
  const image = `weir.local/fake/${app.name}:${app.version}`;
  const startedAt = `${now.toISOString().slice(0, 19)}Z`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: fakeNamespaceName(namespace), labels: fakePodLabels(namespace, app, name) },
    spec: {
      nodeName: fakeNodeName(node),
      containers: [{ name: app.name, image, ports: portsOf(app) }],
      tolerations: [{ key: fakeLabel, operator: 'Exists', effect: 'NoSchedule' }],
      // Nobody would confirm its end.
      terminationGracePeriodSeconds: 0,
    },
    status: {
      phase: 'Running',
      conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => trueCondition(type, startedAt)),
      ...(hostIps[0] === undefined ? {} : { hostIP: hostIps[0].ip }),
      hostIPs: hostIps,
      ...(ips[0] === undefined ? {} : { podIP: ips[0].ip }),
      podIPs: ips,
      startTime: startedAt,
      containerStatuses: [
        { name: app.name, state: { running: { startedAt } }, ready: true, started: true, restartCount: 0, image, imageID: image },
      ],
    },
  };
}

function podName(app: FakeApp, index: number, place: number): string {
  if (app.tier === 'db') return `${app.name}-${place}`;
  return `${app.name}-${app.templateHash}-${shortHash(`pod ${index}`).slice(6)}`;
}

/** Ports by name: two versions of an application have the same name at different numbers. */
function portsOf({ tier, version }: FakeApp): readonly ContainerPort[] {
  const metrics = { name: 'metrics', containerPort: 9090, protocol: 'TCP' };
  switch (tier) {
    case 'db':
      return [{ name: 'sql', containerPort: 5432, protocol: 'TCP' }, metrics];
    case 'cache':
      return [{ name: 'redis', containerPort: 6379, protocol: 'TCP' }, metrics];
    default:
      return [{ name: 'http', containerPort: version === 'v1' ? 8080 : 8081, protocol: 'TCP' }, metrics];
  }
}

function trueCondition(type: string, time: string): Condition {
  return { type, status: 'True', lastProbeTime: null, lastTransitionTime: time };
}
