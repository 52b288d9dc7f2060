/**
 * What the lab's own processes may do. Nodes: what the service proxy, DNS and Events need; what concerns a node
 * itself and its pods is the node authoriser's. Agents: what `deploy/kubernetes` gives an agent on any cluster.
 * Scheduler and controllers: their upstream roles. The controllers are one process with one memory and have one
 * identity, as a kube-controller-manager without credentials for each of its controllers; the scheduler, in the same
 * process, writes with its own.
 */
import { policyApiKinds } from '@weir/compile';
import type { KubeObject } from '@weir/kube';
import { addToGroup } from '@weir/net';
import { calicoGroup, operatorGroup } from '../calico/calico-definitions.ts';
import { tieredPolicyPlurals } from '../calico/tier-rules.ts';
import { controlPlaneUsers } from './control-plane-users.ts';

const rbac = 'rbac.authorization.k8s.io';
const read = ['get', 'list', 'watch'];

/** One rule of a role. */
interface RoleRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const nodeRules: readonly RoleRule[] = [
  { apiGroups: [''], resources: ['services', 'endpoints', 'namespaces'], verbs: read },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: read },
  { apiGroups: ['node.k8s.io'], resources: ['runtimeclasses'], verbs: read },
  { apiGroups: [''], resources: ['persistentvolumes'], verbs: ['get'] },
  { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch', 'update'] },
];

/** The rules of `deploy/kubernetes`; a test compares them. */
const agentRules: readonly RoleRule[] = [
  { apiGroups: [''], resources: ['pods', 'namespaces', 'serviceaccounts'], verbs: read },
  ...policyApiRules(),
  ...conditionRules(),
  { apiGroups: [''], resources: ['events'], verbs: ['get', 'create', 'patch'] },
];

/** Whatever the engine, an agent may read all policy APIs: one engine takes the place of another without new roles. */
function policyApiRules(): readonly RoleRule[] {
  const byGroup = new Map<string, string[]>();
  for (const { group: name, plural } of policyApiKinds()) addToGroup(byGroup, name, plural);
  return [...byGroup].map(([name, resources]) => ({ apiGroups: [name], resources, verbs: read }));
}

/** And it may say in the status of policies whether it takes them, where they have conditions. */
function conditionRules(): readonly RoleRule[] {
  const byGroup = new Map<string, string[]>();
  for (const { group: name, plural, condition } of policyApiKinds()) {
    if (condition !== undefined) addToGroup(byGroup, name, `${plural}/status`);
  }
  return [...byGroup].map(([name, resources]) => ({ apiGroups: [name], resources, verbs: ['patch'] }));
}

const schedulerRules: readonly RoleRule[] = [
  { apiGroups: [''], resources: ['nodes', 'pods', 'namespaces', 'persistentvolumeclaims', 'persistentvolumes'], verbs: read },
  { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: read },
  // Which node a claim's volume is to be made on, and which volume a claim gets.
  { apiGroups: [''], resources: ['persistentvolumeclaims', 'persistentvolumes'], verbs: ['patch', 'update'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
  { apiGroups: [''], resources: ['bindings', 'pods/binding'], verbs: ['create'] },
  { apiGroups: [''], resources: ['pods/status'], verbs: ['patch', 'update'] },
  { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'update'] },
];

/**
 * Reading and removing everything is the garbage collector's and the namespace controller's, changing everything the
 * former's; what is made is named.
 */
const controllerRules: readonly RoleRule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: [...read, 'delete', 'deletecollection', 'patch', 'update'] },
  {
    apiGroups: [''],
    resources: ['pods', 'pods/eviction', 'endpoints', 'configmaps', 'serviceaccounts', 'persistentvolumeclaims', 'persistentvolumes'],
    verbs: ['create'],
  },
  { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create'] },
  { apiGroups: ['apps'], resources: ['replicasets', 'controllerrevisions', 'daemonsets'], verbs: ['create'] },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['create'] },
  { apiGroups: [rbac], resources: ['clusterroles'], verbs: ['escalate'] },
];

