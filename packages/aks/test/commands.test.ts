/** `az aks command invoke`: the protocol; that commands really run in a pod is told by test/az-aks.netns.test.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeZip } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ArmAnswer, ArmEndpoint } from './support/arm-endpoint.ts';
import { ClusterScene } from './support/cluster-scene.ts';

let endpoint: ArmEndpoint;
let scene: ClusterScene;
beforeAll(async () => {
  endpoint = await ArmEndpoint.start();
  scene = await ClusterScene.open(endpoint);
  await scene.create();
});
afterAll(() => endpoint.dispose());

const run = (body: object): Promise<ArmAnswer> => scene.ask('POST', '/runCommand', body);

async function outcome(begun: ArmAnswer): Promise<Record<string, unknown>> {
  const { pathname, search } = new URL(String(begun.headers['location']));
  let answer = begun;
  await expect
    .poll(async () => (answer = await endpoint.send('GET', `${pathname}${search}`)).status, { timeout: 20_000, interval: 10 })
    .toBe(200);
  return answer.json['properties'] as Record<string, unknown>;
}

describe('a command', () => {
  it('answers 202 with a place of its result that az can read, then exit code and output', async () => {
    const begun = await run({ command: 'kubectl get nodes; exit 3' });
    expect([begun.status, begun.headers['retry-after']]).toEqual([202, '1']);
    expect(String(begun.headers['location'])).toMatch(/commandResults\/\w{32}\?/);
    expect(begun.json).toMatchObject({ properties: { provisioningState: 'Running', startedAt: expect.any(String) as string } });
    expect(await outcome(begun)).toMatchObject({
      provisioningState: 'Succeeded',
      exitCode: 3,
      logs: 'kubectl get nodes; exit 3',
      startedAt: expect.any(String) as string,
      finishedAt: expect.any(String) as string,
    });
  });

  it('gets the files that come with it', async () => {
    const context = Buffer.from(writeZip([{ name: 'a/b.yaml', content: Buffer.from('x: 1') }])).toString('base64');
    expect(await outcome(await run({ command: 'ls', context }))).toMatchObject({ logs: 'ls\na/b.yaml=x: 1' });
  });

  it('that cannot be run is Failed with the reason', async () => {
    endpoint.host.failure = new Error('no node takes its pod');
    expect(await outcome(await run({ command: 'ls' }))).toMatchObject({ provisioningState: 'Failed', reason: 'no node takes its pod' });
  });

  it('keeps nobody from changing the cluster, and is told of nowhere on disk', async () => {
    let open = (): void => undefined;
    endpoint.host.gate = new Promise((resolve) => (open = resolve));
    const begun = await run({ command: 'echo a-secret-of-the-command' });
    endpoint.host.gate = Promise.resolve();
    await scene.done(scene.update({}));
    open();
    expect(await outcome(begun)).toMatchObject({ logs: expect.stringContaining('a-secret-of-the-command') as string });
    const files = readdirSync(endpoint.directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(3);
    for (const each of files) expect(readFileSync(join(each.parentPath, each.name), 'utf8')).not.toContain('a-secret-of-the-command');
  });

  it.each([
    ['without words', { command: ' ' }, 'command'],
    ['with files that are no archive', { command: 'ls', context: 'AAAA' }, 'context'],
  ])('%s is refused', async (_name, body, target) => {
    const answer = await run(body);
    expect([answer.status, answer.json]).toEqual([400, expect.objectContaining({ code: 'InvalidParameter', target }) as object]);
  });

  it('that nobody knows, or of another cluster, is not found', async () => {
    const begun = await run({ command: 'ls' });
    const id = String(begun.json['id']);
    const other = await ClusterScene.open(endpoint);
    await other.create();
    expect((await other.ask('GET', `/commandResults/${id}`)).status).toBe(404);
    expect((await scene.ask('GET', '/commandResults/0123')).json).toMatchObject({ error: { code: 'ResourceNotFound' } });
  });

  it('is refused by a cluster that is stopped', async () => {
    const stopped = await ClusterScene.open(endpoint);
    await stopped.create();
    await stopped.done(stopped.ask('POST', '/stop'));
    expect((await stopped.ask('POST', '/runCommand', { command: 'ls' })).status).toBe(400);
  });
});
