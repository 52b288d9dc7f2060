/** The least of an object of every kind that is kept, for what must hold of all of them. */
import type { ResourcePath } from '@weir/client';
import { builtInResources, type JsonObject, type ResourceDefinition } from '@weir/kube';

/** Placed nowhere: nobody has to play a kubelet. */
const podSpec: JsonObject = { nodeSelector: { none: 'such' }, containers: [{ name: 'c', image: 'x' }] };
const labels: JsonObject = { app: 'a' };
const selector: JsonObject = { matchLabels: labels };
const template: JsonObject = { metadata: { labels }, spec: podSpec };
const job: JsonObject = { template: { spec: { ...podSpec, restartPolicy: 'Never' } } };
const roleRef: JsonObject = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
const eventAbout: JsonObject = { kind: 'Pod', namespace: 'default', name: 'p' };

/** What an object of a kind must say beside its metadata; kinds that are not here need nothing. */
const needed: Readonly<Record<string, JsonObject>> = {
  PersistentVolumeClaim: { spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'none', resources: { requests: { storage: '1' } } } },
  PersistentVolume: {
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'other', capacity: { storage: '1' }, hostPath: { path: '/d' } },
  },
  StorageClass: { provisioner: 'example.com/none' },
  Pod: { spec: podSpec },
  Service: { spec: { ports: [{ port: 80 }] } },
  Event: { involvedObject: eventAbout, reason: 'Tested', type: 'Normal' },
  'events.k8s.io/Event': {
    eventTime: '2024-01-01T00:00:00.000000Z',
    reportingController: 'example.com/test',
    reportingInstance: 'test',
    action: 'Testing',
    reason: 'Tested',
    type: 'Normal',
    regarding: eventAbout,
  },
  ControllerRevision: { revision: 1, data: {} },
  Deployment: { spec: { replicas: 0, selector, template } },
  ReplicaSet: { spec: { replicas: 0, selector, template } },
  StatefulSet: { spec: { replicas: 0, serviceName: 's', selector, template } },
  DaemonSet: { spec: { selector, template } },
  Job: { spec: { ...job, suspend: true } },
  CronJob: { spec: { schedule: '0 0 1 1 *', suspend: true, jobTemplate: { spec: job } } },
  NetworkPolicy: { spec: { podSelector: {} } },
  Ingress: { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } },
  IngressClass: { spec: { controller: 'example.com/none' } },
  RuntimeClass: { handler: 'none' },
  PodDisruptionBudget: { spec: { minAvailable: 1, selector: { matchLabels: { app: 'none' } } } },
  RoleBinding: { roleRef },
  ClusterRoleBinding: { roleRef },
  PriorityClass: { value: 1 },
  EndpointSlice: { addressType: 'IPv4', endpoints: [] },
  ValidatingAdmissionPolicy: {
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: ['none.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nones'] }],
      },
      validations: [{ expression: 'true' }],
    },
  },
  ValidatingAdmissionPolicyBinding: { spec: { policyName: 'none', validationActions: ['Deny'] } },
};

/** One kind, where its objects are in a namespace, and how one is made. */
export interface KeptKind {
  readonly name: string;
  readonly path: ResourcePath;
  make(metadata: JsonObject): JsonObject;
}

/** Every built-in kind whose objects are kept and belong to nobody else: neither namespaces and nodes nor definitions, which mean more. */
export function keptKinds(namespace: string): readonly KeptKind[] {
  const meansMore = new Set(['Namespace', 'Node', 'CustomResourceDefinition']);
  return builtInResources
    .filter(({ kind, verbs }) => verbs.includes('delete') && !meansMore.has(kind))
    .map((each) => keptKind(each, namespace));
}

function keptKind({ group, version, kind, plural, namespaced }: ResourceDefinition, namespace: string): KeptKind {
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const own = needed[`${group}/${kind}`] ?? needed[kind] ?? {};
  return {
    name: `${apiVersion} ${kind}`,
    path: { group, version, resource: plural, ...(namespaced ? { namespace } : {}) },
    make: (metadata) => ({ apiVersion, kind, metadata, ...own }),
  };
}
