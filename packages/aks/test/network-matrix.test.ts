/** Plugin × engine × operating system, whole: what is accepted becomes a cluster of that shape, what is not is refused in these words. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { labNetwork } from '../src/lab/lab-network.ts';
import { ArmEndpoint } from './support/arm-endpoint.ts';
import { clusterBody, linuxPool, windowsPool } from './support/cluster-bodies.ts';

let endpoint: ArmEndpoint;
let count = 0;
beforeAll(async () => {
  endpoint = await ArmEndpoint.start();
  await endpoint.ask('PUT', '/resourceGroups/rg', { location: 'canadaeast' });
  const feature = '/providers/Microsoft.Features/providers/Microsoft.ContainerService/features/WindowsNetworkPolicyPreview';
  await endpoint.ask('POST', `${feature}/register`);
  const state = async (): Promise<unknown> => (await endpoint.ask('GET', feature)).json['properties'];
  await vi.waitFor(async () => expect(await state()).toEqual({ state: 'Registered' }), { timeout: 20_000, interval: 50 });
  await endpoint.ask('POST', '/providers/Microsoft.ContainerService/register');
});
afterAll(async () => {
  await endpoint.dispose();
  expect(endpoint.faults).toEqual([]);
});

/** What the lab is asked for: what gives pods addresses, out of which blocks, how many a node, and what enforces. */
type Shape = readonly [plugin: string, pods: readonly string[], maxPods: number];
const nodeSubnet: Shape = ['node-subnet', [], 30];
const overlay: Shape = ['overlay', ['10.244.0.0/16'], 250];
const kubenet: Shape = ['kubenet', ['10.244.0.0/16'], 110];
const none: Shape = ['none', [], 250];

const onKubenet = 'NetworkPolicy azure is not supported for network plugin kubenet';
const windowsOnly = 'Windows agent pools can only be added to AKS clusters using Azure-CNI.';
const ciliumWindows = 'NetworkDataplane cilium is not supported for clusters with Windows agent pools';
const ciliumKubenet = 'Cilium dataplane is not supported for network plugin kubenet';
const onNone = (engine: string): string => `NetworkPolicy ${engine} is not supported for network plugin none`;

/** Plugin, engine, what becomes of Linux alone, what becomes of Linux with Windows. */
const matrix: readonly (readonly [plugin: string, engine: string, linux: Shape | string, windows: Shape | string])[] = [
  ['azure', 'none', nodeSubnet, nodeSubnet],
  ['azure', 'azure', nodeSubnet, nodeSubnet],
  ['azure', 'calico', nodeSubnet, nodeSubnet],
  ['azure', 'cilium', nodeSubnet, ciliumWindows],
  ['azure overlay', 'none', overlay, overlay],
  ['azure overlay', 'azure', overlay, overlay],
  ['azure overlay', 'calico', overlay, overlay],
  ['azure overlay', 'cilium', overlay, ciliumWindows],
  ['kubenet', 'none', kubenet, windowsOnly],
  ['kubenet', 'azure', onKubenet, onKubenet],
  ['kubenet', 'calico', kubenet, windowsOnly],
  ['kubenet', 'cilium', ciliumKubenet, ciliumKubenet],
  ['none', 'none', none, windowsOnly],
  ['none', 'azure', onNone('azure'), onNone('azure')],
  ['none', 'calico', onNone('calico'), onNone('calico')],
  ['none', 'cilium', onNone('cilium'), onNone('cilium')],
];

async function asked(network: object, withWindows = false): Promise<readonly unknown[]> {
  count += 1;
  const name = `c${count}`;
  const body = clusterBody({
    network,
    properties: {
      windowsProfile: { adminUsername: 'azureuser', adminPassword: 'Str0ng-password-here' },
      ...(withWindows ? { agentPoolProfiles: [linuxPool(), { name: 'npwin', ...windowsPool() }] } : {}),
    },
  });
  const answer = await endpoint.ask('PUT', `/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/${name}`, body);
  const cluster = endpoint.host.clusters.get(name);
  if (answer.status !== 201 || cluster === undefined) return [answer.status, answer.json['message']];
  const { network: shape, dualStack } = labNetwork(cluster.network);
  const { plugin, podCidrs, serviceCidrs, dnsService } = shape;
  return [
    201,
    { plugin, podCidrs, serviceCidrs, dnsService, dualStack },
    cluster.network.networkPolicy,
    cluster.pools.map(({ maxPods }) => maxPods),
  ];
}

