/**
 * The endpoint is killed at a step that it takes on disk, in the middle of everything that it can be asked. The next one
 * reads what is there, tells what was cut off as Failed, and the same request brings about what was wished.
 *
 * `WEIR_ARM_KILLS=N` makes N attempts instead of one of each kind; `WEIR_ARM_SEED=S` other ones.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '@weir/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ArmProcess } from './support/arm-process.ts';
import { clusterBody } from './support/cluster-bodies.ts';

const kills = Number(process.env['WEIR_ARM_KILLS'] ?? 20);
const seed = Number(process.env['WEIR_ARM_SEED'] ?? 1_126);
/** The last steps of an operation are taken after its cluster has told of the end. */
const lastStepsMs = 100;
const group = '/resourceGroups/rg';
const path = `${group}/providers/Microsoft.ContainerService/managedClusters/c1`;
const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1`;
const feature = '/providers/Microsoft.Features/providers/Microsoft.ContainerService/features/WindowsNetworkPolicyPreview';
const provider = '/providers/Microsoft.ContainerService';

let arm: ArmProcess;
beforeAll(async () => {
  arm = await ArmProcess.start();
  await arm.ask('POST', `${provider}/register`);
});
afterAll(() => arm?.dispose());

type Ask = () => ReturnType<ArmProcess['ask']>;
const makeGroup: Ask = () => arm.ask('PUT', group, { location: 'canadaeast' });
const create: Ask = () => arm.ask('PUT', path, clusterBody());
const removeGroup: Ask = () => arm.ask('DELETE', group);
const addPool: Ask = () => arm.ask('PUT', `${path}/agentPools/second`, { properties: { count: 2, mode: 'User' } });
const stop: Ask = () => arm.ask('POST', `${path}/stop`);
const changed =
  (properties: object): Ask =>
  () =>
    arm.ask('PUT', path, clusterBody(properties));

/** What is asked of what there is, and what is really there when it has been done. */
interface Request {
  readonly ask: Ask;
  readonly begins: 'nothing' | 'a group' | 'a cluster' | 'two pools' | 'a stopped cluster';
  /** What the cluster is; undefined: there is none. */
  readonly wished?: string;
  /** Where the answer must be 200 in the end; for those that are of no cluster. */
  readonly made?: string;
}

const requests: Readonly<Record<string, Request>> = {
  'a group that is made': { ask: makeGroup, begins: 'nothing', made: group },
  'a creation': { ask: create, begins: 'a group', wished: 'azure 1.34 nodepool1:1' },
  'a change of engine': { ask: changed({ network: { networkPolicy: 'none' } }), begins: 'a cluster', wished: 'none 1.34 nodepool1:1' },
  'an engine that replaces another': {
    ask: changed({ network: { networkPolicy: 'cilium', networkDataplane: 'cilium' } }),
    begins: 'a cluster',
    wished: 'cilium 1.34 nodepool1:1',
  },
  'nodes that are added to a pool': { ask: changed({ pool: { count: 3 } }), begins: 'a cluster', wished: 'azure 1.34 nodepool1:3' },
  'another version': {
    ask: changed({ pool: { orchestratorVersion: '1.35' }, properties: { kubernetesVersion: '1.35' } }),
    begins: 'a cluster',
    wished: 'azure 1.35 nodepool1:1',
  },
  'a pool that is added': { ask: addPool, begins: 'a cluster', wished: 'azure 1.34 nodepool1:1 second:2' },
  'a pool that shrinks': {
    ask: () => arm.ask('PUT', `${path}/agentPools/second`, { properties: { count: 1, mode: 'User' } }),
    begins: 'two pools',
    wished: 'azure 1.34 nodepool1:1 second:1',
  },
  'a pool that is re-imaged': {
    ask: () => arm.ask('POST', `${path}/agentPools/second/upgradeNodeImageVersion`),
    begins: 'two pools',
    wished: 'azure 1.34 nodepool1:1 second:2',
  },
  'a pool that is removed': {
    ask: () => arm.ask('DELETE', `${path}/agentPools/second`),
    begins: 'two pools',
    wished: 'azure 1.34 nodepool1:1',
  },
  'a stop': { ask: stop, begins: 'a cluster', wished: 'azure 1.34 nodepool1:1 stopped' },
  'a start': { ask: () => arm.ask('POST', `${path}/start`), begins: 'a stopped cluster', wished: 'azure 1.34 nodepool1:1' },
  'certificates that are rotated': {
    ask: () => arm.ask('POST', `${path}/rotateClusterCertificates`),
    begins: 'a cluster',
    wished: 'azure 1.34 nodepool1:1',
  },
  tags: { ask: () => arm.ask('PATCH', path, { tags: { a: 'b' } }), begins: 'a cluster', wished: 'azure 1.34 nodepool1:1' },
  'a command': {
    ask: () => arm.ask('POST', `${path}/runCommand`, { command: 'true' }),
    begins: 'a cluster',
    wished: 'azure 1.34 nodepool1:1',
  },
  'an identity': { ask: () => arm.ask('PUT', identity, { location: 'canadaeast' }), begins: 'a group', made: identity },
  'a feature that is registered': { ask: () => arm.ask('POST', `${feature}/register`), begins: 'nothing', made: feature },
  'a provider that is registered': { ask: () => arm.ask('POST', `${provider}/register`), begins: 'nothing', made: provider },
  'a deletion': { ask: () => arm.ask('DELETE', path), begins: 'two pools' },
  'a deletion of the group': { ask: removeGroup, begins: 'a cluster' },
};

/** Repeats until the state is one that stays. */
async function settled(): Promise<unknown> {
  let state: unknown;
  await expect
    .poll(
      async () => {
        const answer = await arm.ask('GET', path);
        state =
          answer?.status === 404 ? 'absent' : (answer?.json['properties'] as { provisioningState?: string } | undefined)?.provisioningState;
        return state === 'absent' || isEnd(state);
      },
      { timeout: 60_000, interval: 10 },
    )
    .toBe(true);
  return state;
}

/** Resolves when it has died of its steps, or has come to the end with fewer. */
async function deadOrSettled(): Promise<void> {
  for (;;) {
    const answer = await arm.ask('GET', path);
    if (answer === undefined || answer.status === 404) return;
    if (isEnd((answer.json['properties'] as { provisioningState?: string }).provisioningState)) return;
    await sleep(10);
  }
}

function isEnd(state: unknown): boolean {
  return state === 'Succeeded' || state === 'Failed';
}

/** To where each attempt begins. */
async function begin(wanted: Request['begins']): Promise<void> {
  await removeGroup();
  await expect.poll(async () => (await arm.ask('GET', group))?.status, { timeout: 60_000, interval: 10 }).toBe(404);
  const steps: readonly Ask[] = {
    nothing: [],
    'a group': [makeGroup],
    'a cluster': [makeGroup, create],
    'two pools': [makeGroup, create, addPool],
    'a stopped cluster': [makeGroup, create, stop],
  }[wanted];
  for (const [index, step] of steps.entries()) {
    await step();
    if (index > 0) expect(await settled()).toBe('Succeeded');
  }
}

/** What every answer tells of the clusters is the same, and of an end. */
async function expectCoherence(what: string): Promise<void> {
  for (const operation of arm.documents('operations')) {
    expect(operation['status'], what).not.toBe('InProgress');
    if (operation['status'] === 'Failed') expect(operation['error'], what).toMatchObject({ code: 'OperationInterrupted' });
  }
  const groups = namesIn(await arm.ask('GET', '/resourceGroups'));
  const clusters = await arm.ask('GET', '/providers/Microsoft.ContainerService/managedClusters');
  if (namesIn(clusters).includes('c1')) expect(groups, what).toContain('rg');
  const listed = (clusters?.json['value'] as readonly object[]).find((each) => (each as { name: string }).name === 'c1');
  const shown = await arm.ask('GET', path);
  expect(listed, what).toEqual(shown?.status === 200 ? shown.json : undefined);
  if (shown?.status !== 200) return;
  const pools = await arm.ask('GET', `${path}/agentPools`);
  const ofCluster = (shown.json['properties'] as { agentPoolProfiles: readonly { name: string }[] }).agentPoolProfiles;
  expect(namesIn(pools), what).toEqual(ofCluster.map(({ name }) => name));
}

function namesIn(answer: Awaited<ReturnType<Ask>>): readonly string[] {
  return (answer?.json['value'] as readonly { name: string }[]).map(({ name }) => name);
}

/** Asks again until what was asked for is there. A request that did come to its end may be refused, as there is nothing left of it to be done. */
async function expectRepeated({ ask, wished, made, begins }: Request, what: string): Promise<void> {
  const again = await ask();
  const isDone = again?.status === 400 && begins.endsWith('cluster') && arm.reality()['c1'] === wished;
  if (!isDone) expect([200, 201, 202, 204, 404], `${what}: ${JSON.stringify(again?.json)}`).toContain(again?.status);
  if (made !== undefined) {
    expect((await arm.ask('GET', made))?.status, what).toBe(200);
    return;
  }
  expect(await settled(), what).toBe(wished === undefined ? 'absent' : 'Succeeded');
  await expect.poll(() => arm.reality()['c1'], { timeout: 60_000, message: what }).toBe(wished);
}

it('killed at any step, it comes up again, tells what was cut off, and the same request completes it', { timeout: 1_200_000 }, async () => {
  const random = new Random(seed);
  const all = Object.entries(requests);
  let died = 0;
  for (let attempt = 0; attempt < kills; attempt += 1) {
    const [name, request] = all[attempt % all.length] ?? [];
    if (request === undefined) throw new Error('there is something to ask');
    const isLong = request.wished !== undefined || request.made === undefined;
    const steps = random.integer(0, isLong ? 14 : 3);
    const what = `seed ${seed}, attempt ${attempt}: ${name} killed after ${steps} steps`;
    await begin(request.begins);
    await arm.killAfter(steps);
    await request.ask();
    await deadOrSettled();
    if (await arm.ended(lastStepsMs)) died += 1;
    await arm.startAgain();
    expect(['Succeeded', 'Failed', 'absent'], what).toContain(await settled());
    await expectCoherence(what);
    await expectRepeated(request, what);
  }
  // Most attempts must have met a step.
  expect(died, `seed ${seed}`).toBeGreaterThan(kills / 2);
});
