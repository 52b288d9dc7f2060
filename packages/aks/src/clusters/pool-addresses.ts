/** Whether there are addresses for all nodes of all pools, and their pods. */
import { parseCidr } from '@weir/net';
import { type ArmError, providerError } from '../arm/arm-error.ts';
import type { AgentPool } from './agent-pool.ts';
import type { NetworkProfile } from './network-profile.ts';
import { hasPodNetwork, own } from './network-rule.ts';

/** The subnet that AKS makes for nodes, and how many addresses of a subnet are for machines. */
const nodeSubnet = { block: '10.224.0.0/16', name: 'aks-subnet', reserved: 5 };
/** A block of the pod network for each node: a /24. */
const podsOfNode = 256;
/** As many nodes as the lab has room for. */
const labNodesMax = 250;
const advice =
  'If Autoscaler is enabled, the max-count from each nodepool is counted towards this total (which means that pre-allocated IPs count represents a theoretical max value, not the actual number of IPs requested). http://aka.ms/aks/insufficientsubnetsize';

/** Why these pools cannot have addresses; undefined when they can. */
export function poolAddressProblem(pools: readonly AgentPool[], network: NetworkProfile): ArmError | undefined {
  return pools.map(subnetProblem).find((problem) => problem !== undefined) ?? roomProblem(pools, network) ?? labProblem(pools);
}

/** There are no virtual networks here beside those of clusters: a subnet of somebody's own is never found. */
function subnetProblem({ more }: AgentPool): ArmError | undefined {
  const id = more['vnetSubnetID'];
  if (id === undefined) return undefined;
  const target = 'agentPoolProfile.vnetSubnetID';
  const form =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Network\/virtualNetworks\/([^/]+)\/subnets\/([^/]+)$/i;
  const match = typeof id === 'string' && id.length <= 1_000 ? form.exec(id) : null;
  if (match === null) return providerError(400, 'InvalidParameter', `The value of parameter ${target} is invalid.`, { target });
  const [, subscription = '', group = '', vnet = '', subnet = ''] = match;
  const message = `Could not find subnet ${subnet} in vnet ${vnet} from resource group ${group} of subscription ${subscription}.`;
  return providerError(400, 'SubnetNotFound', message, { target });
}

function roomProblem(pools: readonly AgentPool[], network: NetworkProfile): ArmError | undefined {
  const most = ({ enableAutoScaling, maxCount, count }: AgentPool): number => (enableAutoScaling ? (maxCount ?? count) : count);
  const sum = (addresses: (pool: AgentPool) => number): number => pools.reduce((total, pool) => total + most(pool) * addresses(pool), 0);
  const { podCidr = '' } = network;
  const [wanted, available, block, name, target] = hasPodNetwork(network)
    ? ([sum(() => podsOfNode), addressesOf(podCidr), podCidr, 'networkProfile.podCIDR', 'networkProfile.podCIDR'] as const)
    : ([
        sum(({ maxPods }) => (network.networkPlugin === 'azure' ? maxPods + 1 : 1)),
        addressesOf(nodeSubnet.block) - nodeSubnet.reserved,
        nodeSubnet.block,
        nodeSubnet.name,
        'agentPoolProfile.count',
      ] as const);
  if (wanted <= available) return undefined;
  const message = `Pre-allocated IPs ${wanted} exceeds IPs available ${available} in Subnet Cidr ${block}, Subnet Name ${name}. ${advice}`;
  return providerError(400, 'InsufficientSubnetSize', message, { target });
}

function labProblem(pools: readonly AgentPool[]): ArmError | undefined {
  const nodes = pools.reduce((sum, { count }) => sum + count, 0);
  return nodes > labNodesMax
    ? own(
        'NodeCountNotSupported',
        `The cluster would have ${nodes} nodes. Weir's lab has room for ${labNodesMax} nodes in a cluster.`,
        'agentPoolProfile.count',
      )
    : undefined;
}

function addressesOf(block: string): number {
  return 2 ** (32 - (parseCidr(block)?.prefixLength ?? 32));
}
