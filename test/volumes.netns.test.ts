/** What a container is given – variables, volumes, rights, a token of its own – as a program inside sees it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

const manifest = readFileSync(join(import.meta.dirname, 'support', 'volumes.yaml'), 'utf8');
const tokenDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

let cluster: LabCluster;
beforeAll(async () => {
  cluster = await LabCluster.up({ nodes: 1, more: ['--engine', 'none'] });
  await cluster.kubectlOutput('create namespace given');
  await kubectl('apply -f -', manifest);
  await kubectl('wait --for=condition=Ready pod --all --timeout=60s');
});
afterAll(() => cluster?.down());

function kubectl(line: string, input?: string): Promise<string> {
  return cluster.kubectlOutput(`-n given ${line}`, input);
}

/** What a shell command prints in a container of a pod; it must succeed. */
function inside(command: string, { pod = 'given', container = '' } = {}): Promise<string> {
  return kubectl(`exec ${pod} ${container === '' ? '' : `-c ${container}`} -- sh -c '${command}'`);
}

/** Both streams of a shell command that fails. */
async function failing(command: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(`-n given exec given -c first -- sh -c '${command}'`);
  expect(code, `${command}\n${stdout}`).not.toBe(0);
  return `${stdout}${stderr}`;
}

function pod(name: string, container: object, spec: object = {}): string {
  const base = { name: 'c', image: 'agnhost', command: ['sleep', 'infinity'] };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 0, ...spec, containers: [{ ...base, ...container }] },
  });
}

/** Waits until a pod has an Event of this reason, and tells its message. */
async function eventOf(name: string, reason: string): Promise<string> {
  const query = `get events --field-selector involvedObject.name=${name},reason=${reason} -o jsonpath='{.items[0].message}'`;
  await expect.poll(() => kubectl(query).catch(() => ''), { timeout: 30_000 }).not.toBe('');
  return kubectl(query);
}

/** Directories of pods' volumes and mounts that are left in the cluster's state. */
function leftOf(): readonly string[] {
  const volumes = join(cluster.directory, 'state', 'clusters', cluster.name, 'nodes', 'node1', 'volumes');
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(volumes));
  return [...readdirSync(volumes), ...mounts];
}

describe('a container', () => {
  it('has the variables that its pod says, and those about services', async () => {
    const variables = await inside('env', { container: 'first' });
    for (const line of [
      'SET_colour=blue',
      'WORD=s3cret',
      'TEXT=s3cret-blue',
      'MEGABYTES=128',
      'KUBERNETES_SERVICE_HOST=10.0.0.1',
      'PWD=/scratch',
    ]) {
      expect(variables.split('\n')).toContain(line);
    }
  });

  it('is called by its full name when its pod says so', async () => {
    await kubectl('apply -f -', pod('called', {}, { hostname: 'h', subdomain: 's', setHostnameAsFQDN: true }));
    await kubectl('wait --for=condition=Ready pod/called --timeout=60s');
    expect(await inside('cat /proc/sys/kernel/hostname; echo $HOSTNAME', { pod: 'called' })).toBe(
      'h.s.given.svc.cluster.local\nh.s.given.svc.cluster.local',
    );
    expect(await inside('grep svc /etc/hosts', { pod: 'called' })).toMatch(/\th\.s\.given\.svc\.cluster\.local\th$/);
    await kubectl('delete pod called');
  });

  it('is who it is told to be, with the rights that are left', async () => {
    expect(await inside('id -u; id -g; id -G', { container: 'first' })).toBe('1000\n3000\n3000 2000 4000');
    const told = await kubectl("get pod given -o jsonpath='{.status.containerStatuses[0].user.linux}'");
    expect(JSON.parse(told)).toEqual({ uid: 1000, gid: 3000, supplementalGroups: [3000, 4000, 2000] });
    const status = await inside('cat /proc/self/status', { container: 'first' });
    expect(status).toMatch(/CapBnd:\s0+\n/);
    expect(status).toMatch(/NoNewPrivs:\s1/);
    expect(await failing('echo x > /tmp/x')).toContain('Read-only file system');
  });

  it('is held to its memory', async () => {
    // 128 MiB and not more: a program that takes 256 is killed.
    const taking = `/.weir/node -e "Buffer.alloc(256 * 1024 * 1024, 1)"; echo ended $?`;
    expect(await inside(taking, { container: 'first' })).toBe('ended 137');
  });

  it('finds keys of ConfigMaps and Secrets as files, with their modes', async () => {
    expect(await inside('cat /settings/colour /one/colour /keys/deep/word /labels/tier', { container: 'first' })).toBe('blueblues3cretone');
    expect(await inside('stat -L -c "%a %u %g" /keys/deep/word', { container: 'first' })).toBe('440 0 2000');
    expect(await failing('echo red > /settings/colour')).toContain('Read-only file system');
  });

  it('shares an emptyDir with the other containers, under the group of the pod', async () => {
    await inside('echo hello > /scratch/f; echo part > /part/g', { container: 'first' });
    expect(await inside('cat /shared/f /shared/part-10/g; stat -c "%u %g" /shared/f', { container: 'second' })).toBe(
      'hello\npart\n1000 2000',
    );
    expect((await cluster.kubectl(`-n given exec given -c second -- sh -c 'echo x > /shared/x'`)).stderr).toContain(
      'Read-only file system',
    );
  });

  it('has no more memory for files than the volume says', async () => {
    expect(await failing('head -c 2000000 /dev/zero > /memory/f')).toContain('No space left on device');
  });

  it('sees a hostPath of its node and nothing of the machine', async () => {
    expect(await inside('ls -A /host; id', { container: 'first' })).not.toContain('lib');
    await kubectl(
      'apply -f -',
      pod('etc', { volumeMounts: [{ name: 'v', mountPath: '/v' }] }, { volumes: [{ name: 'v', hostPath: { path: '/etc' } }] }),
    );
    await kubectl('wait --for=condition=Ready pod/etc --timeout=60s');
    expect(await inside('ls -A /v', { pod: 'etc' })).toBe('');
  });

  it('does not get out of a volume through a link, however it is asked for', async () => {
    await inside('ln -s / /v/way-out; ln -s ../../../../../../etc /v/up', { pod: 'etc' });
    for (const subPath of ['way-out/etc', 'up']) {
      const name = `out-${subPath.replace('/', '-')}`;
      const volumes = [{ name: 'v', hostPath: { path: '/etc' } }];
      await kubectl('apply -f -', pod(name, { volumeMounts: [{ name: 'v', mountPath: '/v', subPath }] }, { volumes }));
      expect(await eventOf(name, 'Failed')).toContain('failed to prepare subPath for volumeMount "v" of container "c"');
    }
    const through = pod(
      'through',
      { volumeMounts: [{ name: 'v', mountPath: '/v' }] },
      { volumes: [{ name: 'v', hostPath: { path: '/etc/way-out/etc' } }] },
    );
    await kubectl('apply -f -', through);
    expect(await eventOf('through', 'FailedMount')).toContain('way-out is a symbolic link');
  });

  it('is not started as root when it must not be root', async () => {
    await kubectl('apply -f -', pod('root', { securityContext: { runAsNonRoot: true } }));
    expect(await eventOf('root', 'Failed')).toContain('container has runAsNonRoot and image will run as root');
  });
});

