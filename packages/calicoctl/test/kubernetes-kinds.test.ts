/** What `weir calicoctl` shows of objects of Kubernetes and of Calico's own settings, and what it writes of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../../apiserver/test/support/answer.ts';
import { type CalicoServer, startCalicoServer } from '../../lab/test/support/calico-server.ts';
import { runWords } from './support/run-words.ts';

let calico: CalicoServer;
const run = runWords(() => calico.server.kubeconfig());

const labels = { 'kubernetes.io/hostname': 'node-1' };
const pod = (name: string, spec: object, status: object, metadata: object = {}): object => ({
  metadata: { name, ...metadata },
  spec: { nodeName: 'node-1', containers: [{ name: 'c', image: 'i', ports: [{ name: 'web', containerPort: 80 }] }], ...spec },
  status,
});

beforeAll(async () => {
  calico = await startCalicoServer();
  const { server } = calico;
  const node = { metadata: { name: 'node-1', labels }, spec: { podCIDRs: ['10.244.0.0/24'] } };
  await made('/api/v1/nodes', node, 'node-1', { addresses: [{ type: 'InternalIP', address: '10.224.0.4' }] });
  const pods = '/api/v1/namespaces/default/pods';
  await made(pods, pod('web-1', {}, {}, { labels: { app: 'web' } }), 'web-1', {
    phase: 'Running',
    podIP: '10.244.0.2',
    podIPs: [{ ip: '10.244.0.2' }],
  });
  await made(pods, pod('over', {}, {}), 'over', { phase: 'Succeeded', podIP: '10.244.0.3', podIPs: [{ ip: '10.244.0.3' }] });
  await made(pods, pod('host', { hostNetwork: true }, {}), 'host', {
    phase: 'Running',
    podIP: '10.224.0.4',
    podIPs: [{ ip: '10.224.0.4' }],
  });
  await made(pods, pod('waiting', { nodeName: undefined }, {}), 'waiting', { phase: 'Pending' });
  expect((await server.request('GET', pods)).json['items']).toHaveLength(4);
});
afterAll(() => calico?.stop());

async function made(path: string, body: object, name: string, status: object): Promise<void> {
  const created = await calico.server.request('POST', path, { body });
  expect(created.status, JSON.stringify(created.json)).toBe(201);
  const written = await calico.server.request('PATCH', `${path}/${name}/status`, {
    body: { status },
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  expect(written.status, JSON.stringify(written.json)).toBe(200);
}

async function nodeInKubernetes(): Promise<Answer> {
  return (await calico.server.request('GET', '/api/v1/nodes/node-1')).json;
}

describe('workload endpoints', { timeout: 60_000 }, () => {
  const name = 'node--1-k8s-web--1-eth0';

  it('are the pods that have a node and a network of their own', async () => {
    expect((await run('get wep')).stdout).toBe(
      [
        'WORKLOAD   NODE     NETWORKS        INTERFACE         ',
        'over       node-1                   calicc7494e96e0   ',
        'web-1      node-1   10.244.0.2/32   cali0761ccbeace   ',
        '\n',
      ].join('\n'),
    );
    expect((await run('get workloadEndpoints -A -o custom-columns=WORKLOAD,ORCHESTRATOR')).stdout).toContain(
      'NAMESPACE   WORKLOAD   ORCHESTRATOR   \n',
    );
  });

  it('have the names, profiles, labels and ports that Calico makes of pods', async () => {
    const { stdout } = await run(`get wep ${name} -o json`);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'WorkloadEndpoint',
      metadata: { name, namespace: 'default', labels: { app: 'web', 'projectcalico.org/orchestrator': 'k8s' } },
      spec: {
        orchestrator: 'k8s',
        node: 'node-1',
        pod: 'web-1',
        endpoint: 'eth0',
        ipNetworks: ['10.244.0.2/32'],
        ports: [{ name: 'web', protocol: 'TCP', port: 80 }],
      },
    });
    const [heading = '', row = ''] = (await run(`get wep ${name} -o wide`)).stdout.split('\n');
    expect(heading.trim().split(/ +/)).toEqual(['NAME', 'WORKLOAD', 'NODE', 'NETWORKS', 'INTERFACE', 'PROFILES', 'NATS']);
    expect(row).toContain('kns.default');
  });

  it('are only read', async () => {
    expect((await run(`get wep nothing`)).stderr).toContain('resource does not exist: WorkloadEndpoint(default/nothing)');
    expect(await run(`label wep ${name} a=b`)).toMatchObject({
      code: 1,
      stderr: `operation update is not supported on WorkloadEndpoint(default/${name})\n`,
    });
    expect((await run(`delete wep ${name}`)).code).toBe(1);
    expect((await run(`get wep ${name} -A`)).stderr).toBe('cannot use --all-namespace flag for getting a single resource\n');
  });
});

describe('nodes', { timeout: 60_000 }, () => {
  it('get labels that Calico keeps for itself, beside those of Kubernetes', async () => {
    expect((await run('label nodes node-1 rack=a')).stdout).toBe('Successfully set label rack on nodes node-1\n');
    const { metadata } = await nodeInKubernetes();
    expect(metadata.labels).toEqual(labels);
    expect(metadata.annotations['projectcalico.org/labels']).toBe('{"rack":"a"}');
    const shown = JSON.parse((await run('get node node-1 -o json')).stdout) as object;
    expect(shown).toMatchObject({ metadata: { labels: { ...labels, rack: 'a' } }, status: { podCIDRs: ['10.244.0.0/24'] } });
    expect((await run('label nodes node-1 rack --remove')).stdout).toBe('Successfully removed label rack from nodes node-1\n');
    expect((await nodeInKubernetes()).metadata.annotations?.['projectcalico.org/labels']).toBeUndefined();
  });

  it('keep the labels of Kubernetes, and say so', async () => {
    const { code, stderr } = await run('label nodes node-1 kubernetes.io/hostname=other --overwrite');
    expect([code, stderr]).toEqual([1, expect.stringContaining('kubectl label node node-1')]);
    expect((await run('label nodes node-1 kubernetes.io/hostname --remove')).code).toBe(1);
    expect((await nodeInKubernetes()).metadata.labels).toEqual(labels);
  });

  it('take what BGP needs to know of them, where Calico looks for it', async () => {
    const patch = { spec: { bgp: { ipv4Address: '10.224.0.4/16', asNumber: 64_513 } } };
    expect((await run(['patch', 'node', 'node-1', '-p', JSON.stringify(patch)])).stdout).toBe("Successfully patched 1 'Node' resource\n");
    expect((await nodeInKubernetes()).metadata.annotations).toMatchObject({
      'projectcalico.org/IPv4Address': '10.224.0.4/16',
      'projectcalico.org/ASNumber': '64513',
    });
    expect((await run('get nodes -o wide')).stdout).toBe(
      'NAME     ASN     IPV4            IPV6   \nnode-1   64513   10.224.0.4/16          \n\n',
    );
    const { stdout } = await run('get node node-1 -o yaml');
    expect((await run('apply -f -', stdout)).stdout).toBe("Successfully applied 1 'Node' resource(s)\n");
  });

  it('are made and deleted by Kubernetes', async () => {
    expect((await run('delete node node-1')).stderr).toBe(
      "failed to delete 'Node' resource: operation delete is not supported on Node(node-1)\n",
    );
    expect((await run('create -f -', { apiVersion: 'projectcalico.org/v3', kind: 'Node', metadata: { name: 'node-2' } })).code).toBe(1);
  });
});

describe('settings of Calico', { timeout: 60_000 }, () => {
  const object = (kind: string, name: string, spec: object): object => ({
    apiVersion: 'projectcalico.org/v3',
    kind,
    metadata: { name },
    spec,
  });

  it.each([
    [
      object('IPPool', 'pool', { cidr: '192.0.2.0/24', natOutgoing: true, vxlanMode: 'Always', nodeSelector: 'all()' }),
      'pools',
      [
        ['NAME', 'CIDR', 'NAT', 'IPIPMODE', 'VXLANMODE', 'DISABLED', 'DISABLEBGPEXPORT', 'SELECTOR'],
        ['pool', '192.0.2.0/24', 'true', 'Never', 'Always', 'false', 'false', 'all()'],
      ],
    ],
    [
      object('IPReservation', 'kept', { reservedCIDRs: ['192.0.2.1', '192.0.2.2'] }),
      'reservation',
      [
        ['NAME', 'CIDRS'],
        ['kept', '192.0.2.1,192.0.2.2'],
      ],
    ],
    [
      object('BGPPeer', 'everywhere', { peerIP: '192.0.2.9', asNumber: 64_512 }),
      'bp',
      [
        ['NAME', 'PEERIP', 'NODE', 'ASN'],
        ['everywhere', '192.0.2.9', '(global)', '64512'],
      ],
    ],
    [
      object('BGPConfiguration', 'default', { logSeverityScreen: 'Info', nodeToNodeMeshEnabled: false }),
      'bgpconfig',
      [
        ['NAME', 'LOGSEVERITY', 'MESHENABLED', 'ASNUMBER'],
        ['default', 'Info', 'false', '-'],
      ],
    ],
    [
      object('BGPFilter', 'f', { exportV4: [{ action: 'Accept', matchOperator: 'In', cidr: '192.0.2.0/24' }] }),
      'bgpf',
      [
        ['NAME', 'NUMEXPORT', 'NUMIMPORT'],
        ['f', '1', '0'],
      ],
    ],
    [
      object('IPAMConfiguration', 'default', { strictAffinity: true, autoAllocateBlocks: true }),
      'ipamconfig',
      [
        ['NAME', 'STRICTAFFINITY', 'AUTOALLOCATEBLOCKS', 'MAXBLOCKSPERHOST'],
        ['default', 'true', 'true', '0'],
      ],
    ],
    [
      object('CalicoNodeStatus', 's', { node: 'node-1', classes: ['Agent', 'BGP'], updatePeriodSeconds: 10 }),
      'nodestatus',
      [
        ['NAME', 'NODE', 'CLASSES'],
        ['s', 'node-1', 'Agent,BGP'],
      ],
    ],
  ])('have the columns of calicoctl: %o', async (resource, kind, rows) => {
    const applied = await run('apply -f -', resource);
    expect(applied.stderr).toBe('');
    const { stdout } = await run(`get ${kind} -o wide`);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.trimEnd().split(/ {2,}/)),
    ).toEqual(rows);
  });

  it('show what the cluster says of itself, which nobody writes', async () => {
    const [heading = '', row = ''] = (await run('get clusterinfo')).stdout.split('\n');
    expect(heading.trim().split(/ +/)).toEqual(['NAME', 'CLUSTERGUID', 'CLUSTERTYPE', 'CALICOVERSION', 'DATASTOREREADY']);
    expect(row).toMatch(/v3\.30\.0 +true/);
    expect((await run('apply -f -', object('ClusterInformation', 'default', {}))).stderr).toContain('operation apply is not supported on');
  });

  it('show the pods that a staged policy of Kubernetes selects', async () => {
    const staged = { stagedAction: 'Set', podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'] };
    await run('apply -f -', object('StagedKubernetesNetworkPolicy', 'k', staged));
    expect((await run('get sknp -o wide')).stdout.split('\n')[1]).toBe(
      'k      &LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},}   ',
    );
  });
});
