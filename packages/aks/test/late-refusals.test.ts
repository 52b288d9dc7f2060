/** What is refused, however late, leaves everything as it was: on disk, in what is told, and in what clusters are asked for. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { StorageError } from '../src/state/document-store.ts';
import { type ArmAnswer, ArmEndpoint } from './support/arm-endpoint.ts';
import { clusterBody, linuxPool, windowsPool } from './support/cluster-bodies.ts';
import { ClusterScene } from './support/cluster-scene.ts';

let endpoint: ArmEndpoint;
let scene: ClusterScene;
beforeAll(async () => {
  endpoint = await ArmEndpoint.start();
  scene = await ClusterScene.open(endpoint);
  await scene.create();
  await scene.done(scene.ask('PUT', '/agentPools/second', { properties: { count: 2, mode: 'User' } }));
});
afterAll(() => endpoint?.dispose());

/** All files with their contents, and all that the host was asked. */
function everything(): readonly string[] {
  const files = readdirSync(endpoint.directory, { recursive: true, encoding: 'utf8' }).sort();
  const described = files.map((file) => {
    const path = join(endpoint.directory, file);
    return statSync(path).isDirectory() ? file : `${file} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
  });
  return [...described, ...endpoint.host.asked];
}

const other = (changes: Parameters<typeof clusterBody>[0]): Promise<ArmAnswer> =>
  endpoint.ask('PUT', `${scene.path}x`, clusterBody(changes));
const pools = (...more: readonly object[]): object => ({ agentPoolProfiles: [linuxPool(), ...more] });
const secondPool = { name: 'second', count: 2, mode: 'User', type: 'VirtualMachineScaleSets' };
const unknownIdentity =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/no';

describe('a cluster that is refused is not there at all', () => {
  const rows: readonly [string, () => Promise<ArmAnswer>, number][] = [
    ['because its second pool is bad', () => other({ properties: pools({ ...secondPool, name: 'Not-A-Name' }) }), 400],
    [
      'because its second pool has Windows and no policy feature',
      () => other({ properties: pools({ name: 'npwin', ...windowsPool() }) }),
      400,
    ],
    ['because all pools together have too many nodes', () => other({ properties: pools({ ...secondPool, count: 250 }) }), 400],
    [
      'because its identity is not there',
      () => other({ top: { identity: { type: 'UserAssigned', userAssignedIdentities: { [unknownIdentity]: {} } } } }),
      400,
    ],
    ['because its address blocks overlap', () => other({ network: { serviceCidr: '10.224.0.0/16', dnsServiceIP: '10.224.0.10' } }), 400],
    ['because its version is not offered', () => other({ properties: { kubernetesVersion: '1.2.3' } }), 400],
    [
      'because its group is not there',
      () => endpoint.ask('PUT', '/resourceGroups/none/providers/Microsoft.ContainerService/managedClusters/c', clusterBody()),
      404,
    ],
    ['because its name is bad', () => endpoint.ask('PUT', `${scene.path}-`, clusterBody()), 400],
  ];
  it.each(rows)('%s', async (_, ask, status) => {
    const before = everything();
    const answer = await ask();
    expect(answer.status, answer.text).toBe(status);
    expect(everything()).toEqual(before);
  });
});

describe('a change that is refused changes nothing', () => {
  const rows: readonly [string, () => Promise<ArmAnswer>, number][] = [
    [
      'because azure does not become calico',
      () => scene.update({ networkProfile: { networkPlugin: 'azure', networkPolicy: 'calico' } }),
      400,
    ],
    ['because one of its pools is bad', () => scene.update(pools({ ...secondPool, maxPods: 5 })), 400],
    ['because the engine does not take so many nodes', () => scene.update(pools({ ...secondPool, count: 250 })), 400],
    ['because of what never changes', () => scene.update({ networkProfile: { networkPlugin: 'kubenet', networkPolicy: 'azure' } }), 400],
    ['because the pool has Windows', () => scene.ask('PUT', '/agentPools/npwin', { properties: windowsPool() }), 400],
    ['because the pool would be too large', () => scene.ask('PUT', '/agentPools/third', { properties: { count: 250, mode: 'User' } }), 400],
    ['because the last system pool stays', () => scene.ask('DELETE', '/agentPools/nodepool1'), 400],
    ['because it runs already', () => scene.ask('POST', '/start'), 400],
    ['because the pool is not there', () => scene.ask('POST', '/agentPools/none/upgradeNodeImageVersion'), 404],
    ['because nothing is under way that could be aborted', () => scene.ask('POST', '/abort'), 400],
  ];
  it.each(rows)('%s', async (_, ask, status) => {
    const before = everything();
    const answer = await ask();
    expect(answer.status, answer.text).toBe(status);
    expect(everything()).toEqual(before);
  });
});

describe('a disk that has room for a beginning alone', () => {
  const withoutRoomForOperations = async (ask: () => Promise<ArmAnswer>): Promise<void> => {
    const full = vi.spyOn(endpoint.arm.state.operations, 'put').mockImplementation(() => {
      throw new StorageError(new Error('ENOSPC: no space left on device, write'));
    });
    try {
      const answer = await ask();
      expect([answer.status, answer.json['error']], answer.text).toEqual([409, expect.objectContaining({ code: 'StorageNotAvailable' })]);
    } finally {
      full.mockRestore();
    }
  };

  it.each<[string, () => Promise<ArmAnswer>]>([
    ['a creation', () => other({})],
    ['a change', () => scene.update({ networkProfile: { networkPlugin: 'azure', networkPolicy: 'none' } })],
    ['a pool', () => scene.ask('PUT', '/agentPools/third', { properties: { count: 1, mode: 'User' } })],
    ['a stop', () => scene.ask('POST', '/stop')],
    ['a deletion', () => scene.ask('DELETE', '')],
    ['a deletion of the group', () => endpoint.ask('DELETE', scene.group)],
  ])('refuses %s and leaves everything as it was', async (_, ask) => {
    const before = everything();
    await withoutRoomForOperations(ask);
    expect(everything()).toEqual(before);
    expect(await scene.properties()).toMatchObject({ provisioningState: 'Succeeded' });
    expect((await endpoint.ask('GET', scene.group)).json).toMatchObject({ properties: { provisioningState: 'Succeeded' } });
  });
});
