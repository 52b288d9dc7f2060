/** Sizes, scalers and power of node pools. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ArmEndpoint } from './support/arm-endpoint.ts';
import { linuxPool } from './support/cluster-bodies.ts';
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

const second = (properties: object): Promise<Awaited<ReturnType<ClusterScene['ask']>>> => {
  return scene.ask('PUT', '/agentPools/second', { properties: { mode: 'User', ...properties } });
};

describe('a node pool', () => {
  it('for users is scaled to nothing and back, one for the system is not', async () => {
    await scene.create();
    await scene.done(second({ count: 2 }));
    for (const count of [0, 1]) {
      const scaled = await scene.done(second({ count }));
      expect(scaled.json).toMatchObject({ properties: { count, provisioningState: 'Scaling' } });
    }
    expect(scene.asked().slice(-2)).toEqual([
      'change azure→azure nodepool1:1 second:2 → nodepool1:1 second:0',
      'change azure→azure nodepool1:1 second:0 → nodepool1:1 second:1',
    ]);
    const refused = await scene.ask('PUT', '/agentPools/nodepool1', { properties: { mode: 'System', count: 0 } });
    expect([refused.status, refused.json['target']]).toEqual([400, 'agentPoolProfile.count']);
  });

  it('is scaled through its cluster, as az aks scale does', async () => {
    await scene.create();
    const { agentPoolProfiles } = (await scene.properties()) as { agentPoolProfiles: object[] };
    await scene.done(scene.update({ agentPoolProfiles: [{ ...agentPoolProfiles[0], count: 3 }] }));
    expect(scene.asked().at(-1)).toBe('change azure→azure nodepool1:1 → nodepool1:3');
    expect(await scene.pool('nodepool1')).toMatchObject({ count: 3 });
  });

  it('has its scaler switched on, changed and off', async () => {
    await scene.create();
    await scene.done(second({ count: 2, enableAutoScaling: true, minCount: 1, maxCount: 3 }));
    expect(await scene.pool('second')).toMatchObject({ enableAutoScaling: true, minCount: 1, maxCount: 3 });
    await scene.done(second({ enableAutoScaling: true, minCount: 0, maxCount: 5 }));
    expect(await scene.pool('second')).toMatchObject({ count: 2, minCount: 0, maxCount: 5 });
    await scene.done(second({ enableAutoScaling: false }));
    const off = await scene.pool('second');
    expect(off).toMatchObject({ count: 2, enableAutoScaling: false });
    expect(off).not.toHaveProperty('maxCount');
  });

  it('for users is stopped and started, keeping its size', async () => {
    await scene.create();
    await scene.done(second({ count: 2 }));
    for (const [code, state] of [
      ['Stopped', 'Stopping'],
      ['Running', 'Starting'],
    ] as const) {
      const answer = await second({ powerState: { code } });
      expect(answer.json).toMatchObject({ properties: { powerState: { code }, provisioningState: state, count: 2 } });
      expect(await scene.ended(answer)).toBe('Succeeded');
    }
    const refused = await scene.ask('PUT', '/agentPools/nodepool1', { properties: { mode: 'System', powerState: { code: 'Stopped' } } });
    expect([refused.status, refused.json['code']]).toEqual([400, 'OperationNotAllowed']);
  });

  it('that is stopped stays so when its cluster is changed, stopped and started', async () => {
    await scene.create();
    await scene.done(second({ count: 1 }));
    await scene.done(second({ powerState: { code: 'Stopped' } }));
    await scene.done(scene.update({ autoScalerProfile: { expander: 'random' } }));
    const powers = async (): Promise<unknown[]> =>
      ((await scene.properties())['agentPoolProfiles'] as { powerState: { code: string } }[]).map(({ powerState }) => powerState.code);
    expect(await powers()).toEqual(['Running', 'Stopped']);
    await scene.done(scene.ask('POST', '/stop'));
    expect(await powers()).toEqual(['Stopped', 'Stopped']);
    await scene.done(scene.ask('POST', '/start'));
    expect(await powers()).toEqual(['Running', 'Stopped']);
  });
});

describe('labels and taints of a node pool are refused', () => {
  it.each([
    [{ nodeLabels: { 'kubernetes.io/os': 'windows' } }, 'nodeLabels', /are not given by hand/],
    [{ nodeLabels: { 'agents.kubernetes.azure.com/x': 'y' } }, 'nodeLabels', /are not given by hand/],
    [{ nodeLabels: { 'a b': 'c' } }, 'nodeLabels', /'a b=c': name part must consist of/],
    [{ nodeLabels: { a: 1 } }, 'nodeLabels', /a value is a text/],
    [{ nodeLabels: { a: 'x'.repeat(64) } }, 'nodeLabels', /63/],
    [{ nodeTaints: ['a=b'] }, 'nodeTaints', /has the form key=value:Effect/],
    [{ nodeTaints: ['a=b:Never'] }, 'nodeTaints', /an effect is one of NoSchedule/],
    [{ nodeTaints: [7] }, 'nodeTaints', /has the form/],
  ])('%j', async (properties, field, message) => {
    await scene.create();
    const answer = await second({ count: 1, ...properties });
    expect([answer.status, answer.json]).toEqual([
      400,
      expect.objectContaining({ target: `agentPoolProfile.${field}`, message: expect.stringMatching(message) as string }) as object,
    ]);
    expect((await scene.ask('GET', '/agentPools/second')).status).toBe(404);
  });
});

describe('more than 250 nodes with engine azure are refused', () => {
  const tooMany = { code: 'InvalidNodeCountForNPM', message: expect.stringContaining('supports up to 250 nodes') as string };
  const scaler = (maxCount: number): object => ({ enableAutoScaling: true, minCount: 1, maxCount });
  const rows: readonly (readonly [string, () => Promise<Awaited<ReturnType<ClusterScene['ask']>>>])[] = [
    ['to a pool that is added', () => second({ count: 250 })],
    ['to a pool that is added with a scaler', () => second({ count: 1, ...scaler(250) })],
    ['to a pool that is scaled', () => scene.ask('PUT', '/agentPools/nodepool1', { properties: { mode: 'System', count: 251 } })],
    [
      'to a scaler that is switched on',
      () => scene.ask('PUT', '/agentPools/nodepool1', { properties: { mode: 'System', ...scaler(251) } }),
    ],
    ['to a cluster that is scaled', () => scene.update({ agentPoolProfiles: [linuxPool({ count: 251 })] })],
  ];
  it.each(rows)('%s', async (_name, ask) => {
    await scene.create();
    const before = (await scene.ask('GET', '')).json;
    const answer = await ask();
    expect([answer.status, answer.json]).toEqual([400, expect.objectContaining(tooMany) as object]);
    expect((await scene.ask('GET', '')).json).toEqual(before);
  });

  it('to a larger cluster that wants this engine', async () => {
    await scene.create({ network: { networkPolicy: 'none' }, pool: { count: 1, ...scaler(251) } });
    const { networkProfile } = (await scene.properties()) as { networkProfile: object };
    const answer = await scene.update({ networkProfile: { ...networkProfile, networkPolicy: 'azure' } });
    expect([answer.status, answer.json]).toEqual([400, expect.objectContaining(tooMany) as object]);
  });

  it('and exactly 250 are not, nor more with calico', async () => {
    await scene.create({ pool: { count: 200 } });
    expect((await second({ count: 50 })).status).toBe(201);
    const other = await ClusterScene.open(endpoint);
    expect((await other.create({ network: { networkPolicy: 'calico' }, pool: { count: 1, ...scaler(300) } })).status).toBe(201);
  });
});
