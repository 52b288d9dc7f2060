/** Requests about node pools that several commands send. */
import { type JsonObject, textAt } from '@weir/kube';
import { refused } from '../az-error.ts';
import type { AzInvocation } from '../command-line/az-command.ts';
import type { GivenArguments } from '../command-line/given-arguments.ts';
import { clusterPath, putAndWait, writablePool } from '../managed-clusters/cluster-requests.ts';
import { agentPoolShape, aksVersion } from '../models/managed-cluster-shape.ts';
import { pathPart } from '../models/path-part.ts';
import type { ArmClient } from '../session/arm-client.ts';

/** The path of a cluster's pools below the subscription. */
export function poolsPath(given: GivenArguments): string {
  return `${clusterPath(given.required('resourceGroup'), given.required('clusterName'))}/agentPools`;
}

/** The path of the pool that arguments name. */
export function poolPath(given: GivenArguments): string {
  return `${poolsPath(given)}/${pathPart(given.required('nodepoolName'), 'node pool')}`;
}

/** Whether a cluster has the pool that arguments name. */
export async function hasPool(arm: ArmClient, given: GivenArguments): Promise<boolean> {
  const name = given.required('nodepoolName').toLowerCase();
  return (await arm.list(poolsPath(given), aksVersion)).some((pool) => textAt(pool, 'name').toLowerCase() === name);
}

/** Throws az's text when there is no such pool. */
export async function checkPoolExists(arm: ArmClient, given: GivenArguments): Promise<void> {
  if (await hasPool(arm, given)) return;
  throw refused(`Node pool ${given.required('nodepoolName')} doesnt exist, use 'aks nodepool list' to get current node pool list`);
}

/** Reads a pool, changes its properties, and sends them back; `change` answering undefined leaves it. */
export async function changePool(
  invocation: AzInvocation,
  change: (pool: JsonObject) => JsonObject | undefined | Promise<JsonObject | undefined>,
): Promise<unknown> {
  const arm = await invocation.arm();
  const path = poolPath(invocation.given);
  const properties = await change(writablePool(await arm.get(path, aksVersion)));
  if (properties === undefined) return undefined;
  return putAndWait(invocation, arm, { path, body: { properties }, shape: agentPoolShape });
}
