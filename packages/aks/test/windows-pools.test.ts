/** Windows node pools: their administrator, their systems, and what the engine of the cluster has to do with them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nodesOf } from '../src/lab/pool-nodes.ts';
import { type ArmAnswer, ArmEndpoint } from './support/arm-endpoint.ts';
import { type BodyChanges, clusterBody, linuxPool, windowsPool } from './support/cluster-bodies.ts';

const feature = '/providers/Microsoft.Features/providers/Microsoft.ContainerService/features/WindowsNetworkPolicyPreview';
const provider = '/providers/Microsoft.ContainerService';
const good = 'Str0ng-password-here';

let endpoint: ArmEndpoint;
let count = 0;
let path = '';
beforeAll(async () => {
  endpoint = await ArmEndpoint.start();
  await endpoint.ask('PUT', '/resourceGroups/rg', { location: 'canadaeast' });
  await endpoint.ask('POST', `${provider}/register`);
});
afterAll(async () => {
  await endpoint.dispose();
  expect(endpoint.faults).toEqual([]);
});
beforeEach(() => {
  count += 1;
  path = `/resourceGroups/rg${provider}/managedClusters/c${count}`;
});

/** Makes the feature count, or not count any more. */
async function setFeature(verb: 'register' | 'unregister', wanted: string): Promise<void> {
  await endpoint.ask('POST', `${feature}/${verb}`);
  const state = async (): Promise<unknown> => (await endpoint.ask('GET', feature)).json['properties'];
  await expect.poll(state, { timeout: 20_000, interval: 50 }).toEqual({ state: wanted });
  await endpoint.ask('POST', `${provider}/register`);
}

const properties = (answer: ArmAnswer): Record<string, unknown> => answer.json['properties'] as Record<string, unknown>;
const put = (changes: BodyChanges): Promise<ArmAnswer> => endpoint.ask('PUT', path, clusterBody(changes));
const putPool = (name: string, changes: object): Promise<ArmAnswer> =>
  endpoint.ask('PUT', `${path}/agentPools/${name}`, { properties: windowsPool(changes) });

async function created(changes: BodyChanges = {}): Promise<void> {
  const answer = await put(changes);
  expect(answer.status, answer.text).toBe(201);
  await endpoint.finished(answer);
}

async function added(name: string, changes: object = {}): Promise<ArmAnswer> {
  const answer = await putPool(name, changes);
  expect(answer.status, answer.text).toBe(201);
  await endpoint.finished(answer);
  return answer;
}

/** What az does to change the engine: reads everything, changes it, sends everything back. */
async function changeEngine(network: object): Promise<ArmAnswer> {
  const { json } = await endpoint.ask('GET', path);
  const { networkProfile, ...rest } = json['properties'] as { networkProfile: object };
  return endpoint.ask('PUT', path, { ...json, properties: { ...rest, networkProfile: { ...networkProfile, ...network } } });
}

