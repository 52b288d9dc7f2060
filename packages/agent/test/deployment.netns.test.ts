/** The agent in a container with the settings of `deploy/kubernetes`: it enforces, and the API server takes the manifest. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { netnsPath } from '@weir/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkout, containerOf, deployedFile, readDeployed, renderedObjects } from './support/deployment.ts';
import { type AgentProcess, allowFrom, type NodeWorld, namespace, nodeName, openNodeWorld, type TestPod } from './support/node-world.ts';

interface Mount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

const bind = (source: string, destination: string, mode: 'ro' | 'rw'): Mount => {
  const options = ['rbind', mode, 'nosuid', 'nodev'];
  return { destination, type: 'bind', source, options };
};

/** The machine's programs and this checkout, read-only, stand in for the image. */
function image(rootfs: string): readonly Mount[] {
  for (const directory of ['proc', 'dev', 'sys', 'run/weir', 'var/lib/weir/agent', 'config', checkout.slice(1)]) {
    mkdirSync(join(rootfs, directory), { recursive: true });
  }
  const programs = ['/usr', '/bin', '/lib', '/lib64'].flatMap((path) => {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
      symlinkSync(readlinkSync(path), join(rootfs, path));
      return [];
    }
    mkdirSync(join(rootfs, path), { recursive: true });
    return [bind(path, path, 'ro')];
  });
  return [...programs, bind(checkout, checkout, 'ro')];
}

/** A folder of `deploy/`, and what its container is given beside what all of them are. */
interface Variant {
  readonly folder: string;
  /** The sets of capabilities in /proc/PID/status. */
  readonly capabilities: string;
  readonly pinsPrograms: boolean;
}

const variants: readonly Variant[] = [
  { folder: 'kubernetes', capabilities: '0000000000001000', pinsPrograms: false },
  { folder: 'kubernetes-ebpf', capabilities: '000000c000001000', pinsPrograms: true },
];

