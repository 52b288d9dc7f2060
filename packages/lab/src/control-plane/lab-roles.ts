/**
 * What the lab's own processes may do: nodes (the kubelet's job, the service proxy and DNS in one process) and agents
 * (what `deploy/kubernetes` gives an agent on any cluster). Scheduler and controllers are the cluster itself.
 */
import type { KubeObject } from '@weir/kube';

const rbac = 'rbac.authorization.k8s.io';
const read = ['get', 'list', 'watch'];

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const nodeRules: readonly Rule[] = [
  { apiGroups: [''], resources: ['nodes'], verbs: [...read, 'create', 'patch', 'update'] },
  { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch', 'update'] },
  { apiGroups: [''], resources: ['pods', 'services', 'endpoints', 'namespaces', 'configmaps', 'secrets', 'serviceaccounts'], verbs: read },
  { apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
  { apiGroups: [''], resources: ['pods/status'], verbs: ['patch', 'update'] },
  { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
  { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch', 'update'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: read },
  { apiGroups: ['node.k8s.io'], resources: ['runtimeclasses'], verbs: read },
];

const agentRules: readonly Rule[] = [
  { apiGroups: [''], resources: ['pods', 'namespaces', 'nodes'], verbs: read },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: read },
  { apiGroups: [''], resources: ['events'], verbs: ['get', 'create', 'patch'] },
];

/** Roles and bindings that the API server keeps. */
export const labRoles: readonly KubeObject[] = [
  clusterRole('weir:node', nodeRules),
  binding('ClusterRoleBinding', { name: 'weir:nodes', role: 'weir:node', group: 'system:nodes' }),
  role('kube-node-lease', 'weir:node-lease', [
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'patch', 'update'] },
  ]),
  binding('RoleBinding', { namespace: 'kube-node-lease', name: 'weir:nodes', role: 'weir:node-lease', group: 'system:nodes' }),
  clusterRole('weir:agent', agentRules),
  binding('ClusterRoleBinding', { name: 'weir:agents', role: 'weir:agent', group: 'weir:agents' }),
  role('kube-system', 'weir:agent-lease', [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'patch'] }]),
  binding('RoleBinding', { namespace: 'kube-system', name: 'weir:agents', role: 'weir:agent-lease', group: 'weir:agents' }),
];

function clusterRole(name: string, rules: readonly Rule[]): KubeObject & { readonly rules: readonly Rule[] } {
  return { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name }, rules };
}

function role(namespace: string, name: string, rules: readonly Rule[]): KubeObject & { readonly rules: readonly Rule[] } {
  return { apiVersion: `${rbac}/v1`, kind: 'Role', metadata: { name, namespace }, rules };
}

interface Grant {
  readonly namespace?: string;
  readonly name: string;
  readonly role: string;
  readonly group: string;
}

function binding(
  kind: 'ClusterRoleBinding' | 'RoleBinding',
  grant: Grant,
): KubeObject & { readonly roleRef: object; readonly subjects: readonly object[] } {
  const { namespace, name, group } = grant;
  return {
    apiVersion: `${rbac}/v1`,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    roleRef: { apiGroup: rbac, kind: kind === 'RoleBinding' ? 'Role' : 'ClusterRole', name: grant.role },
    subjects: [{ apiGroup: rbac, kind: 'Group', name: group }],
  };
}
