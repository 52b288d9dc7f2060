/** Requests about clusters that several commands send. */
import { isJsonObject, type JsonObject, numberAt, objectAt, objectsAt, textAt } from '@weir/kube';
import type { AzInvocation } from '../command-line/az-command.ts';
import type { GivenArguments } from '../command-line/given-arguments.ts';
import { aksVersion, managedClusterShape } from '../models/managed-cluster-shape.ts';
import { pathPart } from '../models/path-part.ts';
import { type ResourceShape, shaped } from '../models/resource-shape.ts';
import type { ArmClient } from '../session/arm-client.ts';
import { endOf } from '../session/long-operation.ts';
import type { Terminal } from '../terminal.ts';

/** The path of a cluster below the subscription. */
export function clusterPath(group: string, name: string): string {
  return `${clustersPath(group)}/${pathPart(name, 'managed cluster')}`;
}

/** The path of the clusters of a group, or of all. */
export function clustersPath(group?: string): string {
  const inGroup = group === undefined ? '' : `/resourceGroups/${encodeURIComponent(group)}`;
  return `${inGroup}/providers/Microsoft.ContainerService/managedClusters`;
}

/** The path of the cluster that `--resource-group` and `--name` name. */
export function namedCluster(given: GivenArguments): string {
  return clusterPath(given.required('resourceGroup'), given.required('name'));
}

/** PUTs a document and waits, unless `--no-wait`; answers the resource as it is then. */
export async function putAndWait(
  { given, terminal }: AzInvocation,
  arm: ArmClient,
  put: { readonly path: string; readonly body: unknown; readonly shape: ResourceShape },
): Promise<unknown> {
  const answer = await arm.send({ method: 'PUT', path: put.path, version: aksVersion, body: put.body });
  if (given.flag('noWait')) return undefined;
  const { result, told } = await endOf(arm, answer, true);
  tellOf(told, terminal);
  return shaped(result, put.shape);
}

/** What az leaves out of shown clusters when it is null. */
export function shownCluster(document: unknown): JsonObject {
  const cluster = shaped(document, managedClusterShape);
  const pools = objectsAt(cluster, 'agentPoolProfiles').map((pool) => withoutNulls(pool, ['osDiskSizeGb', 'vnetSubnetId']));
  const principal = objectAt(cluster, 'servicePrincipalProfile');
  return {
    ...withoutNulls(cluster, ['tags']),
    agentPoolProfiles: pools,
    servicePrincipalProfile: principal === undefined ? null : withoutNulls(principal, ['secret']),
  };
}

/** A cluster's document as it may be sent back: without what only the server writes. */
export function writableCluster(document: JsonObject): JsonObject {
  const { id: _, name: __, type: ___, systemData: ____, eTag: _____, kind: ______, ...top } = document;
  const properties = without(objectAt(document, 'properties') ?? {}, onlyServersWrite);
  const pools = objectsAt(properties, 'agentPoolProfiles').map((pool) => without(pool, onlyServersWriteOfPools));
  return { ...top, properties: { ...properties, agentPoolProfiles: pools } };
}

/** A pool's properties as they may be sent back. */
export function writablePool(document: JsonObject): JsonObject {
  return without(objectAt(document, 'properties') ?? {}, onlyServersWriteOfPools);
}

const onlyServersWrite = [
  'provisioningState',
  'powerState',
  'maxAgentPools',
  'currentKubernetesVersion',
  'fqdn',
  'privateFQDN',
  'azurePortalFQDN',
  'resourceUID',
  'privateLinkResources',
];
const onlyServersWriteOfPools = ['provisioningState', 'currentOrchestratorVersion', 'nodeImageVersion', 'eTag'];

/** The time in which policies were not in force while an engine was changed, where the operation measured it. */
function tellOf(told: JsonObject, terminal: Terminal): void {
  const unprotected = numberAt(told, 'unprotectedMs');
  if (unprotected === undefined) return;
  const change = objectAt(told, 'engineChange');
  const what =
    change === undefined ? 'nodes were replaced' : `the engine changed from ${textAt(change, 'from')} to ${textAt(change, 'to')}`;
  terminal.warn(`While ${what}, network policies were not in force for at most ${(unprotected / 1_000).toFixed(1)} s on a node.`);
}

function without(object: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([field]) => !fields.includes(field)));
}

function withoutNulls(object: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([field, value]) => value !== null || !fields.includes(field)));
}

/** The pools of a document of a cluster. */
export function poolsOf(document: JsonObject): readonly JsonObject[] {
  return objectsAt(objectAt(document, 'properties'), 'agentPoolProfiles').filter(isJsonObject);
}
