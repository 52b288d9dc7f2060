/** Data that outlives pods: claims of a stateful set, volumes that people make, as kubectl and the programs inside see them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabCluster } from '../support/lab-cluster.ts';

const manifest = readFileSync(join(import.meta.dirname, 'claims.yaml'), 'utf8');

let cluster: LabCluster;
beforeAll(async () => {
  cluster = await LabCluster.up({ nodes: 2, more: ['--engine', 'none'] });
  mkdirSync(join(nodeState('node2'), 'host', 'shelf'), { recursive: true });
  writeFileSync(join(nodeState('node2'), 'host', 'shelf', 'book'), 'printed\n');
  await kubectl('apply -f -', manifest);
  await kubectl('rollout status statefulset/keeper --timeout=60s');
  await kubectl('wait --for=condition=Ready pod/reader --timeout=60s');
});
afterAll(() => cluster?.down());

function kubectl(line: string, input?: string): Promise<string> {
  return cluster.kubectlOutput(line, input);
}

function inside(pod: string, command: string): Promise<string> {
  return kubectl(`exec ${pod} -- sh -c '${command}'`);
}

function nodeState(node: string): string {
  return join(cluster.directory, 'state', 'clusters', cluster.name, 'nodes', node);
}

/** What the lab has made for claims, on all nodes. */
function directories(): readonly string[] {
  const all = ['node1', 'node2'].map((node) => join(nodeState(node), 'claims'));
  return all.flatMap((each) => (existsSync(each) ? readdirSync(each) : []));
}

async function eventOf(pod: string, reason: string): Promise<string> {
  const query = `get events --field-selector involvedObject.name=${pod},reason=${reason} -o jsonpath='{.items[0].message}'`;
  await expect.poll(() => kubectl(query).catch(() => ''), { timeout: 30_000 }).not.toBe('');
  return kubectl(query);
}

describe('a stateful set', () => {
  it('finds its files again after its pod was deleted, on the same node', async () => {
    const node = await kubectl("get pod keeper-0 -o jsonpath='{.spec.nodeName}'");
    await inside('keeper-0', 'echo kept > /data/file');
    await kubectl('delete pod keeper-0');
    await kubectl('rollout status statefulset/keeper --timeout=60s');
    expect(await inside('keeper-0', 'cat /data/file')).toBe('kept');
    expect(await kubectl("get pod keeper-0 -o jsonpath='{.spec.nodeName}'")).toBe(node);
    expect(await inside('keeper-1', 'ls /data')).toBe('');
    expect(await kubectl('get pvc data-keeper-0 --no-headers')).toMatch(
      /^data-keeper-0 +Bound +pvc-\S+ +1Gi +RWO +standard +<unset> +\S+$/,
    );
  });

  it('takes the data of a pod along that it scales away, and leaves the rest until its claim is deleted', async () => {
    const volumes = (await kubectl("get pvc -l app=keeper -o jsonpath='{.items[*].spec.volumeName}'")).split(' ');
    for (const volume of volumes) expect(directories()).toContain(volume);
    await kubectl('scale statefulset/keeper --replicas=1');
    await kubectl('wait --for=delete pvc/data-keeper-1 --timeout=60s');
    await kubectl(`wait --for=delete pv/${volumes[1] ?? ''} --timeout=60s`);
    expect(directories()).not.toContain(volumes[1]);
    await kubectl('delete statefulset/keeper');
    expect(readFileSync(join(claimDirectory(volumes[0] ?? ''), 'file'), 'utf8')).toBe('kept\n');
    await kubectl('delete pvc/data-keeper-0');
    await kubectl(`wait --for=delete pv/${volumes[0] ?? ''} --timeout=60s`);
    expect(directories()).not.toContain(volumes[0]);
  });
});

function claimDirectory(volume: string): string {
  return ['node1', 'node2'].map((node) => join(nodeState(node), 'claims', volume)).find((each) => existsSync(each)) ?? '';
}

describe('a pod', () => {
  it('goes where a volume is that somebody made, and reads what is there', async () => {
    expect(await kubectl("get pod reader -o jsonpath='{.spec.nodeName}'")).toBe('node2');
    expect(await inside('reader', 'cat /shelf/book')).toBe('printed');
    const { code, stderr } = await cluster.kubectl("exec reader -- sh -c 'echo > /shelf/more'");
    expect(code).not.toBe(0);
    expect(stderr).toContain('Read-only file system');
  });

  it('writes into a volume of its own, which goes with it', async () => {
    expect(await inside('reader', 'id -un > /scratch/mine 2>/dev/null || id -u > /scratch/mine; stat -c %g /scratch /scratch/mine')).toBe(
      '2000\n2000',
    );
    const volume = await kubectl("get pvc reader-scratch -o jsonpath='{.spec.volumeName}'");
    expect(directories()).toContain(volume);
    await kubectl('delete pod reader');
    await kubectl(`wait --for=delete pv/${volume} --timeout=60s`);
    expect(directories()).not.toContain(volume);
  });

  it('that somebody puts on a node starts only when its claim is bound, and the volume is there', async () => {
    expect(await eventOf('hasty', 'FailedMount')).toContain('error processing PVC default/nowhere: PVC is not bound');
    expect(await eventOf('astray', 'FailedMount')).toContain('MountVolume.NodeAffinity check failed for volume "shelf"');
    expect(await kubectl("get pods hasty astray -o jsonpath='{.items[*].status.phase}'")).toBe('Pending Pending');
  });
});