const services = { serviceCidrs: ['10.0.0.0/16'], dnsService: '10.0.0.10', dualStack: false };

describe('the matrix of the article', () => {
  const rows = matrix.flatMap(([plugin, engine, linux, windows]) => [
    [plugin, engine, 'Linux', linux] as const,
    [plugin, engine, 'Linux with Windows', windows] as const,
  ]);
  it.each(rows)('%s + %s + %s', async (plugin, engine, system, outcome) => {
    const [networkPlugin, networkPluginMode] = plugin.split(' ');
    const withWindows = system !== 'Linux';
    const network = { networkPlugin, networkPluginMode, networkPolicy: engine, networkDataplane: engine === 'cilium' ? 'cilium' : 'azure' };
    const answer = await asked(network, withWindows);
    if (typeof outcome === 'string') {
      expect(answer).toEqual([400, outcome]);
    } else {
      const [kind, podCidrs, maxPods] = outcome;
      const expected = { plugin: kind, podCidrs, ...services };
      expect(answer).toEqual([201, expected, engine, withWindows ? [maxPods, maxPods] : [maxPods]]);
    }
  });
});

describe('a client from before there was an engine none', () => {
  const path = '/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/old';
  const put = (network: object): ReturnType<ArmEndpoint['ask']> => endpoint.ask('PUT', path, clusterBody({ network }), '2022-11-01');

  it('gets a cluster without an engine by saying nothing, and may not say it', async () => {
    const { status, json } = await put({ networkPolicy: 'none' });
    expect([status, json['message']]).toEqual([400, expect.stringMatching(/'none'\. Allowed values: azure, calico, cilium\.$/) as string]);
    expect((await put({ networkPlugin: 'none', networkPolicy: undefined })).status).toBe(201);
    expect(endpoint.host.clusters.get('old')?.network).toMatchObject({ networkPlugin: 'none', networkPolicy: 'none' });
  });
});

