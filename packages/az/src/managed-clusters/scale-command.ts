/** `az aks scale`. */
import { objectAt, textAt } from '@weir/kube';
import { refused } from '../az-error.ts';
import { argument } from '../command-line/argument.ts';
import { type AzCommand, noWait } from '../command-line/az-command.ts';
import { aksVersion, managedClusterShape } from '../models/managed-cluster-shape.ts';
import { checkPoolName } from './client-checks.ts';
import { clusterNamed } from './cluster-arguments.ts';
import { namedCluster, poolsOf, putAndWait, writableCluster } from './cluster-requests.ts';

export const scaleCommand: AzCommand = {
  words: 'aks scale',
  summary: "Change how many nodes a managed cluster's pool has",
  arguments: [
    ...clusterNamed,
    argument('--node-count -c', 'Number of nodes', { type: 'int', isRequired: true }),
    argument('--nodepool-name', 'Name of the pool; the only one when left out'),
    noWait,
  ],
  run: async (invocation) => {
    const { given } = invocation;
    const wished = given.text('nodepoolName') ?? '';
    checkPoolName(wished);
    const arm = await invocation.arm();
    const path = namedCluster(given);
    const cluster = writableCluster(await arm.get(path, aksVersion));
    const pools = poolsOf(cluster);
    if (pools.length > 1 && wished === '') {
      throw refused(
        'There are more than one node pool in the cluster. Please specify nodepool name or use az aks nodepool command to scale node pool',
      );
    }
    const pool = pools.find((each) => wished === '' || textAt(each, 'name') === wished);
    if (pool === undefined) throw refused(`The nodepool "${wished}" was not found.`);
    if (pool['enableAutoScaling'] === true) throw refused('Cannot scale cluster autoscaler enabled node pool.');
    const scaled = pools.map((each) => (each === pool ? { ...each, count: given.number('nodeCount') } : each));
    const body = { ...cluster, properties: { ...objectAt(cluster, 'properties'), agentPoolProfiles: scaled } };
    return putAndWait(invocation, arm, { path, body, shape: managedClusterShape });
  },
};
