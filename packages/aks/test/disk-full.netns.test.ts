/** A disk that takes nothing any more: told, nothing half done, and well again when there is room. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ArmEndpoint } from './support/arm-endpoint.ts';
import { clusterBody } from './support/cluster-bodies.ts';
import { ClusterScene } from './support/cluster-scene.ts';

let mount: string;
let endpoint: ArmEndpoint;
beforeAll(async () => {
  mount = mkdtempSync(join(tmpdir(), 'weirt-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k,mode=700', 'weirt', mount]);
  endpoint = await ArmEndpoint.start(join(mount, 'arm'));
});
afterAll(async () => {
  await endpoint?.dispose();
  execFileSync('umount', ['--lazy', mount]);
  rmSync(mount, { recursive: true, force: true });
});

/** Takes all the room; answers the file that has it. */
function fill(): string {
  const path = join(mount, 'filler');
  const descriptor = openSync(path, 'w');
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(4_096));
  } catch {
    return path;
  } finally {
    closeSync(descriptor);
  }
}

it('a full disk is told as such, stores nothing half, and is forgotten when there is room', async () => {
  const scene = await ClusterScene.open(endpoint);
  await scene.create();
  let release = (): void => undefined;
  endpoint.host.gate = new Promise((resolve) => (release = resolve));
  const begun = await scene.ask('PUT', '/agentPools/second', { properties: { count: 1, mode: 'User' } });

  const filler = fill();
  const other = await endpoint.ask('PUT', `${scene.path}x`, clusterBody());
  expect([other.status, other.json]).toEqual([
    409,
    { error: { code: 'StorageNotAvailable', message: expect.stringContaining('no space left on device') as string } },
  ]);
  expect((await endpoint.ask('GET', `${scene.path}x`)).status).toBe(404);
  // The end of an operation that cannot be kept is told all the same.
  release();
  expect((await endpoint.finished(begun)).json).toMatchObject({ status: 'Failed' });
  expect(await scene.properties()).toMatchObject({ provisioningState: 'Failed' });
  expect((await endpoint.ask('DELETE', scene.group)).json).toMatchObject({ error: { code: 'StorageNotAvailable' } });

  rmSync(filler);
  endpoint.host.gate = Promise.resolve();
  await scene.done(scene.ask('PUT', '/agentPools/second', { properties: { count: 1, mode: 'User' } }));
  expect((await endpoint.ask('PUT', `${scene.path}x`, clusterBody())).status).toBe(201);
  await endpoint.close();
  await endpoint.open();
  expect(await scene.pool('second')).toMatchObject({ provisioningState: 'Succeeded' });
});
