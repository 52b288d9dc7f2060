/** Where a resource lives on an API server, and the paths of the resources that Weir reads itself. */

/** A resource of one group-version; without `namespace`: a cluster-scoped resource, or all namespaces. */
export interface ResourcePath {
  /** `''` for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, lower case, as in URLs: `networkpolicies`. */
  readonly resource: string;
  readonly namespace?: string;
}

/** The URL path of a resource, of one object of it, or of a subresource of that object. */
export function resourceUrl(path: ResourcePath, name?: string, subresource?: string): string {
  const segments = path.group === '' ? ['api', path.version] : ['apis', path.group, path.version];
  if (path.namespace !== undefined) segments.push('namespaces', path.namespace);
  segments.push(path.resource);
  if (name !== undefined) segments.push(name);
  if (subresource !== undefined) segments.push(...subresource.split('/'));
  return `/${segments.map(encodeURIComponent).join('/')}`;
}

function core(resource: string, namespace?: string): ResourcePath {
  return withNamespace({ group: '', version: 'v1', resource }, namespace);
}

function withNamespace(path: ResourcePath, namespace?: string): ResourcePath {
  return namespace === undefined ? path : { ...path, namespace };
}

/** core/v1 Namespaces. */
export const namespacesPath: ResourcePath = { group: '', version: 'v1', resource: 'namespaces' };

/** core/v1 Nodes. */
export const nodesPath: ResourcePath = { group: '', version: 'v1', resource: 'nodes' };

/** core/v1 Pods of one namespace, or of all. */
export function podsPath(namespace?: string): ResourcePath {
  return core('pods', namespace);
}

/** core/v1 Services of one namespace, or of all. */
export function servicesPath(namespace?: string): ResourcePath {
  return core('services', namespace);
}

/** networking.k8s.io/v1 Ingresses of all namespaces. */
export const ingressesPath: ResourcePath = { group: 'networking.k8s.io', version: 'v1', resource: 'ingresses' };

/** core/v1 ServiceAccounts of one namespace, or of all. */
export function serviceAccountsPath(namespace?: string): ResourcePath {
  return core('serviceaccounts', namespace);
}

/** core/v1 ConfigMaps of one namespace, or of all. */
export function configMapsPath(namespace?: string): ResourcePath {
  return core('configmaps', namespace);
}

/** core/v1 Secrets of one namespace, or of all. */
export function secretsPath(namespace?: string): ResourcePath {
  return core('secrets', namespace);
}

/** core/v1 Events of one namespace, or of all. */
export function eventsPath(namespace?: string): ResourcePath {
  return core('events', namespace);
}

/** core/v1 Endpoints of one namespace, or of all. */
export function endpointsPath(namespace?: string): ResourcePath {
  return core('endpoints', namespace);
}

/** discovery.k8s.io/v1 EndpointSlices of one namespace, or of all. */
export function endpointSlicesPath(namespace?: string): ResourcePath {
  return withNamespace({ group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' }, namespace);
}

/** networking.k8s.io/v1 NetworkPolicies of one namespace, or of all. */
export function networkPoliciesPath(namespace?: string): ResourcePath {
  return withNamespace({ group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' }, namespace);
}

/** apps/v1 Deployments of one namespace, or of all. */
export function deploymentsPath(namespace?: string): ResourcePath {
  return withNamespace({ group: 'apps', version: 'v1', resource: 'deployments' }, namespace);
}

/** apps/v1 ReplicaSets of one namespace, or of all. */
export function replicaSetsPath(namespace?: string): ResourcePath {
  return withNamespace({ group: 'apps', version: 'v1', resource: 'replicasets' }, namespace);
}

/** coordination.k8s.io/v1 Leases of one namespace, or of all. */
export function leasesPath(namespace?: string): ResourcePath {
  return withNamespace({ group: 'coordination.k8s.io', version: 'v1', resource: 'leases' }, namespace);
}

/** apps/v1 StatefulSets of one namespace, or of all. */
export function statefulSetsPath(namespace?: string): ResourcePath {
  return withNamespace({ group: 'apps', version: 'v1', resource: 'statefulsets' }, namespace);
}

/** apps/v1 DaemonSets of one namespace, or of all. */
export function daemonSetsPath(namespace?: string): ResourcePath {
  return withNamespace({ group: 'apps', version: 'v1', resource: 'daemonsets' }, namespace);
}

/** apps/v1 ControllerRevisions of one namespace, or of all. */
export function controllerRevisionsPath(namespace?: string): ResourcePath {
  return withNamespace({ group: 'apps', version: 'v1', resource: 'controllerrevisions' }, namespace);
}

/** batch/v1 Jobs of one namespace, or of all. */
export function jobsPath(namespace?: string): ResourcePath {
  return withNamespace({ group: 'batch', version: 'v1', resource: 'jobs' }, namespace);
}

/** batch/v1 CronJobs of one namespace, or of all. */
export function cronJobsPath(namespace?: string): ResourcePath {
  return withNamespace({ group: 'batch', version: 'v1', resource: 'cronjobs' }, namespace);
}

/** policy/v1 PodDisruptionBudgets of one namespace, or of all. */
export function podDisruptionBudgetsPath(namespace?: string): ResourcePath {
  return withNamespace({ group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' }, namespace);
}

/** core/v1 PersistentVolumeClaims of one namespace, or of all. */
export function persistentVolumeClaimsPath(namespace?: string): ResourcePath {
  return core('persistentvolumeclaims', namespace);
}

/** core/v1 PersistentVolumes. */
export const persistentVolumesPath: ResourcePath = { group: '', version: 'v1', resource: 'persistentvolumes' };

/** storage.k8s.io/v1 StorageClasses. */
export const storageClassesPath: ResourcePath = { group: 'storage.k8s.io', version: 'v1', resource: 'storageclasses' };
