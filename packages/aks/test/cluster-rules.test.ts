/** Which clusters are refused, and how: rows of the reference's validation tables. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ArmEndpoint } from './support/arm-endpoint.ts';
import { type BodyChanges, clusterBody, linuxPool, windowsPool } from './support/cluster-bodies.ts';

let endpoint: ArmEndpoint;
let count = 0;
let path = '';
beforeAll(async () => {
  endpoint = await ArmEndpoint.start();
  await endpoint.ask('PUT', '/resourceGroups/rg', { location: 'canadaeast' });
  await endpoint.ask('POST', '/providers/Microsoft.ContainerService/register');
});
afterAll(async () => {
  await endpoint.dispose();
  expect(endpoint.faults).toEqual([]);
});
beforeEach(() => {
  count += 1;
  path = `/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c${count}`;
});

interface Refusal {
  readonly code: string;
  readonly message?: string | RegExp;
  readonly subcode?: string;
  readonly target?: string;
}

async function expectRefused(body: object, { message, ...fields }: Refusal, status = 400): Promise<void> {
  const answer = await endpoint.ask('PUT', path, body);
  expect(answer.status, answer.text).toBe(status);
  expect(answer.json).toMatchObject(fields);
  if (typeof message === 'string') expect(answer.json['message']).toBe(message);
  else if (message !== undefined) expect(answer.json['message']).toMatch(message);
  expect(answer.headers['retry-after']).toBeUndefined();
  // Nothing is half created.
  expect((await endpoint.ask('GET', path)).status).toBe(404);
}

const windowsAt = (profile: string): object => ({ agentPoolProfiles: [linuxPool(), { name: profile, ...windowsPool() }] });
const windowsFeature =
  'Feature Microsoft.ContainerService/WindowsNetworkPolicyPreview is not enabled. Please see https://aka.ms/aks/previews for how to enable features.';

describe('a network is refused', () => {
  const rows: readonly [string, BodyChanges, Refusal][] = [
    [
      'with engine azure on kubenet',
      { network: { networkPlugin: 'kubenet' } },
      {
        code: 'NetworkPolicyAzureNotSupportedForKubenet',
        target: 'networkProfile.networkPolicy',
        message: 'NetworkPolicy azure is not supported for network plugin kubenet',
      },
    ],
    [
      'with engine cilium and data plane azure',
      { network: { networkPolicy: 'cilium' } },
      {
        code: 'NetworkPolicyNotSupported',
        subcode: 'NetworkPolicyCiliumRequiresCiliumDataplane',
        target: 'networkProfile.networkPolicy',
        message: 'Network Policy cilium requires NetworkDataplane cilium',
      },
    ],
    [
      'with data plane cilium and engine azure',
      { network: { networkDataplane: 'cilium' } },
      {
        code: 'BadRequest',
        subcode: 'CiliumDataplaneRequiresNetworkPolicyCilium',
        message: 'Cilium dataplane requires network policy cilium.',
      },
    ],
    [
      'with data plane cilium and no engine',
      { network: { networkDataplane: 'cilium', networkPolicy: 'none' } },
      { code: 'BadRequest', subcode: 'CiliumDataplaneRequiresNetworkPolicyCilium' },
    ],
    [
      'with data plane cilium on kubenet',
      { network: { networkPlugin: 'kubenet', networkDataplane: 'cilium', networkPolicy: 'cilium' } },
      { code: 'NetworkDataplaneNotSupported' },
    ],
    [
      'with an engine on plugin none',
      { network: { networkPlugin: 'none', networkPolicy: 'calico' } },
      { code: 'NetworkPolicyNotSupported', message: 'NetworkPolicy calico is not supported for network plugin none' },
    ],
    [
      'with an engine that is none',
      { network: { networkPolicy: 'bogus' } },
      { code: 'InvalidParameter', message: /'bogus'.*none, azure, calico, cilium/ },
    ],
    [
      'with an unknown plugin',
      { network: { networkPlugin: 'flannel' } },
      { code: 'InvalidParameter', target: 'networkProfile.networkPlugin' },
    ],
    [
      'with an unknown mode',
      { network: { networkPluginMode: 'underlay' } },
      { code: 'InvalidParameter', target: 'networkProfile.networkPluginMode' },
    ],
    [
      'with an overlay of kubenet',
      { network: { networkPlugin: 'kubenet', networkPolicy: 'calico', networkPluginMode: 'overlay' } },
      { code: 'NetworkPluginModeNotSupported' },
    ],
    [
      'of which the pods overlap the nodes',
      { network: { networkPluginMode: 'overlay', podCidr: '10.224.100.0/24' } },
      {
        code: 'NetworkProfileCIDROverlapVNET',
        target: 'networkProfile.podCIDR',
        message: 'NetworkProfile CIDR 10.224.100.0/24 overlaps with reserved VNET CIDR 10.224.0.0/16',
      },
    ],
    [
      'of which the pods overlap a reserved range',
      { network: { networkPluginMode: 'overlay', podCidr: '172.30.8.0/24' } },
      { code: 'PodCidrOverlapsReservedRange' },
    ],
    [
      'of which a block is no block',
      { network: { serviceCidr: '10.0.0.0/40' } },
      { code: 'CidrStringParseError', target: 'networkProfile.serviceCIDR', message: 'Cidr is invalid' },
    ],
    [
      'of which the services overlap the nodes',
      { network: { serviceCidr: '10.224.0.0/24', dnsServiceIP: '10.224.0.10' } },
      { code: 'ServiceCidrOverlapExistingSubnetsCidr' },
    ],
    ['of which DNS is outside the services', { network: { dnsServiceIP: '10.1.0.10' } }, { code: 'DnsServiceIpOutOfServiceCidr' }],
  ];
  it.each(rows)('%s', async (_name, changes, refusal) => {
    await expectRefused(clusterBody(changes), refusal);
  });
});

describe('node pools are refused', () => {
  const rows: readonly [string, BodyChanges, Refusal][] = [
    [
      'with a bad name',
      { pool: { name: 'Pool' } },
      { code: 'InvalidParameter', target: 'agentPoolProfile.name', message: 'The value of parameter agentPoolProfile.name is invalid.' },
    ],
    ['with a long name', { pool: { name: 'abcdefghijklm' } }, { code: 'InvalidParameter', target: 'agentPoolProfile.name' }],
    ['without one for the system', { pool: { mode: 'User' } }, { code: 'BadRequest', message: 'Must define at least one system pool.' }],
    ['with a mode in another case', { pool: { mode: 'system' } }, { code: 'InvalidParameter', target: 'agentPoolProfile.mode' }],
    ['with too many pods', { pool: { maxPods: 251 } }, { code: 'InvalidParameter', target: 'agentPoolProfile.maxPods' }],
    ['with too few pods', { pool: { maxPods: 9 } }, { code: 'InvalidParameter', target: 'agentPoolProfile.maxPods' }],
    ['with no nodes for the system', { pool: { count: 0 } }, { code: 'InvalidParameter', target: 'agentPoolProfile.count' }],
    ['with a system that there is not', { pool: { osSKU: 'Arch' } }, { code: 'InvalidParameter', target: 'agentPoolProfile.osSKU' }],
    [
      'with a scaler out of order',
      { pool: { enableAutoScaling: true, minCount: 3, maxCount: 2 } },
      { code: 'InvalidParameter', target: 'agentPoolProfile.minCount' },
    ],
    [
      'of more than 250 nodes with engine azure',
      { pool: { count: 251 } },
      { code: 'InvalidNodeCountForNPM', message: /251 nodes.*up to 250/ },
    ],
    [
      'that may grow to more than 250 nodes with engine azure',
      { pool: { enableAutoScaling: true, minCount: 1, maxCount: 251 } },
      { code: 'InvalidNodeCountForNPM' },
    ],
    [
      'with Windows on kubenet',
      { network: { networkPlugin: 'kubenet', networkPolicy: 'calico' }, properties: windowsAt('npwin') },
      { code: 'AzureCNIOnlyForWindows', message: 'Windows agent pools can only be added to AKS clusters using Azure-CNI.' },
    ],
    [
      'with Windows and data plane cilium',
      { network: { networkPolicy: 'cilium', networkDataplane: 'cilium' }, properties: windowsAt('npwin') },
      { code: 'NetworkPolicyNotSupported' },
    ],
    [
      'with a Windows name of 7 characters',
      { network: { networkPolicy: 'calico' }, properties: windowsAt('npwin12') },
      { code: 'WindowsAgentPoolNameTooLong', message: 'Windows agent pool name can not be longer than 6 characters.' },
    ],
    [
      'with Windows and engine azure without the feature',
      { properties: windowsAt('npwin') },
      { code: 'BadRequest', message: windowsFeature },
    ],
    [
      'with Windows and no profile',
      { network: { networkPlugin: '', networkPolicy: 'calico' }, properties: windowsAt('npwin') },
      { code: 'WindowsProfileMissing', message: 'Windows profile definition is missing for the cluster.' },
    ],
  ];
  it.each(rows)('%s', async (_name, changes, refusal) => {
    await expectRefused(clusterBody(changes), refusal);
  });
});

describe('a cluster is refused', () => {
  it.each([
    [
      'of a version that is not offered',
      { properties: { kubernetesVersion: '1.27.9' } },
      {
        code: 'BadRequest',
        subcode: 'K8sVersionNotSupported',
        message: /is on version 1\.27\.9 which is not supported in this region\. Please use \[az aks get-versions\]/,
      },
    ],
    ['in no region', { top: { location: 'moon' } }, { code: 'LocationNotAvailableForResourceType' }],
    ['without an identity', { top: { identity: undefined } }, { code: 'ServicePrincipalNotFound' }],
    [
      'with two identities of the user',
      { top: { identity: { type: 'UserAssigned', userAssignedIdentities: { a: {}, b: {} } } } },
      { code: 'InvalidUserAssignedIdentity' },
    ],
  ] satisfies [string, BodyChanges, Refusal][])('%s', async (_name, changes, refusal) => {
    await expectRefused(clusterBody(changes), refusal);
  });

  it('in a group that there is not', async () => {
    const answer = await endpoint.ask('PUT', '/resourceGroups/none/providers/Microsoft.ContainerService/managedClusters/c', clusterBody());
    expect([answer.status, answer.json]).toEqual([
      404,
      { error: { code: 'ResourceGroupNotFound', message: "Resource group 'none' could not be found." } },
    ]);
  });

  it('while the provider is not registered, in the way that makes clients register it', async () => {
    await endpoint.ask('POST', '/providers/Microsoft.ContainerService/unregister');
    const answer = await endpoint.ask('PUT', path, clusterBody());
    expect(answer.status).toBe(409);
    expect(answer.json).toMatchObject({
      error: { code: 'MissingSubscriptionRegistration', message: expect.stringContaining("'Microsoft.ContainerService'") as string },
    });
    expect((await endpoint.ask('POST', '/providers/Microsoft.ContainerService/register')).json).toMatchObject({
      registrationState: 'Registered',
    });
  });
});

describe('the feature for Windows', () => {
  it('is needed with engine azure, and counts once the provider is registered after it', async () => {
    const feature = '/providers/Microsoft.Features/providers/Microsoft.ContainerService/features/WindowsNetworkPolicyPreview';
    const state = async (): Promise<unknown> => (await endpoint.ask('GET', feature)).json['properties'];
    expect(await state()).toEqual({ state: 'NotRegistered' });
    expect((await endpoint.ask('POST', `${feature}/register`)).json).toMatchObject({ properties: { state: 'Registering' } });
    await expect.poll(state, { timeout: 20_000, interval: 50 }).toEqual({ state: 'Registered' });
    await expectRefused(clusterBody({ properties: windowsAt('npwin') }), { code: 'BadRequest', message: windowsFeature });
    await endpoint.ask('POST', '/providers/Microsoft.ContainerService/register');
    expect((await endpoint.ask('PUT', path, clusterBody({ properties: windowsAt('npwin') }))).status).toBe(201);
  });
});
