/** What `-o table` shows of clusters, pools, versions and commands. */
import { isJsonObject, type JsonObject, numberAt, objectAt, objectsAt, stringsAt, textAt } from '@weir/kube';

type Table = (result: unknown) => unknown;

/** Clusters, or one. */
export const clusterTable: Table = rowsOf((cluster) => ({
  name: cluster['name'],
  location: cluster['location'],
  resourceGroup: cluster['resourceGroup'],
  kubernetesVersion: cluster['kubernetesVersion'],
  currentKubernetesVersion: cluster['currentKubernetesVersion'],
  provisioningState: cluster['provisioningState'],
  fqdn: cluster['fqdn'] ?? cluster['privateFqdn'],
}));

/** Pools, or one. */
export const poolTable: Table = rowsOf((pool) => ({
  name: pool['name'],
  osType: pool['osType'],
  kubernetesVersion: pool['orchestratorVersion'],
  vmSize: pool['vmSize'],
  osDiskSizeGB: pool['osDiskSizeGB'],
  count: pool['count'],
  maxPods: pool['maxPods'],
  provisioningState: pool['provisioningState'],
  mode: pool['mode'],
}));

/** What a cluster may be upgraded to. */
export const upgradesTable: Table = rowsOf((profile) => {
  const plane = objectAt(profile, 'controlPlaneProfile');
  return {
    name: profile['name'],
    resourceGroup: profile['resourceGroup'],
    masterVersion: textAt(plane, 'kubernetesVersion') || 'unknown',
    upgrades: versionList(objectsAt(plane, 'upgrades').map((each) => marked(each, textAt(each, 'kubernetesVersion')))),
  };
});

/** The versions that a region has, the newest first. */
export const versionsTable: Table = (result) => {
  const rows = objectsAt(isJsonObject(result) ? result : {}, 'values').flatMap((minor) => {
    return Object.entries(objectAt(minor, 'patchVersions') ?? {}).map(([version, patch]) => ({
      kubernetesVersion: marked(minor, version),
      upgrades: versionList(stringsAt(isJsonObject(patch) ? patch : {}, 'upgrades')),
      supportPlan: stringsAt(objectAt(minor, 'capabilities'), 'supportPlan').join(', '),
    }));
  });
  return rows.sort((a, b) => compareVersions(b.kubernetesVersion, a.kubernetesVersion));
};

/** What a command in a cluster came to. */
export const commandResultTable: Table = rowsOf((result) => {
  const state = textAt(result, 'provisioningState');
  if (state === 'Succeeded') return { 'exit code': numberAt(result, 'exitCode'), logs: result['logs'] };
  if (state === 'Failed') return { 'provisioning state': state, reason: result['reason'] };
  return { 'provisioning state': state, 'started At': result['startedAt'] };
});

function rowsOf(row: (item: JsonObject) => object): Table {
  return (result) => (Array.isArray(result) ? result : [result]).filter(isJsonObject).map(row);
}

function marked(about: JsonObject, version: string): string {
  return about['isPreview'] === true ? `${version}(preview)` : version;
}

function versionList(versions: readonly string[]): string {
  return versions.length === 0 ? 'None available' : [...versions].sort(compareVersions).join(', ');
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (const [at, number] of left.entries()) {
    const difference = number - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function numbersOf(version: string): readonly number[] {
  return version.replace('(preview)', '').split('.').map(Number);
}
