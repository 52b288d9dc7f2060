/** The arguments of commands about node pools. */
import { type Argument, argument, flag } from '../command-line/argument.ts';
import { resourceGroup, subscription, tags } from '../command-line/az-command.ts';
import { nodeBounds, poolNodes } from '../managed-clusters/cluster-arguments.ts';

/** Of which cluster. */
export const poolsOfCluster: readonly Argument[] = [
  resourceGroup,
  argument('--cluster-name', 'Name of the managed cluster', { isRequired: true }),
];

/** Which pool. */
export const poolNamed: readonly Argument[] = [
  ...poolsOfCluster,
  argument('--nodepool-name --name -n', 'Name of the node pool', { isRequired: true }),
  subscription,
];

const operatingPool: readonly Argument[] = [
  argument('--labels', 'key[=value] pairs with spaces between', { arity: 'any' }),
  tags,
  argument('--node-taints', 'key=value:effect with commas between'),
  argument('--max-surge', 'How many nodes more there may be during an upgrade, a number or a share'),
  argument('--mode', 'What pods it is for', { choices: ['System', 'User'] }),
  argument('--scale-down-mode', 'What becomes of nodes that are not needed', { choices: ['Delete', 'Deallocate'] }),
  ...nodeBounds,
];

/** `az aks nodepool add`. */
export const addPoolArguments: readonly Argument[] = [
  ...poolNamed,
  argument('--kubernetes-version -k', "Version of Kubernetes; the cluster's when left out"),
  argument('--os-type', 'Linux or Windows'),
  ...poolNodes,
  argument('--priority', 'Whether nodes may be taken away', { choices: ['Regular', 'Spot'] }),
  argument('--eviction-policy', 'What becomes of nodes that are taken away', { choices: ['Delete', 'Deallocate'] }),
  argument('--spot-max-price', 'Most that such a node may cost', { type: 'float' }),
  flag('--enable-cluster-autoscaler -e', 'Nodes come and go by themselves'),
  ...operatingPool,
];

/** `az aks nodepool update`. */
export const updatePoolArguments: readonly Argument[] = [
  ...poolNamed,
  flag('--enable-cluster-autoscaler -e', 'Nodes come and go by themselves'),
  flag('--disable-cluster-autoscaler -d', 'Nodes stay as many as they are'),
  flag('--update-cluster-autoscaler -u', "Change the autoscaler's bounds"),
  ...operatingPool,
  argument('--aks-custom-headers', 'Further headers of the request, key=value with commas between'),
];
