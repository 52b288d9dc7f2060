/**
 * The endpoint is killed at a step that it takes on disk, in the middle of everything that it can be asked. The next one
 * reads what is there, tells what was cut off as Failed, and the same request brings about what was wished.
 *
 * `WEIR_ARM_KILLS=N` makes N attempts instead of a few; `WEIR_ARM_SEED=S` other ones.
 */
import { Random } from '@weir/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ArmProcess } from './support/arm-process.ts';
import { clusterBody } from './support/cluster-bodies.ts';

const kills = Number(process.env['WEIR_ARM_KILLS'] ?? 8);
const seed = Number(process.env['WEIR_ARM_SEED'] ?? 1_126);
/** Longer than anything that is asked takes, also on a busy machine. */
const patienceMs = 3_000;
const group = '/resourceGroups/rg';
const path = `${group}/providers/Microsoft.ContainerService/managedClusters/c1`;

let arm: ArmProcess;
beforeAll(async () => {
  arm = await ArmProcess.start();
  await arm.ask('POST', '/providers/Microsoft.ContainerService/register');
});
afterAll(() => arm?.dispose());

type Ask = () => ReturnType<ArmProcess['ask']>;
const makeGroup: Ask = () => arm.ask('PUT', group, { location: 'canadaeast' });
const create: Ask = () => arm.ask('PUT', path, clusterBody());
const removeGroup: Ask = () => arm.ask('DELETE', group);

/** What is asked, and what is really there when it has been done. */
const requests: readonly (readonly [name: string, ask: Ask, wished: string | undefined])[] = [
  ['a creation', create, 'azure nodepool1:1'],
  ['a change of engine', () => arm.ask('PUT', path, clusterBody({ network: { networkPolicy: 'none' } })), 'none nodepool1:1'],
  [
    'a pool that is added',
    () => arm.ask('PUT', `${path}/agentPools/second`, { properties: { count: 2, mode: 'User' } }),
    'azure nodepool1:1 second:2',
  ],
  ['a deletion', () => arm.ask('DELETE', path), undefined],
  ['a deletion of the group', removeGroup, undefined],
];

/** Repeats until the state is one that stays. */
async function settled(): Promise<unknown> {
  let state: unknown;
  await expect
    .poll(
      async () => {
        const answer = await arm.ask('GET', path);
        state =
          answer?.status === 404 ? 'absent' : (answer?.json['properties'] as { provisioningState?: string } | undefined)?.provisioningState;
        return ['Succeeded', 'Failed', 'absent'].includes(String(state));
      },
      { timeout: 60_000, interval: 10 },
    )
    .toBe(true);
  return state;
}

/** To where each attempt begins: no group, or a cluster that is whole. */
async function begin(hasCluster: boolean): Promise<void> {
  await removeGroup();
  await expect.poll(async () => (await arm.ask('GET', group))?.status, { timeout: 60_000, interval: 10 }).toBe(404);
  await makeGroup();
  if (!hasCluster) return;
  await create();
  expect(await settled()).toBe('Succeeded');
}

it('killed at any step, it comes up again, tells what was cut off, and the same request completes it', { timeout: 1_200_000 }, async () => {
  const random = new Random(seed);
  let died = 0;
  for (let attempt = 0; attempt < kills; attempt += 1) {
    const [name, ask, wished] = requests[attempt % requests.length] ?? requests[0] ?? [];
    if (ask === undefined) throw new Error('there is something to ask');
    const steps = random.integer(0, 14);
    const what = `seed ${seed}, attempt ${attempt}: ${name} killed after ${steps} steps`;
    await begin(ask !== create);
    await arm.killAfter(steps);
    await ask();
    if (await arm.ended(patienceMs)) died += 1;
    await arm.startAgain();

    const state = await settled();
    expect(['Succeeded', 'Failed', 'absent'], what).toContain(state);
    for (const operation of arm.documents('operations')) {
      expect(operation['status'], what).not.toBe('InProgress');
      if (operation['status'] === 'Failed') expect(operation['error'], what).toMatchObject({ code: 'OperationInterrupted' });
    }
    // A deletion that is over has nothing to delete any more; everything else is asked for again.
    const again = await ask();
    expect([200, 201, 202, 204, 404], `${what}: ${JSON.stringify(again?.json)}`).toContain(again?.status);
    expect(await settled(), what).toBe(wished === undefined ? 'absent' : 'Succeeded');
    await expect.poll(() => arm.reality()['c1'], { timeout: 60_000, message: what }).toBe(wished);
  }
  // Most attempts must have met a step.
  expect(died, `seed ${seed}`).toBeGreaterThan(kills / 2);
});