describe('the blocks that a request names', () => {
  const calico = { networkPlugin: 'kubenet', networkPolicy: 'calico' };
  it('are those of the cluster', async () => {
    const blocks = { podCidr: '192.168.0.0/18', serviceCidr: '10.2.0.0/20', dnsServiceIP: '10.2.0.10' };
    const expected = {
      plugin: 'kubenet',
      podCidrs: ['192.168.0.0/18'],
      serviceCidrs: ['10.2.0.0/20'],
      dnsService: '10.2.0.10',
      dualStack: false,
    };
    expect(await asked({ ...calico, ...blocks })).toEqual([201, expected, 'calico', [110]]);
  });

  it('are of both families where AKS has both', async () => {
    const network = { networkPluginMode: 'overlay', networkPolicy: 'cilium', networkDataplane: 'cilium', ipFamilies: ['IPv4', 'IPv6'] };
    const expected = {
      plugin: 'overlay',
      podCidrs: ['10.244.0.0/16', 'fd12:3456:789a::/64'],
      serviceCidrs: ['10.0.0.0/16', 'fd12:3456:789a:1::/108'],
      dnsService: '10.0.0.10',
      dualStack: true,
    };
    expect(await asked(network)).toEqual([201, expected, 'cilium', [250]]);
    const own = { podCidrs: ['10.30.0.0/16', 'fd00:30::/64'], serviceCidrs: ['10.31.0.0/16', 'fd00:31::/108'], dnsServiceIP: '10.31.0.10' };
    const [, shape] = await asked({ ...network, ...own });
    expect(shape).toMatchObject({ podCidrs: own.podCidrs, serviceCidrs: own.serviceCidrs, dnsService: own.dnsServiceIP });
  });

  const dual = { ipFamilies: ['IPv4', 'IPv6'] };
  const room = (available: number, block: string, name: string, wanted: number): RegExp =>
    new RegExp(
      `^Pre-allocated IPs ${wanted} exceeds IPs available ${available} in Subnet Cidr ${block}, Subnet Name ${name}\\. If Autoscaler`,
    );
  const refusals: readonly [string, object, string | RegExp][] = [
    [
      'both families in a node subnet',
      { ...dual, networkPolicy: 'none' },
      /^Dual-stack networking is not supported for network plugin azure without/,
    ],
    ['both families without a plugin', { ...dual, networkPlugin: 'none', networkPolicy: 'none' }, /not supported for network plugin none$/],
    ['both families with engine calico', { ...dual, ...calico }, 'NetworkPolicy calico is not supported for dual-stack networking'],
    [
      'both families with engine azure',
      { ...dual, networkPluginMode: 'overlay' },
      'NetworkPolicy azure is not supported for dual-stack networking',
    ],
    ['IPv6 alone', { ...calico, ipFamilies: ['IPv6'] }, /^The value of parameter networkProfile\.ipFamilies is invalid/],
    ['a block for pods in a node subnet', { podCidr: '10.244.0.0/16' }, /^PodCidr is not supported for network plugin azure without/],
    ['two blocks for one family', { ...calico, podCidrs: ['10.244.0.0/16', '10.245.0.0/16'] }, 'Cidr is invalid'],
    ['a block of the wrong family', { ...calico, podCidr: 'fd00::/64' }, 'Cidr is invalid'],
    [
      'pods among the services',
      { ...calico, podCidr: '10.0.128.0/17' },
      'NetworkProfile CIDR 10.0.128.0/17 overlaps with service CIDR 10.0.0.0/16',
    ],
    [
      'pods among load balancers',
      { ...calico, podCidr: '198.51.0.0/16' },
      /overlaps with load balancers of Weir, CIDR 198\.51\.100\.0\/24$/,
    ],
    [
      'services in a reserved range',
      { serviceCidr: '172.31.0.0/16', dnsServiceIP: '172.31.0.10' },
      'NetworkProfile CIDR 172.31.0.0/16 overlaps with reserved range 172.31.0.0/16',
    ],
    [
      'too many services',
      { serviceCidr: '11.0.0.0/12', dnsServiceIP: '11.0.0.10' },
      'The service CIDR 11.0.0.0/12 must be smaller than /12',
    ],
    ['DNS at the first address', { dnsServiceIP: '10.0.0.1' }, /^The DNS service IP 10\.0\.0\.1 is the first address/],
  ];
  it.each(refusals)('are refused: %s', async (_name, network, message) => {
    const [status, answer] = await asked(network);
    expect(status).toBe(400);
    expect(answer).toEqual(typeof message === 'string' ? message : (expect.stringMatching(message) as string));
  });

  const pools: readonly [string, object, object, RegExp][] = [
    [
      'pods of an overlay',
      { ...calico, podCidr: '10.30.0.0/22' },
      { count: 5 },
      room(1_024, '10.30.0.0/22', 'networkProfile.podCIDR', 1_280),
    ],
    [
      'as many as the scaler may make',
      { ...calico, podCidr: '10.30.0.0/24' },
      { enableAutoScaling: true, minCount: 1, maxCount: 2 },
      room(256, '10.30.0.0/24', 'networkProfile.podCIDR', 512),
    ],
    [
      'pods of a node subnet',
      { networkPolicy: 'calico' },
      { enableAutoScaling: true, minCount: 1, maxCount: 300, maxPods: 250 },
      room(65_531, '10.224.0.0/16', 'aks-subnet', 75_300),
    ],
    [
      'more nodes than the lab has room for',
      { networkPolicy: 'calico' },
      { count: 251 },
      /^The cluster would have 251 nodes\. Weir's lab has room for 250/,
    ],
    [
      'a subnet of one’s own, of which there are none here',
      {},
      { vnetSubnetID: '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/n' },
      /^Could not find subnet n in vnet v from resource group g of subscription s\.$/,
    ],
    [
      'a subnet that is no subnet',
      {},
      { vnetSubnetID: '11.2.0.0/16' },
      /^The value of parameter agentPoolProfile\.vnetSubnetID is invalid\.$/,
    ],
  ];
  it.each(pools)('are refused when they are not enough: %s', async (_name, network, pool, message) => {
    count += 1;
    const path = `/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c${count}`;
    const { status, json } = await endpoint.ask('PUT', path, clusterBody({ network, pool }));
    expect([status, json['message']]).toEqual([400, expect.stringMatching(message) as string]);
    expect((await endpoint.ask('GET', path)).status).toBe(404);
  });
});