describe('the administrator of Windows nodes', () => {
  const withProfile = (windowsProfile: object): BodyChanges => ({ properties: { windowsProfile } });
  const documentation =
    'Please see https://docs.microsoft.com/en-us/rest/api/compute/virtualmachinescalesets/createorupdate#virtualmachinescalesetosprofile';
  const tooShortOrLong = `Invalid adminPassword. Error: Length of password is invalid. Required length: [14, 123]. Minimum password length required by AKS for AzSecPack is longer. ${documentation}`;

  const forbiddenNames = `administrator admin user user1 test user2 test1 user3 admin1 1 123 a actuser adm admin2 aspnet backup console
    david guest john owner root server sql support support_388945a0 sys test2 test3 user4 user5 Administrator ROOT`.split(/\s+/);
  it.each(forbiddenNames)('has not the name %s', async (adminUsername) => {
    const answer = await put(withProfile({ adminUsername, adminPassword: good }));
    expect([answer.status, answer.json]).toMatchObject([400, { code: 'InvalidParameter', target: 'windowsProfile.adminUsername' }]);
    expect(answer.json['message']).toBe(`Invalid adminUsername. Error: The username is not allowed. ${documentation}`);
  });

  it.each([
    ['ends.', /ends with a period/],
    ['a'.repeat(21), /longer than 20 characters/],
    ...Array.from('\\/"[]:|<>+=;,?*@& ', (character) => [`my${character}name`, /characters that are not allowed/] as const),
  ] as const)('has not the name %j', async (adminUsername, message) => {
    const answer = await put(withProfile({ adminUsername, adminPassword: good }));
    expect([answer.status, answer.json['code'], answer.json['message']]).toEqual([
      400,
      'InvalidParameter',
      expect.stringMatching(message) as string,
    ]);
    expect((await endpoint.ask('GET', path)).status).toBe(404);
  });

  it.each([
    'abc@123',
    'P@$$w0rd',
    'P@ssw0rd',
    'P@ssword123',
    'Pa$$word',
    'pass@word1',
    'Password!',
    'Password1',
    'Password22',
    'iloveyou!',
    'Short1!',
    'Thirteen-1234',
    `Aa1${'x'.repeat(121)}`,
    '',
    7,
  ])('has not the password %j, for its length', async (adminPassword) => {
    const answer = await put(withProfile({ adminUsername: 'azureuser', adminPassword }));
    expect([answer.status, answer.json]).toMatchObject([
      400,
      { code: 'WindowsProfilePasswordInvalid', target: 'windowsProfile.adminPassword', message: tooShortOrLong },
    ]);
    expect((await endpoint.ask('GET', path)).status).toBe(404);
  });

  it.each(['alllowercaseletters', 'ALLUPPERCASELETTERS', '12345678901234', 'lowerandUPPERonly', 'lower-and-special', '1234-5678-9012'])(
    'has not the password %s, which has too few kinds of characters',
    async (adminPassword) => {
      const answer = await put(withProfile({ adminUsername: 'azureuser', adminPassword }));
      expect([answer.status, answer.json['code'], answer.json['message']]).toEqual([
        400,
        'WindowsProfilePasswordInvalid',
        expect.stringMatching(/must have 3 of the following/) as string,
      ]);
    },
  );

  it.each([
    ['a'.repeat(20), good],
    ['b', 'Fourteen-12345'],
    ['myWindowsUserName', `Aa1${'x'.repeat(120)}`],
    ['azureuser', 'lower-and-123456'],
  ])('may be %s with a password that keeps to the rules, which no answer and no file has', async (adminUsername, adminPassword) => {
    const answer = await put(withProfile({ adminUsername, adminPassword }));
    expect([answer.status, properties(answer)['windowsProfile']]).toEqual([201, { adminUsername, enableCSIProxy: true }]);
    const shown = await endpoint.ask('GET', path);
    const files = readdirSync(endpoint.directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const kept = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'));
    expect(kept.join('')).toContain(adminUsername);
    expect([answer.text, shown.text, ...kept].join('')).not.toContain(adminPassword);
  });

  it('keeps the name for ever, and gets other passwords that keep to the rules', async () => {
    await created(withProfile({ adminUsername: 'first', adminPassword: good }));
    const renamed = await put(withProfile({ adminUsername: 'second', adminPassword: good }));
    expect([renamed.status, renamed.json]).toMatchObject([
      400,
      {
        code: 'PropertyChangeNotAllowed',
        target: 'windowsProfile.adminUsername',
        message: "Changing property 'windowsProfile.adminUsername' is not allowed.",
      },
    ]);
    const weak = await put(withProfile({ adminUsername: 'first', adminPassword: 'Short1!' }));
    expect([weak.status, weak.json['code']]).toEqual([400, 'WindowsProfilePasswordInvalid']);
    const changed = await put(withProfile({ adminPassword: 'An0ther-password', licenseType: 'Windows_Server' }));
    expect([changed.status, properties(changed)['windowsProfile']]).toEqual([
      200,
      { adminUsername: 'first', enableCSIProxy: true, licenseType: 'Windows_Server' },
    ]);
  });

  it('brings a licence that there is', async () => {
    const answer = await put(withProfile({ adminUsername: 'first', adminPassword: good, licenseType: 'Linux' }));
    expect([answer.status, answer.json['target']]).toEqual([400, 'windowsProfile.licenseType']);
  });
});

describe('a Windows pool', () => {
  const refusedAt = 'agentPoolProfile.osSKU';
  const wishes = (network: object, osSKU: string, kubernetesVersion: string): BodyChanges => ({
    network,
    properties: { kubernetesVersion, agentPoolProfiles: [linuxPool(), { name: 'npwin', ...windowsPool({ osSKU }) }] },
  });

  describe.each([true, false])('of a new cluster (%s) or added to one', (isNew) => {
    const systems: readonly (readonly [engine: string, sku: string, version: string, message: string | undefined])[] = [
      ['calico', 'Windows2019', '1.32', undefined],
      ['calico', 'Windows2019', '1.33', 'OS SKU Windows2019 is available with Kubernetes below 1.33 only; the agent pool runs 1.33.9.'],
      ['none', 'Windows2019', '1.32', 'OS SKU Windows2019 is available with network policy calico only.'],
      ['azure', 'Windows2019', '1.32', 'NetworkPolicy azure is supported on Windows Server 2022 only, not on Windows2019'],
      ['azure', 'Windows2022', '1.34', undefined],
      ['azure', 'Windows2025', '1.34', 'NetworkPolicy azure is supported on Windows Server 2022 only, not on Windows2025'],
      ['azure', '', '1.37', 'NetworkPolicy azure is supported on Windows Server 2022 only, not on Windows2025'],
      ['calico', 'Windows2022', '1.36', undefined],
      ['calico', 'Windows2022', '1.37', 'OS SKU Windows2022 is available with Kubernetes below 1.37 only; the agent pool runs 1.37.0.'],
      ['calico', 'Windows2025', '1.34', undefined],
      ['none', 'Windows2022', '1.34', undefined],
      ['none', 'Windows2025', '1.37', undefined],
    ];
    it.each(systems)('with engine %s may run %s at %s: %s', async (networkPolicy, osSKU, version, message) => {
      await setFeature('register', 'Registered');
      let answer: ArmAnswer;
      if (isNew) answer = await put(wishes({ networkPolicy }, osSKU, version));
      else {
        await created({ network: { networkPolicy }, properties: { kubernetesVersion: version } });
        answer = await putPool('npwin', { osSKU });
      }
      if (message === undefined) expect(answer.status, answer.text).toBe(201);
      else expect([answer.status, answer.json]).toMatchObject([400, { message, target: refusedAt }]);
    });
  });

  it.each([
    ['1.34', 'Windows2022', '20348'],
    ['1.36', 'Windows2022', '20348'],
    ['1.37', 'Windows2025', '26100'],
  ])('of Kubernetes %s that names no system runs %s', async (kubernetesVersion, osSKU, build) => {
    await created({ network: { networkPolicy: 'calico' }, properties: { kubernetesVersion } });
    expect(properties(await added('npwin'))).toMatchObject({
      osSKU,
      nodeImageVersion: expect.stringContaining(`-${build}.`) as string,
    });
  });

  it.each([
    [{}, 'npwin12', {}, 'WindowsAgentPoolNameTooLong', 'Windows agent pool name can not be longer than 6 characters.'],
    [{}, 'npwin', { mode: 'System' }, 'InvalidParameter', 'Windows agent pools can not have mode System.'],
    [
      { networkPlugin: 'kubenet' },
      'npwin',
      {},
      'AzureCNIOnlyForWindows',
      'Windows agent pools can only be added to AKS clusters using Azure-CNI.',
    ],
    [
      { networkPlugin: 'none', networkPolicy: 'none' },
      'npwin',
      {},
      'AzureCNIOnlyForWindows',
      'Windows agent pools can only be added to AKS clusters using Azure-CNI.',
    ],
    [{ networkPlugin: '' }, 'npwin', {}, 'WindowsProfileMissing', 'Windows profile definition is missing for the cluster.'],
    [
      { networkPolicy: 'cilium', networkDataplane: 'cilium' },
      'npwin',
      {},
      'NetworkPolicyNotSupported',
      'NetworkDataplane cilium is not supported for clusters with Windows agent pools',
    ],
    [
      {},
      'npwin',
      { osSKU: 'Ubuntu' },
      'InvalidParameter',
      /osSKU is invalid: 'Ubuntu'. Allowed values: Windows2019, Windows2022, Windows2025/,
    ],
    [{}, 'nplin', { osType: 'Linux', osSKU: 'Windows2022' }, 'InvalidParameter', /osSKU is invalid: 'Windows2022'. Allowed values: Ubuntu/],
  ] as const)('in a cluster with %j is not added as %s with %j: %s', async (network, name, changes, code, message) => {
    await created({ network: { networkPolicy: 'calico', ...network } });
    const answer = await putPool(name, changes);
    expect([answer.status, answer.json['code']], answer.text).toEqual([400, code]);
    expect(answer.json['message']).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
    expect(answer.headers['retry-after']).toBeUndefined();
    expect((await endpoint.ask('GET', `${path}/agentPools/${name}`)).status).toBe(404);
  });

  it('with six characters in its name is added, and keeps its system', async () => {
    await created({ network: { networkPolicy: 'calico' } });
    await added('npwin1');
    const answer = await putPool('npwin1', { osSKU: 'Windows2025' });
    expect([answer.status, answer.json]).toMatchObject([
      400,
      { code: 'PropertyChangeNotAllowed', target: 'properties.osSKU', message: "Changing property 'properties.osSKU' is not allowed." },
    ]);
  });
});

describe('the nodes of a Windows pool', () => {
  it.each([
    ['Windows2019', 'Windows Server 2019 Datacenter', '10.0.17763'],
    ['Windows2022', 'Windows Server 2022 Datacenter', '10.0.20348'],
    ['Windows2025', 'Windows Server 2025 Datacenter', '10.0.26100'],
  ])('of %s have the names of AKS, say %s with a kernel of %s, and have the taints of the pool alone', async (osSKU, osImage, build) => {
    await created({ network: { networkPolicy: 'calico' }, properties: { kubernetesVersion: '1.32' } });
    await added('npwin', { osSKU, count: 37, nodeLabels: { team: 'a' } });
    await added('tai', { osSKU, nodeTaints: ['os=windows:NoSchedule'] });
    const cluster = endpoint.arm.state.clusters.list().find(({ name }) => path.endsWith(`/${name}`));
    const nodes = cluster === undefined ? [] : nodesOf(cluster).filter(({ system }) => system === 'windows');
    expect(nodes.map(({ name }) => name)).toEqual([
      ...Array.from({ length: 37 }, (_, index) => `aksnpwin${index.toString(36).padStart(6, '0')}`),
      'akstai000000',
    ]);
    expect(nodes[36]).toMatchObject({
      name: 'aksnpwin000010',
      identity: {
        kubeletVersion: 'v1.32.11',
        labels: { agentpool: 'npwin', 'kubernetes.azure.com/mode': 'user', 'kubernetes.azure.com/os-sku': osSKU, team: 'a' },
        taints: [],
        windows: { osImage, kernelVersion: expect.stringMatching(new RegExp(`^${build.replaceAll('.', '\\.')}\\.\\d+$`)) as string },
      },
    });
    expect(nodes[37]?.identity?.taints).toEqual([{ key: 'os', value: 'windows', effect: 'NoSchedule' }]);
  });
});

describe('with engine azure the feature', () => {
  const message =
    'Feature Microsoft.ContainerService/WindowsNetworkPolicyPreview is not enabled. Please see https://aka.ms/aks/previews for how to enable features.';

  it('is needed to add a Windows pool, and for the engine in a cluster that has one', async () => {
    await setFeature('unregister', 'Unregistered');
    await created();
    const pool = await putPool('npwin', {});
    expect([pool.status, pool.json['message']]).toEqual([400, message]);
    count += 1;
    path = `/resourceGroups/rg${provider}/managedClusters/c${count}`;
    await created({ network: { networkPolicy: 'none' } });
    await added('npwin');
    const change = await changeEngine({ networkPolicy: 'azure' });
    expect([change.status, change.json['message']]).toEqual([400, message]);
    expect(properties(await endpoint.ask('GET', path))).toMatchObject({ networkProfile: { networkPolicy: 'none' } });
    await setFeature('register', 'Registered');
    expect((await changeEngine({ networkPolicy: 'azure' })).status).toBe(200);
  });
});

describe('a cluster with Windows Server 2019', () => {
  it('keeps calico, since no other engine has it', async () => {
    await created({ network: { networkPolicy: 'calico' }, properties: { kubernetesVersion: '1.32' } });
    await added('npwin', { osSKU: 'Windows2019' });
    const answer = await changeEngine({ networkPolicy: 'none' });
    expect([answer.status, answer.json['message']]).toEqual([400, 'OS SKU Windows2019 is available with network policy calico only.']);
  });

  it('never gets the data plane cilium', async () => {
    await created({ network: { networkPolicy: 'calico' }, properties: { kubernetesVersion: '1.32' } });
    await added('npwin', { osSKU: 'Windows2019' });
    const answer = await changeEngine({ networkPolicy: 'cilium', networkDataplane: 'cilium' });
    expect([answer.status, answer.json['code']]).toEqual([400, 'NetworkPolicyNotSupported']);
  });
});