describe('what changes', () => {
  it('is seen in files at once, but not in variables and sub-paths', async () => {
    await kubectl(`patch configmap settings -p '{"data":{"colour":"red","new":"1"}}'`);
    await expect
      .poll(() => inside('cat /settings/colour /settings/new', { container: 'first' }).catch(() => ''), { timeout: 30_000 })
      .toBe('red1');
    expect(await inside('echo $SET_colour; cat /one/colour', { container: 'first' })).toBe('blue\nblue');
    await kubectl('label pod given tier=two --overwrite');
    await expect.poll(() => inside('cat /labels/tier', { container: 'first' }), { timeout: 30_000 }).toBe('two');
  });

  it('starts a pod that waited for it', async () => {
    const volumes = [{ name: 'v', configMap: { name: 'late' } }];
    await kubectl('apply -f -', pod('waits', { volumeMounts: [{ name: 'v', mountPath: '/v' }] }, { volumes }));
    await kubectl('apply -f -', pod('wants', { env: [{ name: 'K', valueFrom: { configMapKeyRef: { name: 'late', key: 'k' } } }] }));
    expect(await eventOf('waits', 'FailedMount')).toBe('MountVolume.SetUp failed for volume "v" : configmap "late" not found');
    const reason =
      "get pod wants -o jsonpath='{.status.containerStatuses[0].state.waiting.reason}: {.status.containerStatuses[0].state.waiting.message}'";
    await expect.poll(() => kubectl(reason), { timeout: 30_000 }).toBe('CreateContainerConfigError: configmap "late" not found');
    await kubectl('create configmap late --from-literal=k=here');
    await kubectl('wait --for=condition=Ready pod/waits pod/wants --timeout=60s');
    expect(await inside('cat /v/k', { pod: 'waits' })).toBe('here');
    expect(await inside('echo $K', { pod: 'wants' })).toBe('here');
  });
});

describe('a program in a pod', () => {
  it('reaches the API server by its name with a token of its own', async () => {
    const call = `curl -sS --cacert ${tokenDirectory}/ca.crt -H "Authorization: Bearer $(cat ${tokenDirectory}/token)"`;
    const who = await inside(`${call} https://kubernetes.default/api/v1/namespaces/$(cat ${tokenDirectory}/namespace)/pods/client`, {
      pod: 'client',
    });
    expect(JSON.parse(who)).toMatchObject({ kind: 'Pod', metadata: { name: 'client', namespace: 'given' } });
    const refused = await inside(`${call} https://kubernetes.default/api/v1/nodes`, { pod: 'client' });
    expect(JSON.parse(refused)).toMatchObject({ code: 403 });
  });

  it('has a token that ends with the pod', async () => {
    await kubectl('apply -f -', pod('brief', {}));
    await kubectl('wait --for=condition=Ready pod/brief --timeout=60s');
    const token = await inside(`cat ${tokenDirectory}/token`, { pod: 'brief' });
    const isBelieved = (): Promise<string> =>
      kubectl(`auth whoami --token=${token} -o jsonpath='{.status.userInfo.username}'`).catch(() => 'nobody');
    expect(await isBelieved()).toBe('system:serviceaccount:given:default');
    await kubectl('delete pod brief --now');
    await expect.poll(isBelieved, { timeout: 30_000 }).not.toBe('system:serviceaccount:given:default');
  });

  it('leaves nothing on the machine when its pod has gone', async () => {
    await kubectl('delete pod --all --now');
    await expect.poll(() => leftOf(), { timeout: 30_000 }).toEqual([]);
  });
});
