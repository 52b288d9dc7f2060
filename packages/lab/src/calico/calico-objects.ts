/** What stands in a cluster with Calico before anybody asks for anything: the operator's Installation, and what Calico itself keeps. */
import { randomUUID } from 'node:crypto';
import type { ResourcePath } from '@weir/client';
import type { KubeObject } from '@weir/kube';
import type { AddressPlugin } from '../network/network-shape.ts';
import { calicoGroup, operatorGroup } from './calico-definitions.ts';

/** What decides about them. */
export interface CalicoSettings {
  /** Without a `v`. */
  readonly version: string;
  readonly plugin: AddressPlugin;
  readonly podCidrs: readonly string[];
}

/** An object and where it goes; `status` is written by itself. */
export interface CalicoObject {
  readonly path: ResourcePath;
  readonly object: KubeObject;
  readonly status?: object;
}

const of =
  (group: string) =>
  (resource: string): ResourcePath => ({ group, version: 'v1', resource });
const calico = of(calicoGroup);
const operator = of(operatorGroup);

const labels = { 'addonmanager.kubernetes.io/mode': 'Reconcile' };

/** All of them. */
export function calicoObjects(settings: CalicoSettings): readonly CalicoObject[] {
  const version = `v${settings.version}`;
  return [
    {
      ...made(operator('installations'), 'Installation', 'default', installation(settings)),
      status: { variant: 'Calico', calicoVersion: version },
    },
    { ...made(operator('tigerastatuses'), 'TigeraStatus', 'calico', {}), status: { conditions: conditions() } },
    made(calico('clusterinformations'), 'ClusterInformation', 'default', {
      clusterGUID: randomUUID().replaceAll('-', ''),
      clusterType: 'typha,kdd,k8s,operator,aks',
      calicoVersion: version,
      datastoreReady: true,
      variant: 'Calico',
    }),
    made(calico('felixconfigurations'), 'FelixConfiguration', 'default', {
      defaultEndpointToHostAction: 'Accept',
      floatingIPs: 'Disabled',
      healthPort: 9_099,
      logSeverityScreen: 'Info',
      reportingInterval: '0s',
      vxlanVNI: 4_096,
    }),
    made(calico('kubecontrollersconfigurations'), 'KubeControllersConfiguration', 'default', {
      healthChecks: 'Enabled',
      logSeverityScreen: 'Info',
      controllers: { namespace: { reconcilerPeriod: '5m' }, policy: { reconcilerPeriod: '5m' } },
    }),
    made(calico('tiers'), 'Tier', 'default', { order: 1_000_000, defaultAction: 'Deny' }),
    made(calico('tiers'), 'Tier', 'adminnetworkpolicy', { order: 1_000, defaultAction: 'Pass' }),
    made(calico('tiers'), 'Tier', 'baselineadminnetworkpolicy', { order: 10_000_000, defaultAction: 'Pass' }),
  ];
}

/** As people have shown AKS's for Azure CNI; for kubenet, inferred: host-local addresses out of the nodes' blocks. */
function installation({ plugin, podCidrs }: CalicoSettings): object {
  const isKubenet = plugin === 'kubenet';
  return {
    variant: 'Calico',
    kubernetesProvider: 'AKS',
    registry: 'mcr.microsoft.com/',
    imagePath: 'oss/calico',
    imagePullSecrets: [],
    flexVolumePath: 'None',
    cni: isKubenet ? { type: 'Calico', ipam: { type: 'HostLocal' } } : { type: 'AzureVNET', ipam: { type: 'AzureVNET' } },
    calicoNetwork: {
      bgp: 'Disabled',
      linuxDataplane: 'Iptables',
      ipPools: isKubenet ? podCidrs.map((cidr) => ({ cidr, encapsulation: 'None', natOutgoing: 'Enabled', nodeSelector: 'all()' })) : [],
      nodeAddressAutodetectionV4: { kubernetes: 'NodeInternalIP' },
    },
    controlPlaneTolerations: [{ key: 'CriticalAddonsOnly', operator: 'Exists' }],
  };
}

/** There is no operator that could say more: agents of Weir enforce. */
function conditions(): readonly object[] {
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const says = (type: string, status: string, message: string): object => ({
    type,
    status,
    reason: 'WeirAgents',
    message,
    lastTransitionTime,
  });
  return [
    says('Available', 'True', 'Agents of Weir enforce in place of calico-node; see weir status'),
    says('Progressing', 'False', 'The definitions and the default objects are there'),
    says('Degraded', 'False', 'The state of each agent is in weir status'),
  ];
}

function made(path: ResourcePath, kind: string, name: string, spec: object): CalicoObject {
  const object: KubeObject & { readonly spec: object } = { apiVersion: `${path.group}/v1`, kind, metadata: { name, labels }, spec };
  return { path, object };
}

/** `plural.group/name` of all of them. */
export const calicoObjectKeys: ReadonlySet<string> = new Set(
  calicoObjects({ version: '', plugin: 'node-subnet', podCidrs: [] }).map(
    ({ path, object }) => `${path.resource}.${path.group ?? ''}/${object.metadata.name ?? ''}`,
  ),
);
