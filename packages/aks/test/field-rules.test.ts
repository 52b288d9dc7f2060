/** Fields of clusters and pools that AKS refuses, and that would otherwise be kept as they came. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArmEndpoint } from './support/arm-endpoint.ts';
import { type BodyChanges, clusterBody } from './support/cluster-bodies.ts';
import { ClusterScene } from './support/cluster-scene.ts';

let endpoint: ArmEndpoint;
let scene: ClusterScene;
beforeAll(async () => {
  endpoint = await ArmEndpoint.start();
  scene = await ClusterScene.open(endpoint);
  await scene.create();
});
afterAll(async () => {
  await endpoint.dispose();
  expect(endpoint.faults).toEqual([]);
});

const rows: readonly (readonly [properties: object, target: string, message: RegExp])[] = [
  [{ count: '3' }, 'count', /it is of type string, not of type number/],
  [{ maxPods: '30' }, 'maxPods', /not of type number/],
  [{ enableAutoScaling: 'true' }, 'enableAutoScaling', /not of type boolean/],
  [{ vmSize: 7 }, 'vmSize', /it is of type number, not of type string/],
  [{ nodeLabels: ['a=b'] }, 'nodeLabels', /not of type object/],
  [{ nodeTaints: 'a=b:NoSchedule' }, 'nodeTaints', /not of type array/],
  [{ vmSize: 'nope' }, 'vmSize', /'nope'\. A size has the form Standard_DS2_v2/],
  [{ osDiskSizeGB: 5 }, 'osDiskSizeGB', /between 30 and 2048/],
  [{ osDiskSizeGB: -1 }, 'osDiskSizeGB', /between 30 and 2048/],
  [{ osDiskSizeGB: 128.5 }, 'osDiskSizeGB', /between 30 and 2048/],
  [{ osDiskType: 'Floppy' }, 'osDiskType', /Allowed values: Managed, Ephemeral/],
  [{ scaleDownMode: 'Burn' }, 'scaleDownMode', /Allowed values: Delete, Deallocate/],
  [{ scaleSetPriority: 'High' }, 'scaleSetPriority', /Allowed values: Regular, Spot/],
  [{ availabilityZones: ['1', '9'] }, 'availabilityZones', /'9'\. Allowed values: 1, 2, 3/],
  [{ scaleSetPriority: 'Spot', spotMaxPrice: -2 }, 'spotMaxPrice', /-1 for no limit/],
  [{ upgradeSettings: { maxSurge: 'foo' } }, 'upgradeSettings.maxSurge', /'foo'\. It is a number of nodes or a share from 1% to 100%/],
  [{ upgradeSettings: { maxSurge: '150%' } }, 'upgradeSettings.maxSurge', /a share from 1% to 100%/],
  [{ upgradeSettings: { maxSurge: '0%' } }, 'upgradeSettings.maxSurge', /a share from 1% to 100%/],
  [{ upgradeSettings: { maxSurge: '0' } }, 'upgradeSettings.maxSurge', /are not both 0/],
  [{ upgradeSettings: { maxSurge: '-1' } }, 'upgradeSettings.maxSurge', /a number of nodes/],
  [{ upgradeSettings: { maxSurge: 2 } }, 'upgradeSettings.maxSurge', /as a text/],
  [{ upgradeSettings: { maxSurge: '1', maxUnavailable: '101%' } }, 'upgradeSettings.maxUnavailable', /a share/],
  [{ upgradeSettings: { drainTimeoutInMinutes: 0 } }, 'upgradeSettings.drainTimeoutInMinutes', /between 1 and 1440/],
  [{ upgradeSettings: { nodeSoakDurationInMinutes: 31 } }, 'upgradeSettings.nodeSoakDurationInMinutes', /between 0 and 30/],
];

describe('a node pool is refused with', () => {
  it.each(rows)('%j', async (properties, target, message) => {
    const refused = { code: 'InvalidParameter', target: `agentPoolProfile.${target}`, message: expect.stringMatching(message) as string };
    const added = await scene.ask('PUT', '/agentPools/second', { properties: { mode: 'User', count: 1, ...properties } });
    expect([added.status, added.json]).toEqual([400, expect.objectContaining(refused)]);
    expect((await scene.ask('GET', '/agentPools/second')).status).toBe(404);
    const path = `${scene.group}/providers/Microsoft.ContainerService/managedClusters/other`;
    const created = await endpoint.ask('PUT', path, clusterBody({ pool: properties }));
    expect([created.status, created.json]).toEqual([400, expect.objectContaining(refused)]);
    expect((await endpoint.ask('GET', path)).status).toBe(404);
  });

  it('tags that no resource may have', async () => {
    const answer = await scene.ask('PUT', '/agentPools/second', { properties: { mode: 'User', count: 1, tags: { 'a<b': 'c' } } });
    expect([answer.status, answer.json['error']]).toEqual([400, expect.objectContaining({ code: 'InvalidTagNameCharacters' })]);
  });
});

const clusterRows: readonly (readonly [changes: BodyChanges, target: string, message: RegExp])[] = [
  [{ properties: { kubernetesVersion: 1.34 } }, 'kubernetesVersion', /it is of type number, not of type string/],
  [{ properties: { agentPoolProfiles: 'x' } }, 'agentPoolProfiles', /it is of type string, not of type array/],
  [{ properties: { agentPoolProfiles: [null] } }, 'agentPoolProfiles', /it is of type null, not of type object/],
  [{ properties: { networkProfile: 'azure' } }, 'networkProfile', /not of type object/],
  [{ properties: { oidcIssuerProfile: { enabled: 'yes' } } }, 'oidcIssuerProfile.enabled', /not of type boolean/],
  [{ properties: { disableLocalAccounts: 'true' } }, 'disableLocalAccounts', /not of type boolean/],
  [{ network: { networkPolicy: 7 } }, 'networkProfile.networkPolicy', /it is of type number, not of type string/],
  [{ network: { podCidrs: '10.0.0.0/8' } }, 'networkProfile.podCidrs', /not of type array/],
  [{ top: { location: 7 } }, 'location', /it is of type number, not of type string/],
  [{ top: { identity: 'SystemAssigned' } }, 'identity', /not of type object/],
  [{ properties: { dnsPrefix: 'a b' } }, 'dnsPrefix', /'a b'\. It has 1 to 54 letters/],
  [{ properties: { dnsPrefix: `a${'b'.repeat(54)}` } }, 'dnsPrefix', /1 to 54/],
  [{ properties: { nodeResourceGroup: 'a/b' } }, 'nodeResourceGroup', /at most 80/],
  [{ properties: { linuxProfile: { adminUsername: '1a' } } }, 'linuxProfile.adminUsername', /begins with a letter/],
  [{ properties: { linuxProfile: { ssh: { publicKeys: [{ keyData: 'nonsense' }] } } } }, 'linuxProfile.ssh.publicKeys.keyData', /OpenSSH/],
  [{ properties: { autoUpgradeProfile: { upgradeChannel: 'foo' } } }, 'autoUpgradeProfile.upgradeChannel', /Allowed values: rapid/],
  [
    { properties: { autoUpgradeProfile: { nodeOSUpgradeChannel: 'x' } } },
    'autoUpgradeProfile.nodeOSUpgradeChannel',
    /Allowed values: None/,
  ],
  [
    { properties: { apiServerAccessProfile: { authorizedIPRanges: ['1.2.3.4', 'nope'] } } },
    'apiServerAccessProfile.authorizedIPRanges',
    /'nope'\. It is an IPv4 address/,
  ],
  [{ top: { sku: { name: 'Base', tier: 'Golden' } } }, 'sku.tier', /Allowed values: Free/],
  [{ top: { sku: { name: 'Acid' } } }, 'sku.name', /Allowed values: Base/],
];

describe('a cluster is refused with', () => {
  it.each(clusterRows)('%j', async (changes, target, message) => {
    const path = `${scene.group}/providers/Microsoft.ContainerService/managedClusters/other`;
    const { status, json } = await endpoint.ask('PUT', path, clusterBody(changes));
    expect([status, json]).toEqual([
      400,
      expect.objectContaining({ code: 'InvalidParameter', target, message: expect.stringMatching(message) as string }),
    ]);
    expect((await endpoint.ask('GET', path)).status).toBe(404);
  });

  it.each([
    { windowsProfile: 'p4ssw0rd-of-nobody' },
    { windowsProfile: { adminUsername: ['p4ssw0rd-of-nobody'] } },
    { windowsProfile: { adminPassword: ['p4ssw0rd-of-nobody'] } },
    { servicePrincipalProfile: ['p4ssw0rd-of-nobody'] },
    { linuxProfile: { ssh: { publicKeys: [{ keyData: 'p4ssw0rd-of-nobody' }] } } },
  ])('what may be a secret in the wrong place, which the refusal does not show: %j', async (properties) => {
    const path = `${scene.group}/providers/Microsoft.ContainerService/managedClusters/other`;
    const { status, text } = await endpoint.ask('PUT', path, clusterBody({ properties }));
    expect(status).toBe(400);
    expect(text).not.toContain('p4ssw0rd');
  });
});