describe.each(variants)('the container settings for the agent in deploy/$folder', ({ folder, capabilities: wanted, pinsPrograms }) => {
  let world: NodeWorld;
  let agent: AgentProcess;
  let server: TestPod;
  let friend: TestPod;
  let stranger: TestPod;
  let pins: string;
  const id = `weirt-agent-${folder}-${process.pid}`;

  beforeAll(async () => {
    world = await openNodeWorld();
    pins = join(world.directory, 'bpf');
    mkdirSync(pins, { mode: 0o700 });
    if (pinsPrograms) execFileSync('mount', ['-t', 'bpf', 'weirt', pins]);
    server = await world.addPod('server', { app: 'server' });
    friend = await world.addPod('friend', { role: 'friend' });
    stranger = await world.addPod('stranger', { role: 'stranger' });
  });
  afterAll(async () => {
    spawnSync('runc', ['--root', join(world.directory, 'runc'), 'delete', '--force', id]);
    // Programs that are pinned would keep the node's namespace.
    if (pinsPrograms) spawnSync('umount', [pins]);
    await world.close();
  });

  /** An OCI bundle with exactly the rights of the manifest. */
  function writeBundle(): string {
    const { securityContext, env, volumeMounts } = containerOf(renderedObjects(folder));
    const bundle = join(world.directory, 'bundle');
    const mounts = image(join(bundle, 'rootfs'));
    const volumes: Readonly<Record<string, string>> = { run: 'gate', state: 'state', bpf: 'bpf' };
    const directory = (name: string): string => {
      mkdirSync(join(world.directory, name), { recursive: true, mode: 0o700 });
      return join(world.directory, name);
    };
    const config = directory('config');
    writeFileSync(join(config, 'kubeconfig'), readFileSync(world.kubeconfigs().inside), { mode: 0o600 });
    const own: Record<string, string> = {
      WEIR_AGENT_NODE: nodeName,
      WEIR_AGENT_KUBECONFIG: '/config/kubeconfig',
      WEIR_AGENT_POD_INTERFACES: world.prefix,
    };
    const variables = env.map(({ name, value = '' }) => `${name}=${own[name] ?? value}`);
    const capabilities = securityContext.capabilities.add.map((name) => `CAP_${name}`);
    const weir = join(checkout, 'packages', 'cli', 'bin', 'weir.js');
    const specification = {
      ociVersion: '1.0.2',
      process: {
        terminal: false,
        user: { uid: securityContext.runAsUser, gid: 0 },
        args: [process.execPath, weir, 'agent', 'run'],
        env: ['PATH=/usr/bin:/bin', ...variables],
        cwd: '/',
        capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
        noNewPrivileges: !securityContext.allowPrivilegeEscalation,
      },
      root: { path: join(bundle, 'rootfs'), readonly: securityContext.readOnlyRootFilesystem },
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
        { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
        // As container runtimes give it: the kernel's type information is in there, and nothing can be changed.
        { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
        ...mounts,
        ...volumeMounts.map(({ name, mountPath }) => bind(directory(volumes[name] ?? name), mountPath, 'rw')),
        bind(config, '/config', 'ro'),
      ],
      linux: {
        cgroupsPath: `/${id}`,
        namespaces: [
          { type: 'pid' },
          { type: 'ipc' },
          { type: 'uts' },
          { type: 'mount' },
          { type: 'network', path: netnsPath(world.node) },
        ],
        resources: { devices: [{ allow: false, access: 'rwm' }] },
        seccomp: JSON.parse(readDeployed(join(folder, securityContext.seccompProfile.localhostProfile))) as unknown,
        maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list'],
        readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
      },
    };
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(specification));
    return bundle;
  }

  it('suffice to enforce, under the seccomp profile and on a read-only root', async () => {
    const bundle = writeBundle();
    const pidFile = join(world.directory, 'agent.pid');
    const args = ['--root', join(world.directory, 'runc'), 'run', '--bundle', bundle, '--pid-file', pidFile, id];
    agent = world.adopt(spawn('runc', args, { stdio: ['ignore', 'ignore', 'pipe'] }));
    await world.attach(server, friend, stranger);
    await world.addPolicy('server', allowFrom({ app: 'server' }, { role: 'friend' }));
    await world.becomes(stranger, server, false);
    await world.becomes(friend, server, true);
    await world.label('stranger', { role: 'friend' });
    await world.becomes(stranger, server, true);
    const status = readFileSync(`/proc/${readFileSync(pidFile, 'utf8')}/status`, 'utf8');
    for (const line of ['Seccomp:\t2', 'NoNewPrivs:\t1', `CapPrm:\t${wanted}`, `CapBnd:\t${wanted}`])
      expect(status.split('\n')).toContain(line);
    expect(readdirSync(pins).some((name) => name.startsWith('weir-net-'))).toBe(pinsPrograms);
    expect(world.run(world.node, 'nft', 'list', 'tables').split('\n').includes('table inet weir')).toBe(!pinsPrograms);
    expect(await agent.end('SIGTERM')).toBe(0);
    expect(await world.connects(friend, server, true)).toBe(true);
  });

  it('are taken by the API server with the unmodified kubectl', async () => {
    const env = { ...process.env, KUBECONFIG: world.kubeconfigs().outside, HOME: world.directory };
    // Not awaited in one piece: the API server runs in this process.
    const kubectl = async (input: string, ...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> => {
      const child = spawn(join(checkout, '.setup', 'bin', 'kubectl'), args, { env });
      child.stdin.end(input);
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return { stdout, stderr };
    };
    const all = await kubectl('', 'apply', '--dry-run=server', '-k', deployedFile(folder));
    expect(all.stderr).toBe('');
    const kinds = [
      'serviceaccount',
      ...['role', 'clusterrole', 'rolebinding', 'clusterrolebinding'].map((kind) => `${kind}.rbac.authorization.k8s.io`),
    ];
    const expected = [...kinds, 'daemonset.apps'].map((kind) => `${kind}/weir-agent created (server dry run)`);
    expect(all.stdout.trim().split('\n').toSorted()).toEqual(expected.toSorted());
    // What the DaemonSet makes on each node is a pod.
    const { template } = renderedObjects(folder).find(({ kind }) => kind === 'DaemonSet').spec;
    const metadata = { ...template.metadata, name: 'weir-agent', namespace };
    await kubectl('', 'create', 'serviceaccount', 'weir-agent', '--namespace', namespace);
    const pod = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec });
    const made = await kubectl(pod, 'apply', '--dry-run=server', '-f', '-');
    expect(made).toEqual({ stdout: 'pod/weir-agent created (server dry run)\n', stderr: '' });
  });
});
