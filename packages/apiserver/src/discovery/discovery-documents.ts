/**
 * The discovery answers as values, made from the resource registry: plain (meta/v1 APIVersions,
 * APIGroupList, APIGroup, APIResourceList) and aggregated (apidiscovery.k8s.io APIGroupDiscoveryList).
 */
import { apiVersionOf, type GroupVersionKind, type ResourceDefinition, type ResourceRegistry } from '@weir/kube';

/** One served group with its versions, the preferred one first. */
interface ServedGroup {
  readonly name: string;
  readonly versions: readonly string[];
}

/** `GET /api`, plain. */
export function coreVersions(registry: ResourceRegistry): unknown {
  return { kind: 'APIVersions', versions: registry.versionsOf(''), serverAddressByClientCIDRs: [] };
}

/** `GET /apis`, plain: every group but core. */
export function groupList(registry: ResourceRegistry): unknown {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: namedGroups(registry).map(groupEntry) };
}

/** `GET /apis/GROUP`, or undefined when the group is not served. */
export function singleGroup(registry: ResourceRegistry, name: string): unknown {
  const versions = registry.versionsOf(name);
  if (name === '' || versions.length === 0) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry({ name, versions }) };
}

/** `GET /api/v1` and `GET /apis/GROUP/VERSION`, or undefined when that is not served. */
export function resourceList(registry: ResourceRegistry, group: string, version: string): unknown {
  const definitions = definitionsOf(registry, group, version);
  if (definitions.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf({ group, version }),
    resources: definitions.flatMap(resourceEntries),
  };
}

/** `GET /api` (core group only) or `GET /apis` (all others), aggregated. `version` is that of apidiscovery.k8s.io. */
export function aggregatedGroups(registry: ResourceRegistry, which: 'core' | 'named', version: string): unknown {
  const core: ServedGroup = { name: '', versions: registry.versionsOf('') };
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: (which === 'core' ? [core] : namedGroups(registry)).map((group) => ({
      metadata: { name: group.name, creationTimestamp: null },
      versions: group.versions.map((groupVersion) => ({
        version: groupVersion,
        resources: definitionsOf(registry, group.name, groupVersion).map(aggregatedResource),
        freshness: 'Current',
      })),
    })),
  };
}

/** The entries of one group and version in the order of their registration. */
export function definitionsOf(registry: ResourceRegistry, group: string, version: string): readonly ResourceDefinition[] {
  return registry.all().filter((definition) => definition.group === group && definition.version === version);
}

/** What upstream registers the groups of definitions with. */
const customPriority = 1_000;

/**
 * Built-in groups in the order of their registration, then the others by priority and name, as upstream's aggregator has
 * them. Where groups share a short name, clients take the first group and say so (`kubectl get cnp`).
 */
function namedGroups(registry: ResourceRegistry): readonly ServedGroup[] {
  const priorities = new Map<string, number>();
  for (const { group, custom } of registry.all()) {
    const priority = custom === undefined ? Number.POSITIVE_INFINITY : (custom.groupPriority ?? customPriority);
    if (group !== '') priorities.set(group, Math.max(priority, priorities.get(group) ?? 0));
  }
  const isBuiltIn = (priority: number): boolean => priority === Number.POSITIVE_INFINITY;
  const groups = [...priorities].sort(([a, first], [b, second]) => {
    if (first !== second) return second > first ? 1 : -1;
    return isBuiltIn(first) ? 0 : a < b ? -1 : 1;
  });
  return groups.map(([name]) => ({ name, versions: registry.versionsOf(name) }));
}

function groupEntry({ name, versions }: ServedGroup): object {
  const entries = versions.map((version) => ({ groupVersion: apiVersionOf({ group: name, version }), version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

function resourceEntries(definition: ResourceDefinition): readonly object[] {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = definition;
  return [
    {
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs,
      ...(shortNames.length === 0 ? {} : { shortNames }),
      ...(categories.length === 0 ? {} : { categories }),
    },
    ...definition.subresources.map((subresource) => ({
      name: `${plural}/${subresource.name}`,
      singularName: '',
      namespaced,
      // Group and version only where they differ from the resource's: `pods/eviction` is a policy/v1 Eviction.
      ...(isOfSameGroup(definition, subresource.kind) ? {} : { group: subresource.kind.group, version: subresource.kind.version }),
      kind: subresource.kind.kind,
      verbs: subresource.verbs,
    })),
  ];
}

function isOfSameGroup(definition: ResourceDefinition, kind: GroupVersionKind): boolean {
  return definition.group === kind.group && definition.version === kind.version;
}

function aggregatedResource(definition: ResourceDefinition): object {
  const { group, version, kind, plural, singular, namespaced, verbs, shortNames, categories, subresources } = definition;
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    shortNames,
    categories,
    subresources: subresources.map((subresource) => ({
      subresource: subresource.name,
      responseKind: subresource.kind,
      verbs: subresource.verbs,
    })),
  };
}
