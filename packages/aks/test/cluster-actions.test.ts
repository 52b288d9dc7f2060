/** What is asked of a cluster beside changes of its description. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ArmEndpoint } from './support/arm-endpoint.ts';
import { clusterBody } from './support/cluster-bodies.ts';
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

describe('a cluster', () => {
  it.each([
    ['rotateClusterCertificates', 'certificates'],
    ['rotateServiceAccountSigningKeys', 'keys'],
  ])('is asked to %s', async (action, what) => {
    await scene.create();
    const answer = await scene.ask('POST', `/${action}`);
    expect([answer.status, answer.headers['location'] !== undefined]).toEqual([202, true]);
    expect(await scene.ended(answer)).toBe('Succeeded');
    expect(scene.asked().at(-1)).toBe(`rotate ${what}`);
    expect(await scene.properties()).toMatchObject({ provisioningState: 'Succeeded' });
  });

  it('with a service principal gets another one, whose secret nobody keeps', async () => {
    const clientSecret = 'first-secret-of-the-principal';
    await scene.create({
      top: { identity: undefined },
      properties: { servicePrincipalProfile: { clientId: 'one', secret: clientSecret } },
    });
    const secret = 'second-secret-of-the-principal';
    await scene.done(scene.ask('POST', '/resetServicePrincipalProfile', { clientId: 'two', secret }));
    const shown = await scene.ask('GET', '');
    expect(shown.json).toMatchObject({ properties: { servicePrincipalProfile: { clientId: 'two' } } });
    const kept = JSON.stringify(endpoint.arm.state.clusters.list());
    for (const each of [clientSecret, secret]) expect(shown.text + kept).not.toContain(each);
  });

  it('without one has none to reset, and no Azure Active Directory', async () => {
    await scene.create();
    const principal = await scene.ask('POST', '/resetServicePrincipalProfile', { clientId: 'two', secret: 'x' });
    expect([principal.status, principal.json['code']]).toEqual([400, 'InvalidParameter']);
    const directory = await scene.ask('POST', '/resetAADProfile', { clientAppID: 'a' });
    expect([directory.status, directory.json['code']]).toEqual([400, 'AADProfileNotSupported']);
  });

  it('that disables local accounts gives no static credential', async () => {
    await scene.create({ properties: { disableLocalAccounts: true } });
    for (const route of ['listClusterUserCredential', 'listClusterAdminCredential']) {
      const answer = await scene.ask('POST', `/${route}`);
      expect([answer.status, answer.json['message']]).toEqual([
        400,
        'Getting static credential is not allowed because this cluster is set to disable local accounts.',
      ]);
    }
  });

  it.each([
    ['azure', 200],
    ['exec', 200],
    ['yaml', 400],
  ])('asked for a credential of format %s answers %i', async (format, status) => {
    await scene.create();
    expect((await scene.ask('POST', `/listClusterUserCredential?format=${format}`)).status).toBe(status);
  });

  it('has an address outside, an identity of its nodes and a group of theirs once it is made', async () => {
    const created = await scene.create();
    expect(created.text).not.toMatch(/effectiveOutboundIPs|kubeletidentity/);
    const properties = (await scene.properties()) as { nodeResourceGroup: string };
    const id = `${endpoint.subscription}/resourceGroups/${properties.nodeResourceGroup}`;
    expect(properties).toMatchObject({
      networkProfile: {
        loadBalancerProfile: {
          effectiveOutboundIPs: [{ id: expect.stringContaining(`${id}/providers/Microsoft.Network/publicIPAddresses/`) as string }],
        },
      },
      identityProfile: {
        kubeletidentity: { resourceId: `${id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${scene.name}-agentpool` },
      },
    });
    const group = `/resourceGroups/${properties.nodeResourceGroup}`;
    expect((await endpoint.ask('GET', group)).json).toMatchObject({ managedBy: expect.stringContaining(scene.name) as string });
    expect((await endpoint.ask('DELETE', group)).status).toBe(409);
    await scene.done(scene.ask('DELETE', ''));
    expect((await endpoint.ask('GET', group)).status).toBe(404);
  });

  it('that is stopped is neither changed nor stopped again', async () => {
    await scene.create();
    const running = await scene.ask('POST', '/start');
    expect([running.status, running.json['message']]).toEqual([
      400,
      'managed cluster is in Provisioning State(Succeeded) and Power State(Running), starting cannot be performed',
    ]);
    await scene.done(scene.ask('POST', '/stop'));
    for (const [ask, verb] of [
      [() => scene.ask('POST', '/stop'), 'stopping'],
      [() => scene.update({}), 'updating'],
      [() => scene.ask('PUT', '/agentPools/second', { properties: { count: 1, mode: 'User' } }), 'updating'],
      [() => scene.ask('POST', '/rotateClusterCertificates'), 'updating'],
    ] as const) {
      const answer = await ask();
      expect([answer.status, answer.json['message']]).toEqual([
        400,
        `managed cluster is in Provisioning State(Succeeded) and Power State(Stopped), ${verb} cannot be performed`,
      ]);
    }
    await scene.done(scene.ask('DELETE', ''));
  });
});

describe('a group that is being deleted', () => {
  it('takes nothing any more, and is not deleted twice', async () => {
    await scene.create();
    let open = (): void => undefined;
    endpoint.host.gate = new Promise((resolve) => (open = resolve));
    const deletion = await endpoint.ask('DELETE', scene.group);
    expect(deletion.status).toBe(202);
    const other = `${scene.group}/providers/Microsoft.ContainerService/managedClusters/other`;
    const message = `The resource group '${scene.group.split('/').at(-1)}' is in deprovisioning state and cannot perform this operation.`;
    for (const ask of [
      () => endpoint.ask('PUT', other, clusterBody()),
      () => scene.update({}),
      () => scene.ask('DELETE', ''),
      () => endpoint.ask('DELETE', scene.group),
      () => endpoint.ask('PUT', scene.group, { location: 'canadaeast' }),
    ]) {
      const answer = await ask();
      expect([answer.status, answer.json['error']]).toEqual([409, { code: 'ResourceGroupBeingDeleted', message }]);
    }
    open();
    endpoint.host.gate = Promise.resolve();
    await expect.poll(async () => (await endpoint.ask('GET', scene.group)).status, { timeout: 20_000 }).toBe(404);
  });

  it('is there again, with what could not be deleted Failed, and is deleted by the next request', async () => {
    await scene.create();
    endpoint.host.failure = new Error('no');
    await endpoint.ask('DELETE', scene.group);
    await expect.poll(async () => (await scene.properties())['provisioningState'], { timeout: 20_000 }).toBe('Failed');
    expect((await endpoint.ask('GET', scene.group)).json).toMatchObject({ properties: { provisioningState: 'Succeeded' } });
    await endpoint.ask('DELETE', scene.group);
    await expect.poll(async () => (await endpoint.ask('GET', scene.group)).status, { timeout: 20_000 }).toBe(404);
    // The failure of the work is told as what it is.
    expect(endpoint.faults.splice(0)).toHaveLength(1);
  });
});
