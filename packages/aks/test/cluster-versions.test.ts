/** Which versions of Kubernetes a cluster and its pools go to. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ArmEndpoint } from './support/arm-endpoint.ts';
import { ClusterScene } from './support/cluster-scene.ts';

let endpoint: ArmEndpoint;
let scene: ClusterScene;
beforeAll(async () => {
  endpoint = await ArmEndpoint.start();
});
beforeEach(async () => {
  scene = await ClusterScene.open(endpoint);
});
afterAll(async () => {
  await endpoint.dispose();
  expect(endpoint.faults).toEqual([]);
});

const at = (kubernetesVersion: string): object => ({ properties: { kubernetesVersion } });
/** What `az aks upgrade` sends: the version for the control plane and, unless only that is meant, for every pool. */
async function upgrade(kubernetesVersion: string, isControlPlaneOnly = false): ReturnType<ClusterScene['update']> {
  const { agentPoolProfiles } = (await scene.properties()) as { agentPoolProfiles: object[] };
  const pools = agentPoolProfiles.map((pool) => (isControlPlaneOnly ? pool : { ...pool, orchestratorVersion: kubernetesVersion }));
  return scene.update({ kubernetesVersion, agentPoolProfiles: pools, servicePrincipalProfile: null });
}

describe('an upgrade', () => {
  it('takes the control plane and all pools to the next minor version', async () => {
    await scene.create(at('1.34.3'));
    await scene.done(scene.ask('PUT', '/agentPools/second', { properties: { count: 1 } }));
    const answer = await upgrade('1.35.2');
    expect(answer.json).toMatchObject({ properties: { provisioningState: 'Upgrading', currentKubernetesVersion: '1.35.2' } });
    expect(await scene.ended(answer)).toBe('Succeeded');
    expect(await scene.properties()).toMatchObject({
      provisioningState: 'Succeeded',
      kubernetesVersion: '1.35.2',
      agentPoolProfiles: [{ currentOrchestratorVersion: '1.35.2' }, { currentOrchestratorVersion: '1.35.2' }],
    });
  });

  it('of the control plane alone leaves the pools, which follow one by one', async () => {
    await scene.create(at('1.34.3'));
    await scene.done(upgrade('1.35', true));
    expect(await scene.pool('nodepool1')).toMatchObject({ currentOrchestratorVersion: '1.34.3' });
    const { json } = await scene.ask('GET', '/agentPools/nodepool1/upgradeProfiles/default');
    expect(json['properties']).toMatchObject({
      kubernetesVersion: '1.34.3',
      osType: 'Linux',
      upgrades: [{ kubernetesVersion: '1.34.4' }, { kubernetesVersion: '1.35.1' }, { kubernetesVersion: '1.35.2' }],
    });
    const answer = await scene.ask('PUT', '/agentPools/nodepool1', { properties: { mode: 'System', orchestratorVersion: '1.35.2' } });
    expect(answer.json).toMatchObject({ properties: { provisioningState: 'Upgrading', currentOrchestratorVersion: '1.35.2' } });
    expect(await scene.ended(answer)).toBe('Succeeded');
    expect(await scene.pool('nodepool1')).toMatchObject({ provisioningState: 'Succeeded', currentOrchestratorVersion: '1.35.2' });
  });

  it('to a minor version takes its newest patch, and asking for it again does nothing', async () => {
    await scene.create(at('1.34.3'));
    await scene.done(upgrade('1.34'));
    expect(await scene.properties()).toMatchObject({ currentKubernetesVersion: '1.34.4' });
    expect((await upgrade('1.34')).json).toMatchObject({ properties: { provisioningState: 'Updating' } });
  });

  const refused: readonly (readonly [from: string, to: string, message: string | RegExp])[] = [
    [
      '1.34.4',
      '1.36.0',
      'Upgrading Kubernetes version 1.34.4 to 1.36.0 is not allowed. Available upgrades: [1.35.2 1.35.1]. Please see https://aka.ms/aks-supported-k8s-ver for version details.',
    ],
    ['1.34.4', '1.33.9', /^Upgrading Kubernetes version 1\.34\.4 to 1\.33\.9 is not allowed/],
    ['1.34.4', '1.34.3', /^Upgrading Kubernetes version 1\.34\.4 to 1\.34\.3 is not allowed/],
    ['1.34.4', '1.99', /is on version 1\.99 which is not supported in this region/],
    ['1.34.4', 'newest', /is on version newest which is not supported in this region/],
  ];
  it.each(refused)('from %s to %s is refused, and nothing is changed', async (from, to, message) => {
    await scene.create(at(from));
    const before = await scene.ask('GET', '');
    const answer = await upgrade(to);
    expect([answer.status, answer.json['message']]).toEqual([
      400,
      typeof message === 'string' ? message : (expect.stringMatching(message) as string),
    ]);
    expect((await scene.ask('GET', '')).json).toEqual(before.json);
  });

  it('that leaves a pool more than three minor versions behind is refused', async () => {
    await scene.create(at('1.30.14'));
    for (const version of ['1.31.13', '1.32.11', '1.33.9']) await scene.done(upgrade(version, true));
    const answer = await upgrade('1.34.4', true);
    expect([answer.status, answer.json['code']]).toEqual([400, 'NodePoolMcVersionIncompatible']);
  });

  it('of a pool to before what it runs is refused', async () => {
    await scene.create(at('1.35.2'));
    const answer = await scene.ask('PUT', '/agentPools/nodepool1', { properties: { mode: 'System', orchestratorVersion: '1.34.4' } });
    expect([answer.status, answer.json['code']]).toEqual([400, 'OperationNotAllowed']);
  });
});

