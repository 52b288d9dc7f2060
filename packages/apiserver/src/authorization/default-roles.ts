/**
 * The roles and bindings that every cluster has (`plugin/pkg/auth/authorizer/rbac/bootstrappolicy`), as far as the
 * lab has what they speak of. They are made when they are missing, and what people took out of them comes back at a
 * start, unless the annotation `rbac.authorization.kubernetes.io/autoupdate` says `false`.
 */
import type { JsonObject } from '@weir/kube';

const rbac = 'rbac.authorization.k8s.io';
const autoupdate = { [`${rbac}/autoupdate`]: 'true' };
const bootstrapping = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

const rule = (apiGroup: string, resources: readonly string[], verbs: readonly string[]): Rule => ({
  apiGroups: [apiGroup],
  resources,
  verbs,
});
const paths = (urls: readonly string[]): Rule => ({ nonResourceURLs: urls, verbs: ['get'] });

/** What `view` may read; no secrets, no roles. */
const viewed: readonly Rule[] = [
  rule(
    '',
    [
      'configmaps',
      'endpoints',
      'persistentvolumeclaims',
      'persistentvolumeclaims/status',
      'pods',
      'serviceaccounts',
      'services',
      'services/status',
      'bindings',
      'events',
      'limitranges',
      'namespaces/status',
      'pods/log',
      'pods/status',
      'resourcequotas',
      'resourcequotas/status',
      'namespaces',
    ],
    read,
  ),
  rule('discovery.k8s.io', ['endpointslices'], read),
  rule(
    'apps',
    [
      'controllerrevisions',
      'daemonsets',
      'daemonsets/status',
      'deployments',
      'deployments/scale',
      'deployments/status',
      'replicasets',
      'replicasets/scale',
      'replicasets/status',
      'statefulsets',
      'statefulsets/scale',
      'statefulsets/status',
    ],
    read,
  ),
  rule('batch', ['cronjobs', 'cronjobs/status', 'jobs', 'jobs/status'], read),
  rule('policy', ['poddisruptionbudgets', 'poddisruptionbudgets/status'], read),
  rule('networking.k8s.io', ['ingresses', 'ingresses/status', 'networkpolicies'], read),
];

/** What `edit` may do beyond that. */
const edited: readonly Rule[] = [
  rule('', ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'secrets', 'services/proxy'], read),
  rule('', ['serviceaccounts'], ['impersonate']),
  rule('', ['pods', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'], write),
  rule('', ['pods/eviction'], ['create']),
  rule(
    '',
    ['configmaps', 'events', 'persistentvolumeclaims', 'secrets', 'serviceaccounts', 'services', 'services/proxy', 'endpoints'],
    write,
  ),
  rule('', ['serviceaccounts/token'], ['create']),
  rule(
    'apps',
    [
      'daemonsets',
      'deployments',
      'deployments/rollback',
      'deployments/scale',
      'replicasets',
      'replicasets/scale',
      'statefulsets',
      'statefulsets/scale',
    ],
    write,
  ),
  rule('batch', ['cronjobs', 'jobs'], write),
  rule('policy', ['poddisruptionbudgets'], write),
  rule('networking.k8s.io', ['ingresses', 'networkpolicies'], write),
  rule('coordination.k8s.io', ['leases'], [...write, ...read]),
];

/** What `admin` may do beyond that. */
const administered: readonly Rule[] = [
  rule('authorization.k8s.io', ['localsubjectaccessreviews'], ['create']),
  rule(rbac, ['rolebindings', 'roles'], [...write, ...read]),
];

const discoveryPaths = [
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/healthz',
  '/livez',
  '/openapi',
  '/openapi/*',
  '/readyz',
  '/version',
  '/version/',
];

function clusterRole(name: string, rules: readonly Rule[], labels: Readonly<Record<string, string>> = {}): JsonObject {
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name, annotations: { ...autoupdate }, labels: { ...bootstrapping, ...labels } },
    rules,
  };
}

function aggregated(name: string, labels: Readonly<Record<string, string>> = {}): JsonObject {
  const selector = { matchLabels: { [`${rbac}/aggregate-to-${name}`]: 'true' } };
  return { ...clusterRole(name, [], labels), aggregationRule: { clusterRoleSelectors: [selector] } };
}

function clusterBinding(name: string, role: string, subjects: readonly JsonObject[]): JsonObject {
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name, annotations: { ...autoupdate }, labels: { ...bootstrapping } },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    subjects,
  };
}

function group(name: string): JsonObject {
  return { apiGroup: rbac, kind: 'Group', name };
}

/** All of them; made anew for each call, because whoever stores an object owns it. */
export function defaultRoles(): readonly JsonObject[] {
  const to = (name: string): Record<string, string> => ({ [`${rbac}/aggregate-to-${name}`]: 'true' });
  return structuredClone([
    clusterRole('cluster-admin', [rule('*', ['*'], ['*']), { nonResourceURLs: ['*'], verbs: ['*'] }]),
    clusterRole('system:discovery', [paths(discoveryPaths)]),
    clusterRole('system:public-info-viewer', [paths(['/healthz', '/livez', '/readyz', '/version', '/version/'])]),
    clusterRole('system:basic-user', [
      rule('authorization.k8s.io', ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], ['create']),
      rule('authentication.k8s.io', ['selfsubjectreviews'], ['create']),
    ]),
    clusterRole('system:service-account-issuer-discovery', [paths(['/.well-known/openid-configuration', '/openid/v1/jwks'])]),
    clusterRole('system:auth-delegator', [
      rule('authentication.k8s.io', ['tokenreviews'], ['create']),
      rule('authorization.k8s.io', ['subjectaccessreviews'], ['create']),
    ]),
    aggregated('admin'),
    aggregated('edit', to('admin')),
    aggregated('view', to('edit')),
    clusterRole('system:aggregate-to-admin', administered, to('admin')),
    clusterRole('system:aggregate-to-edit', edited, to('edit')),
    clusterRole('system:aggregate-to-view', viewed, to('view')),
    clusterBinding('cluster-admin', 'cluster-admin', [group('system:masters')]),
    clusterBinding('system:discovery', 'system:discovery', [group('system:authenticated')]),
    clusterBinding('system:basic-user', 'system:basic-user', [group('system:authenticated')]),
    clusterBinding('system:public-info-viewer', 'system:public-info-viewer', [
      group('system:authenticated'),
      group('system:unauthenticated'),
    ]),
    clusterBinding('system:service-account-issuer-discovery', 'system:service-account-issuer-discovery', [group('system:serviceaccounts')]),
  ]);
}