const bootstrapRules: readonly RoleRule[] = [
  { apiGroups: [''], resources: ['namespaces', 'services', 'endpoints'], verbs: ['get', 'create'] },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'create'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'create'] },
  { apiGroups: ['scheduling.k8s.io'], resources: ['priorityclasses'], verbs: ['get', 'create'] },
  { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get', 'create'] },
  // Calico's kinds, as soon as a node has it.
  { apiGroups: [''], resources: ['nodes'], verbs: ['list', 'watch'] },
  { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: ['get', 'create'] },
  { apiGroups: [calicoGroup, operatorGroup], resources: ['*'], verbs: ['create'] },
  { apiGroups: [operatorGroup], resources: ['installations/status', 'tigerastatuses/status'], verbs: ['patch'] },
  { apiGroups: [calicoGroup], resources: ['clusterinformations'], verbs: ['patch'] },
];

/**
 * Rights on Calico's policies are given by tier (see `tier-rules.ts`), as with Calico's own API server: what is asked
 * before that, about the kinds alone, is everybody's. Without a right in a tier nobody sees or changes a policy.
 */
export const tieredPolicyRoles: readonly KubeObject[] = clusterWide(
  'calico-tiered-policy-passthrough',
  [{ apiGroups: ['projectcalico.org'], resources: tieredPolicyPlurals, verbs: ['*'] }],
  group('system:authenticated'),
);

/** Roles and bindings that the API server keeps. */
export const labRoles: readonly KubeObject[] = [
  ...clusterWide('weir:node', nodeRules, group('system:nodes')),
  ...clusterWide('weir:agent', agentRules, group('weir:agents')),
  role('kube-system', 'weir:agent-lease', [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'patch'] }]),
  binding({ kind: 'RoleBinding', namespace: 'kube-system', name: 'weir:agents', role: 'weir:agent-lease' }, group('weir:agents')),
  ...clusterWide('system:kube-scheduler', schedulerRules, user(controlPlaneUsers.scheduler)),
  ...clusterWide('system:kube-controller-manager', controllerRules, user(controlPlaneUsers.controllers)),
  ...clusterWide('weir:bootstrap', bootstrapRules, user(controlPlaneUsers.bootstrap)),
  ...tieredPolicyRoles,
];

interface Subject {
  readonly apiGroup: string;
  readonly kind: 'Group' | 'User';
  readonly name: string;
}

function group(name: string): Subject {
  return { apiGroup: rbac, kind: 'Group', name };
}

function user(name: string): Subject {
  return { apiGroup: rbac, kind: 'User', name };
}

/** A role, and its binding of the same name. */
function clusterWide(name: string, rules: readonly RoleRule[], subject: Subject): readonly KubeObject[] {
  const object: KubeObject & { readonly rules: readonly RoleRule[] } = {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name },
    rules,
  };
  return [object, binding({ kind: 'ClusterRoleBinding', name, role: name }, subject)];
}

function role(namespace: string, name: string, rules: readonly RoleRule[]): KubeObject & { readonly rules: readonly RoleRule[] } {
  return { apiVersion: `${rbac}/v1`, kind: 'Role', metadata: { name, namespace }, rules };
}

interface Grant {
  readonly kind: 'ClusterRoleBinding' | 'RoleBinding';
  readonly namespace?: string;
  readonly name: string;
  readonly role: string;
}

function binding(grant: Grant, subject: Subject): KubeObject & { readonly roleRef: object; readonly subjects: readonly object[] } {
  const { kind, namespace, name } = grant;
  return {
    apiVersion: `${rbac}/v1`,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    roleRef: { apiGroup: rbac, kind: kind === 'RoleBinding' ? 'Role' : 'ClusterRole', name: grant.role },
    subjects: [subject],
  };
}
