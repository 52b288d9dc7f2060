/** The files in `deploy/` say what the agent needs, and agree with each other and with the agent. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inClusterConnection } from '@weir/client';
import { policyApiKinds } from '@weir/compile';
import { describe, expect, it } from 'vitest';
import { capabilitiesFor, neededCapabilities } from '../src/confinement/confine-process.ts';
import { writeListenAddress } from '../src/settings/listen-address.ts';
import { resolveSettings } from '../src/settings/resolve-settings.ts';
import { deployedContainer, deployedFile, deployedObjects, objectsIn, readDeployed } from './support/deployment.ts';

interface SeccompProfile {
  readonly defaultAction: string;
  readonly syscalls: readonly {
    readonly names: readonly string[];
    readonly action: string;
    readonly args?: readonly { readonly value: number }[];
  }[];
}

const readSeccomp = (path: string): SeccompProfile => JSON.parse(readDeployed(path)) as SeccompProfile;
const seccomp = readSeccomp('kubernetes/weir-agent-seccomp.json');

describe('the files for running the agent', () => {
  it('grant the capabilities that the agent needs and no others', () => {
    const { securityContext } = deployedContainer();
    expect(securityContext.capabilities).toEqual({ drop: ['ALL'], add: neededCapabilities.map((name) => name.replace('CAP_', '')) });
    expect(securityContext).toMatchObject({ allowPrivilegeEscalation: false, privileged: false, readOnlyRootFilesystem: true });
    const unit = readDeployed('systemd/weir-agent.service');
    expect(unit).toContain(`\nCapabilityBoundingSet=${neededCapabilities.join(' ')}\n`);
    for (const line of ['AmbientCapabilities=', 'NoNewPrivileges=yes', 'ProtectSystem=strict', 'Restart=always'])
      expect(unit).toContain(`\n${line}\n`);
  });

  it('let the agent read what it reads and write where it reports, nothing else', () => {
    const rules = (kind: string): unknown => deployedObjects().find((object) => object.kind === kind).rules;
    const read = ['get', 'list', 'watch'];
    expect(rules('ClusterRole')).toEqual([
      { apiGroups: [''], resources: ['pods', 'namespaces', 'serviceaccounts'], verbs: read },
      ...[...new Set(policyApiKinds().map(({ group }) => group))].map((group) => ({
        apiGroups: [group],
        resources: policyApiKinds().flatMap((kind) => (kind.group === group ? [kind.plural] : [])),
        verbs: read,
      })),
      ...['policy.networking.k8s.io', 'cilium.io'].map((group) => ({
        apiGroups: [group],
        resources: policyApiKinds().flatMap((kind) =>
          kind.group === group && kind.condition !== undefined ? [`${kind.plural}/status`] : [],
        ),
        verbs: ['patch'],
      })),
      { apiGroups: [''], resources: ['events'], verbs: ['get', 'create', 'patch'] },
    ]);
    expect(rules('Role')).toEqual([{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'patch'] }]);
  });

  it('give settings that the agent takes, below the limits that they set', async () => {
    const { env, args, resources, livenessProbe, readinessProbe, volumeMounts } = deployedContainer();
    expect(args).toEqual(['weir', 'agent', 'run']);
    const environment = Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'node1']));
    const { settings } = await resolveSettings({ environment });
    expect(settings).toMatchObject({ node: 'node1', kubeconfig: 'in-cluster', dropCapabilities: true });
    expect(settings.memoryLimitMb).toBeLessThan(Number.parseInt(resources.limits.memory, 10));
    expect(settings.memoryLimitMb).toBeGreaterThanOrEqual(96);
    for (const [probe, path] of [
      [livenessProbe, '/livez'],
      [readinessProbe, '/readyz'],
    ] as const) {
      expect(probe.httpGet.path).toBe(path);
      expect(`${probe.httpGet.host}:${probe.httpGet.port}`).toBe(
        settings.metricsAddress === 'none' ? '' : writeListenAddress(settings.metricsAddress),
      );
    }
    expect(volumeMounts.map(({ mountPath }) => mountPath)).toEqual(['/run/weir', settings.stateDirectory]);
    expect(settings.gateSocket.startsWith('/run/weir/')).toBe(true);
    const unitSettings = await resolveSettings({ flags: { config: deployedFile('systemd/agent.yaml') } });
    const memoryMax = Number(/^MemoryMax=(\d+)M$/m.exec(readDeployed('systemd/weir-agent.service'))?.[1]);
    expect(unitSettings.settings.memoryLimitMb).toBeLessThan(memoryMax);
  });

  it('grant for eBPF what loads programs and where they are pinned, and nothing else beside that', async () => {
    const names = capabilitiesFor('ebpf').map((name) => name.replace('CAP_', ''));
    const [patch] = objectsIn('kubernetes-ebpf/weir-agent.yaml');
    const [container] = patch.spec.template.spec.containers;
    expect([...container.securityContext.capabilities.add].sort()).toEqual([...names].sort());
    const changed = ['env', 'name', 'resources', 'securityContext', 'volumeMounts'];
    expect(Object.keys(container).sort()).toEqual(changed);
    expect(Object.keys(container.securityContext).sort()).toEqual(['capabilities', 'seccompProfile']);
    expect(container.volumeMounts).toEqual([{ name: 'bpf', mountPath: '/sys/fs/bpf' }]);
    expect(patch.spec.template.spec.nodeSelector).toEqual({ 'kubernetes.io/arch': 'amd64' });
    const environment = Object.fromEntries(container.env.map((each: { name: string; value: string }) => [each.name, each.value]));
    const { settings } = await resolveSettings({
      environment: { ...environment, WEIR_AGENT_NODE: 'node1', WEIR_AGENT_KUBECONFIG: 'in-cluster' },
    });
    expect(settings.dataplane).toBe('ebpf');

    const dropIn = readDeployed('systemd/weir-agent.service.d/ebpf.conf').split('\n');
    const granted = dropIn.filter((line) => line !== '' && !line.startsWith('#') && line !== '[Service]');
    expect(granted).toEqual([
      'Environment=WEIR_AGENT_DATAPLANE=ebpf',
      `CapabilityBoundingSet=${capabilitiesFor('ebpf')
        .filter((name) => !neededCapabilities.includes(name))
        .join(' ')}`,
      'SystemCallFilter=bpf',
      'ReadWritePaths=/sys/fs/bpf',
      'MemoryMax=768M',
    ]);
  });

  it('let with eBPF two system calls more through than without', () => {
    const namesIn = (profile: SeccompProfile): string[] =>
      profile.syscalls.flatMap(({ names, action }) => names.map((name) => `${name} ${action}`));
    const withBpf = readSeccomp('kubernetes-ebpf/weir-agent-ebpf-seccomp.json');
    expect(withBpf.defaultAction).toBe(seccomp.defaultAction);
    const [more, less] = [
      namesIn(withBpf).filter((each) => !namesIn(seccomp).includes(each)),
      namesIn(seccomp).filter((each) => !namesIn(withBpf).includes(each)),
    ];
    expect(more).toEqual(['bpf SCMP_ACT_ALLOW', 'rmdir SCMP_ACT_ALLOW']);
    expect(less).toEqual([]);
    expect(withBpf.syscalls.slice(1)).toEqual(seccomp.syscalls.slice(1));
  });

  it('let only system calls through that an agent has reason to make', () => {
    expect(seccomp.defaultAction).toBe('SCMP_ACT_ERRNO');
    const allowed = seccomp.syscalls.filter(({ action }) => action === 'SCMP_ACT_ALLOW');
    const names = new Set(allowed.flatMap((rule) => rule.names));
    for (const name of [
      'mount',
      'umount2',
      'ptrace',
      'bpf',
      'setns',
      'unshare',
      'init_module',
      'kexec_load',
      'keyctl',
      'perf_event_open',
      'chroot',
      'setuid',
      'io_uring_setup',
    ])
      expect(names).not.toContain(name);
    // AF_UNIX, AF_INET, AF_INET6, AF_NETLINK; no packets past the network's own code.
    const families = allowed.filter((rule) => rule.names.includes('socket')).map(({ args }) => args?.[0]?.value);
    expect(families).toEqual([1, 2, 10, 16]);
  });
});

describe('the service account of a pod', () => {
  it('is how an agent in a cluster reaches the API server', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'weirt-in-cluster-'));
    try {
      writeFileSync(join(directory, 'ca.crt'), 'the authority');
      const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
      expect(await inClusterConnection(environment, directory)).toEqual({
        server: 'https://[fd00::1]:443',
        certificateAuthority: 'the authority',
        tokenFile: join(directory, 'token'),
      });
      await expect(inClusterConnection({}, directory)).rejects.toThrow(/runs in no pod .* give a kubeconfig/);
      await expect(inClusterConnection(environment, join(directory, 'absent'))).rejects.toThrow(/no service account: ENOENT/);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
