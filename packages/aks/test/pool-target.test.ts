/** How a pool is replaced: nodes that come for the time of it, and how many go at a time, as `maxSurge` and `maxUnavailable` say. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { targetOf } from '../src/lab/pool-target.ts';
import { ArmEndpoint } from './support/arm-endpoint.ts';
import { clusterBody } from './support/cluster-bodies.ts';

let endpoint: ArmEndpoint;
beforeAll(async () => {
  endpoint = await ArmEndpoint.start();
  await endpoint.ask('POST', '/providers/Microsoft.ContainerService/register');
  await endpoint.ask('PUT', '/resourceGroups/rg', { location: 'canadaeast' });
});
afterAll(() => endpoint.dispose());

async function target(name: string, pool: object): Promise<ReturnType<typeof targetOf>> {
  const path = `/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/${name}`;
  await endpoint.finished(await endpoint.ask('PUT', path, clusterBody({ pool })));
  const cluster = endpoint.host.clusters.get(name);
  if (cluster === undefined) throw new Error(`no cluster ${name} was asked for`);
  return targetOf(cluster);
}

it.each([
  ['usual', 3, {}, 1, 1],
  ['share', 10, { maxSurge: '33%' }, 4, 4],
  ['number', 5, { maxSurge: '2' }, 2, 2],
  ['more than there are', 2, { maxSurge: '5' }, 2, 2],
  ['none', 4, { maxSurge: '0', maxUnavailable: '50%' }, 0, 2],
  ['one away', 4, { maxSurge: '0', maxUnavailable: '1' }, 0, 1],
] as const)('%s: of %i nodes with %j, %i come and %i go at a time', async (what, count, upgradeSettings, surge, atOnce) => {
  const { pools } = await target(`c-${what.replaceAll(' ', '-')}`, { count, upgradeSettings });
  expect(pools.map((pool) => [pool.nodes.length, pool.surge.length, pool.atOnce])).toEqual([[count, surge, atOnce]]);
  const names = pools.flatMap((pool) => [...pool.nodes, ...pool.surge]).map(({ name }) => name);
  expect(new Set(names).size).toBe(count + surge);
});

it('pods are asked to go for as long as the pool says, a minute where it says nothing', async () => {
  expect((await target('patient', { upgradeSettings: { drainTimeoutInMinutes: 5 } })).drainMs).toBe(300_000);
  expect((await target('impatient', {})).drainMs).toBe(60_000);
});
