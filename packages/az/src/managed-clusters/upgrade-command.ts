/** `az aks upgrade`: another version of Kubernetes, or new images for all pools. */
import { type JsonObject, objectAt, textAt } from '@weir/kube';
import { refused } from '../az-error.ts';
import { argument, flag } from '../command-line/argument.ts';
import { type AzCommand, type AzInvocation, noWait, yes } from '../command-line/az-command.ts';
import { agentPoolShape, aksVersion, managedClusterShape } from '../models/managed-cluster-shape.ts';
import { shaped } from '../models/resource-shape.ts';
import type { ArmClient } from '../session/arm-client.ts';
import { endOf } from '../session/long-operation.ts';
import { kubernetesVersion } from './client-checks.ts';
import { clusterNamed } from './cluster-arguments.ts';
import { namedCluster, poolsOf, putAndWait, shownCluster, writableCluster } from './cluster-requests.ts';

const mayBeUnavailable = 'Kubernetes may be unavailable during cluster upgrades.\n Are you sure you want to perform this operation?';

export const upgradeCommand: AzCommand = {
  words: 'aks upgrade',
  summary: 'Take a managed cluster to another version of Kubernetes, or its nodes to new images',
  arguments: [
    ...clusterNamed,
    argument('--kubernetes-version -k', 'Version of Kubernetes'),
    flag('--control-plane-only', 'Not the node pools'),
    flag('--node-image-only', 'Only the images of nodes'),
    yes,
    noWait,
  ],
  run: async (invocation) => {
    const { given } = invocation;
    const version = kubernetesVersion(given.text('kubernetesVersion'));
    if (!(await confirmUpgrade(invocation, mayBeUnavailable, 'n'))) return undefined;
    const arm = await invocation.arm();
    const path = namedCluster(given);
    const current = await arm.get(path, aksVersion);
    if (version !== '' && given.flag('nodeImageOnly')) {
      throw refused(
        'Conflicting flags. Upgrading the Kubernetes version will also upgrade node image version. If you only want to upgrade the node version please use the "--node-image-only" option only.',
      );
    }
    if (given.flag('nodeImageOnly')) {
      const isDone = await upgradeImages(invocation, arm, { path, cluster: current });
      return isDone ? shownCluster(await arm.get(path, aksVersion)) : undefined;
    }
    warnOfSameVersion(invocation, current, version);
    if (!(await confirmUpgrade(invocation, extentQuestion(invocation, version), 'n'))) return undefined;
    return putAndWait(invocation, arm, {
      path,
      body: upgraded(current, version, !given.flag('controlPlaneOnly')),
      shape: managedClusterShape,
    });
  },
};

/** Asks unless `--yes`: a no ends the command with exit code 0, as it does in az. Throws without a terminal. */
export async function confirmUpgrade(
  { given, terminal }: Pick<AzInvocation, 'given' | 'terminal'>,
  question: string,
  otherwise: 'n' | undefined,
): Promise<boolean> {
  if (given.flag('yes')) return true;
  const answer = await terminal.confirm(question, otherwise);
  if (answer !== undefined) return answer;
  terminal.warn('Unable to prompt for confirmation as no tty available. Use --yes.');
  throw refused('Operation cancelled.');
}

/** Gives all nodes of a pool a new image; answers the pool. */
export async function upgradeNodeImage(arm: ArmClient, poolPath: string, isWaitedFor: boolean): Promise<unknown> {
  const answer = await arm.send({ method: 'POST', path: `${poolPath}/upgradeNodeImageVersion`, version: aksVersion });
  if (!isWaitedFor) return undefined;
  await endOf(arm, answer, false);
  return shaped(await arm.get(poolPath, aksVersion), agentPoolShape);
}

/** One pool after the other: the server takes one change of a cluster at a time. Answers whether it was to be. */
async function upgradeImages(
  invocation: AzInvocation,
  arm: ArmClient,
  { path, cluster }: { readonly path: string; readonly cluster: JsonObject },
): Promise<boolean> {
  const question =
    'This node image upgrade operation will run across every node pool in the cluster and might take a while. Do you wish to continue?';
  if (!(await confirmUpgrade(invocation, question, 'n'))) return false;
  for (const pool of poolsOf(cluster)) await upgradeNodeImage(arm, `${path}/agentPools/${textAt(pool, 'name')}`, true);
  return true;
}

function warnOfSameVersion({ terminal }: AzInvocation, cluster: JsonObject, version: string): void {
  const properties = objectAt(cluster, 'properties');
  const current = textAt(properties, 'kubernetesVersion');
  if (version !== '' && version !== current) return;
  if (textAt(properties, 'provisioningState') === 'Failed') {
    terminal.warn(
      `Cluster currently in failed state. Proceeding with upgrade to existing version ${current} to attempt resolution of failed cluster state.`,
    );
  } else {
    terminal.warn(
      `The cluster is already on version ${current} and is not in a failed state. No operations will occur when upgrading to the same version if the cluster is not in a failed state.`,
    );
  }
}

function extentQuestion({ given }: AzInvocation, version: string): string {
  return given.flag('controlPlaneOnly')
    ? `Since control-plane-only argument is specified, this will upgrade only the control plane to ${version}. Node pool will not change. Continue?`
    : `Since control-plane-only argument is not specified, this will upgrade the control plane AND all nodepools to version ${version}. Continue?`;
}

function upgraded(current: JsonObject, kubernetesVersionWished: string, areAll: boolean): JsonObject {
  const writable = writableCluster(current);
  const pools = poolsOf(writable).map((pool) => (areAll ? { ...pool, orchestratorVersion: kubernetesVersionWished } : pool));
  return {
    ...writable,
    properties: { ...objectAt(writable, 'properties'), kubernetesVersion: kubernetesVersionWished, agentPoolProfiles: pools },
  };
}
