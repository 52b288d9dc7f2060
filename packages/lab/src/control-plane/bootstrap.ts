/**
 * What a cluster has before anybody asks for anything: its four namespaces, the service
 * `default/kubernetes` that leads pods to the API server, a class of volumes, and cluster DNS.
 */
import {
  deploymentsPath,
  endpointSlicesPath,
  endpointsPath,
  type KubeClient,
  namespacesPath,
  type ResourcePath,
  servicesPath,
  storageClassesPath,
} from '@weir/client';
import { type EndpointSlice, type KubeObject, type Namespace, type Service, type StorageClass, systemPriorities } from '@weir/kube';
import { fakeLabel } from '../fakes/fake-labels.ts';
import { apiServerAddress, apiServerPort, kubernetesServiceAddress, type NetworkShape } from '../network/network-shape.ts';
import { serviceNameLabel } from '../services/service-port.ts';
import { directoryDriver } from '../storage/directory-volume.ts';
import { createOnce } from './create-once.ts';

/** The namespaces that the reference makes when it starts. */
const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'] as const;

/** The image of the lab's DNS server; it is served inside the node process. */
const dnsImage = 'weir.local/coredns:1';

/** The label that DNS pods, their Deployment and their Service carry. */
const dnsLabels = { 'k8s-app': 'kube-dns' } as const;

/** Creates what is missing; what is there is left as people have changed it. */
export async function bootstrapCluster(client: KubeClient, network: NetworkShape): Promise<void> {
  await Promise.all(systemNamespaces.map((name) => createOnce(client, namespacesPath, namespace(name))));
  const classes = Object.entries(systemPriorities).map(([name, value]) => priorityClass(name, value));
  await Promise.all(classes.map((each) => createOnce(client, priorityClassesPath, each)));
  await createOnce(client, storageClassesPath, standardClass);
  await Promise.all([
    createOnce(client, servicesPath('default'), kubernetesService(network)),
    createOnce(client, endpointsPath('default'), kubernetesEndpoints(network)),
    createOnce(client, endpointSlicesPath('default'), kubernetesSlice(network)),
    createOnce(client, servicesPath('kube-system'), dnsService(network)),
    createOnce(client, deploymentsPath('kube-system'), dnsDeployment),
  ]);
}

function namespace(name: string): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

const priorityClassesPath: ResourcePath = { group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' };

/** A class that comes before all pods of users. */
function priorityClass(name: string, value: number): KubeObject & { readonly value: number; readonly description: string } {
  const description = `Used for system critical pods that must not be moved from their current ${name === 'system-node-critical' ? 'node' : 'cluster'}.`;
  return { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value, description };
}

/** The class of claims that name none: directories of the node on which the first pod runs. */
const standardClass: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: directoryDriver,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
};

function kubernetesService(network: NetworkShape): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: kubernetesServiceAddress(network),
      clusterIPs: [kubernetesServiceAddress(network)],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: apiServerPort }],
    },
  };
}

function kubernetesEndpoints(network: NetworkShape): KubeObject & { readonly subsets: readonly object[] } {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [
      {
        addresses: [{ ip: apiServerAddress(network) }],
        ports: [{ name: 'https', port: apiServerPort, protocol: 'TCP' }],
      },
    ],
  };
}

function kubernetesSlice(network: NetworkShape): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { [serviceNameLabel]: 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [apiServerAddress(network)], conditions: { ready: true } }],
    ports: [{ name: 'https', port: apiServerPort, protocol: 'TCP' }],
  };
}

function dnsService(network: NetworkShape): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kube-dns',
      namespace: 'kube-system',
      labels: { ...dnsLabels, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: network.dnsService,
      clusterIPs: [network.dnsService],
      selector: dnsLabels,
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
      ],
    },
  };
}

const dnsDeployment: KubeObject & { readonly spec: object } = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'coredns', namespace: 'kube-system', labels: { ...dnsLabels, 'kubernetes.io/name': 'CoreDNS' } },
  spec: {
    replicas: 1,
    selector: { matchLabels: dnsLabels },
    template: {
      metadata: { labels: dnsLabels },
      spec: {
        dnsPolicy: 'Default',
        priorityClassName: 'system-cluster-critical',
        terminationGracePeriodSeconds: 1,
        // As in AKS: a node that is cordoned gets none any more, so that it can be drained.
        tolerations: [
          { key: 'CriticalAddonsOnly', operator: 'Exists' },
          { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
        ],
        // It must not wait on a node that starts nothing. As in AKS, what the
        // cluster itself runs stays away from Windows.
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                {
                  matchExpressions: [
                    { key: fakeLabel, operator: 'DoesNotExist' },
                    { key: 'kubernetes.io/os', operator: 'NotIn', values: ['windows'] },
                  ],
                },
              ],
            },
          },
        },
        containers: [
          {
            name: 'coredns',
            image: dnsImage,
            imagePullPolicy: 'IfNotPresent',
            ports: [
              { name: 'dns', containerPort: 53, protocol: 'UDP' },
              { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
            ],
          },
        ],
      },
    },
  },
};