describe('the versions', () => {
  it('that a cluster may go to are told for the control plane and each pool', async () => {
    await scene.create(at('1.36.0'));
    const { json } = await scene.ask('GET', '/upgradeProfiles/default');
    const upgrades = [{ kubernetesVersion: '1.36.1' }, { kubernetesVersion: '1.37.0', isPreview: true }];
    expect(json['properties']).toMatchObject({
      controlPlaneProfile: { kubernetesVersion: '1.36.0', osType: 'Linux', upgrades },
      agentPoolProfiles: [{ name: 'nodepool1', kubernetesVersion: '1.36.0', upgrades }],
    });
  });

  it('that a new pool may have end with that of the control plane', async () => {
    await scene.create(at('1.31.12'));
    const { json } = await scene.ask('GET', '/availableAgentPoolVersions');
    expect(json['properties']).toEqual({
      agentPoolVersions: [
        { kubernetesVersion: '1.30.13', default: false },
        { kubernetesVersion: '1.30.14', default: false },
        { kubernetesVersion: '1.31.12', default: true },
      ],
    });
  });

  it('of a region have one default and patches with where they lead', async () => {
    const { json } = await endpoint.ask('GET', '/providers/Microsoft.ContainerService/locations/canadaeast/kubernetesVersions');
    const values = json['values'] as { version: string; isDefault?: boolean; patchVersions: Record<string, unknown> }[];
    expect(values.filter(({ isDefault }) => isDefault)).toMatchObject([
      { version: '1.34', patchVersions: { '1.34.4': { upgrades: ['1.35.1', '1.35.2'] } } },
    ]);
  });

  it('are told to az 2.45, too, which asks as in 2019', async () => {
    const path = '/providers/Microsoft.ContainerService/locations/canadaeast/orchestrators?resource-type=managedClusters';
    const { json } = await endpoint.ask('GET', path, undefined, '2019-04-01');
    const { orchestrators } = json['properties'] as { orchestrators: { orchestratorVersion: string; default?: boolean }[] };
    expect(orchestrators.filter((each) => each.default).map(({ orchestratorVersion }) => orchestratorVersion)).toEqual(['1.34.4']);
  });
});
