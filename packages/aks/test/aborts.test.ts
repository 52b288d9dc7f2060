/** Operations that somebody aborts: Canceled, nothing rolled back, and completed by the same request. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ArmAnswer, ArmEndpoint } from './support/arm-endpoint.ts';
import { clusterBody } from './support/cluster-bodies.ts';
import { ClusterScene } from './support/cluster-scene.ts';

let endpoint: ArmEndpoint;
let scene: ClusterScene;
beforeAll(async () => {
  endpoint = await ArmEndpoint.start();
});
beforeEach(async () => {
  scene = await ClusterScene.open(endpoint);
  endpoint.host.gate = Promise.resolve();
});
afterAll(() => endpoint.dispose());

/** Aborts at `below` what `begin` begins and what never ends by itself. */
async function aborted(begin: () => Promise<ArmAnswer>, below: string): Promise<ArmAnswer> {
  endpoint.host.gate = new Promise(() => undefined);
  const begun = await begin();
  const abort = await scene.ask('POST', `${below}/abort`);
  expect([abort.status, abort.headers['location'] !== undefined, abort.headers['retry-after']]).toEqual([202, true, '1']);
  expect(await scene.ended(abort)).toBe('Succeeded');
  endpoint.host.gate = Promise.resolve();
  return endpoint.finished(begun);
}

describe('an aborted operation', () => {
  it('of creation is Canceled with its cluster, and the same request makes it', async () => {
    const put = (): Promise<ArmAnswer> => scene.ask('PUT', '', clusterBody());
    const { json } = await aborted(put, '');
    expect(json).toMatchObject({ status: 'Canceled', error: { code: 'OperationCanceled' }, endTime: expect.any(String) as string });
    expect(await scene.properties()).toMatchObject({
      provisioningState: 'Canceled',
      agentPoolProfiles: [{ provisioningState: 'Canceled' }],
    });
    await scene.done(put());
    expect(scene.asked()).toEqual([`create ${scene.name}`, `create ${scene.name}`]);
    expect(await scene.properties()).toMatchObject({ provisioningState: 'Succeeded' });
  });

  it('of a pool is Canceled with the pool alone, and the same request completes it', async () => {
    await scene.create();
    const add = (): Promise<ArmAnswer> => scene.ask('PUT', '/agentPools/second', { properties: { count: 1, mode: 'User' } });
    expect((await aborted(add, '/agentPools/second')).json).toMatchObject({ status: 'Canceled' });
    expect(await scene.properties()).toMatchObject({
      agentPoolProfiles: [
        { name: 'nodepool1', provisioningState: 'Succeeded' },
        { name: 'second', provisioningState: 'Canceled' },
      ],
    });
    await scene.done(add());
    expect(await scene.pool('second')).toMatchObject({ provisioningState: 'Succeeded' });
    // What was cut off is made whole from the description.
    expect(scene.asked().at(-1)).toBe(`create ${scene.name}`);
  });

  it('lets the cluster be deleted', async () => {
    await aborted(() => scene.ask('PUT', '', clusterBody()), '');
    await scene.done(scene.ask('DELETE', ''));
    expect((await scene.ask('GET', '')).status).toBe(404);
  });
});

describe('an abort is refused', () => {
  it('when nothing is under way on the cluster or the pool', async () => {
    await scene.create();
    for (const below of ['', '/agentPools/nodepool1']) {
      const answer = await scene.ask('POST', `${below}/abort`);
      expect([answer.status, answer.json['code']]).toEqual([400, 'OperationNotAllowed']);
    }
  });

  it('for a pool while another one is changed', async () => {
    await scene.create();
    let open = (): void => undefined;
    endpoint.host.gate = new Promise((resolve) => (open = resolve));
    const begun = await scene.ask('PUT', '/agentPools/second', { properties: { count: 1, mode: 'User' } });
    expect((await scene.ask('POST', '/agentPools/nodepool1/abort')).status).toBe(400);
    open();
    expect(await scene.ended(begun)).toBe('Succeeded');
  });

  it('by its own operation when the other one came to its end first', async () => {
    await scene.create();
    let open = (): void => undefined;
    endpoint.host.gate = new Promise((resolve) => (open = resolve));
    const begun = await scene.ask('DELETE', '');
    const abort = await scene.ask('POST', '/abort');
    open();
    expect(await scene.ended(begun)).toBe('Succeeded');
    expect((await endpoint.finished(abort)).json).toMatchObject({
      status: 'Failed',
      error: { code: 'OperationNotAllowed', message: expect.stringContaining('ended before it could be aborted') as string },
    });
  });
});
