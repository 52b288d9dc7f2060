/**
 * The DaemonSets as which engines show themselves, with the names, labels and images that people know: one for each
 * system that the engine runs on. Values in, values out.
 */
import type { Affinity } from '@weir/kube';
import { type EngineName, engineRelease, type OperatingSystem } from '@weir/model';
import type { DaemonSet } from '../controllers/workloads/workload.ts';
import { engineLabel } from './engine-labels.ts';

/** Where they are. */
export const engineNamespace = 'kube-system';

/** One kind of nodes, all with the same DaemonSet. */
export interface EngineOnSystem {
  readonly engine: EngineName;
  readonly system: OperatingSystem;
  /** The minor version of their Kubernetes 1, the newest of them. */
  readonly minor: number;
}

/** How an engine is known on one system. */
interface EngineFace {
  readonly name: string;
  readonly container: string;
  /** Of its pods; they are what the DaemonSet selects by. */
  readonly labels: Readonly<Record<string, string>>;
}

const faces: Readonly<Record<Exclude<EngineName, 'kubernetes'>, Partial<Record<OperatingSystem, EngineFace>>>> = {
  azure: {
    linux: { name: 'azure-npm', container: 'azure-npm', labels: npmLabels('azure-npm') },
    windows: { name: 'azure-npm-win', container: 'azure-npm', labels: npmLabels('azure-npm-win') },
  },
  calico: {
    linux: { name: 'calico-node', container: 'calico-node', labels: calicoLabels('calico-node') },
    windows: { name: 'calico-node-windows', container: 'node', labels: calicoLabels('calico-node-windows') },
  },
  cilium: {
    linux: {
      name: 'cilium',
      container: 'cilium-agent',
      labels: { 'k8s-app': 'cilium', 'app.kubernetes.io/name': 'cilium-agent', 'app.kubernetes.io/part-of': 'cilium' },
    },
  },
};

/** Both of its DaemonSets carry the label that its users select by. */
function npmLabels(name: string): Readonly<Record<string, string>> {
  return { 'k8s-app': 'azure-npm', 'app.kubernetes.io/name': name };
}

function calicoLabels(name: string): Readonly<Record<string, string>> {
  return { 'k8s-app': name, 'app.kubernetes.io/name': name };
}

/** Where an agent answers probes: the loopback of its node. */
const whetherReady = { httpGet: { host: '127.0.0.1', port: 9477, path: '/readyz' }, timeoutSeconds: 5 };

/** It is looked at often until it is ready for the first time, whenever that is, and seldom from then on. */
const probes = {
  startupProbe: { ...whetherReady, periodSeconds: 1, failureThreshold: 1_000_000 },
  readinessProbe: { ...whetherReady, periodSeconds: 10, failureThreshold: 1 },
};

/** The DaemonSet of the engine on the system; undefined where it has none: it is no product, or does not run there. */
export function engineDaemonSet({ engine, system, minor }: EngineOnSystem): DaemonSet | undefined {
  const face = engine === 'kubernetes' ? undefined : faces[engine][system];
  const release = engineRelease(engine, system, minor);
  if (face === undefined || release === undefined) return undefined;
  const { name, container, labels } = face;
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace: engineNamespace, labels: { ...labels, [engineLabel]: engine, 'kubernetes.io/cluster-service': 'true' } },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          priorityClassName: 'system-node-critical',
          hostNetwork: true,
          dnsPolicy: 'Default',
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 15,
          tolerations: [{ operator: 'Exists' }],
          nodeSelector: { 'kubernetes.io/os': system },
          affinity: nodesWith(engine),
          containers: [{ name: container, image: release.image, imagePullPolicy: 'IfNotPresent', ...probes }],
        },
      },
    },
  };
}

/** While a cluster goes from one engine to another, each has its own nodes. */
function nodesWith(engine: EngineName): Affinity {
  const matchExpressions = [{ key: engineLabel, operator: 'In', values: [engine] }];
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } } };
}
