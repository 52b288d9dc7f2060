import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finished } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWeir } from './run-weir.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-cli-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const weir = (args: readonly string[], input?: string): Promise<Finished> =>
  runWeir(args, {
    env: { WEIR_STATE_DIR: join(directory, 'state'), WEIR_RUN_DIR: join(directory, 'run') },
    ...(input === undefined ? {} : { input }),
  });

const manifest = (clientLabels: string): string => `
apiVersion: v1
kind: Namespace
metadata: { name: demo }
---
apiVersion: v1
kind: Pod
metadata: { name: server, namespace: demo, labels: { app: server } }
spec: { containers: [{ name: s, image: agnhost, ports: [{ containerPort: 80 }] }] }
status: { podIP: 10.224.1.2, podIPs: [{ ip: 10.224.1.2 }], phase: Running }
---
apiVersion: v1
kind: Pod
metadata: { name: client, namespace: demo, labels: ${clientLabels} }
spec: { containers: [{ name: c, image: agnhost }] }
status: { podIP: 10.224.1.3, podIPs: [{ ip: 10.224.1.3 }], phase: Running }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: demo-policy, namespace: demo }
spec:
  podSelector: { matchLabels: { app: server } }
  ingress:
  - from: [{ podSelector: { matchLabels: { app: client } } }]
    ports: [{ port: 80 }]
`;

describe('weir', () => {
  it('prints its commands with --help', async () => {
    const { code, stdout } = await weir(['--help']);
    expect(code).toBe(0);
    for (const command of [
      'up',
      'down',
      'status',
      'env',
      'demo',
      'why',
      'matrix',
      'engine',
      'agent',
      'az',
      'calicoctl',
      'lab',
      'completion',
    ])
      expect(stdout).toContain(`\n  ${command} `);
    expect(stdout).not.toContain('supervise');
  });

  it.each([
    ['up', ['--help']],
    ['why', ['--help']],
    ['agent', ['run', '--help']],
    ['lab', ['host', 'add', '--help']],
  ])('prints usage, options and exit codes of %s', async (command, rest) => {
    const { code, stdout } = await weir([command, ...rest]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: weir /);
    expect(stdout).toContain('Exit codes:');
  });

  it.each([
    'up',
    'down',
    'status',
    'env',
    'shell',
    'demo',
    'why',
    'matrix',
    'completion',
    'version',
    'agent run',
    'agent cleanup',
    'agent dump',
    'agent health',
    'lab host add',
    'lab host list',
    'lab host remove',
  ])('shows examples of %s', async (command) => {
    expect((await weir([...command.split(' '), '--help'])).stdout).toMatch(/\nExamples:\n {2}\S/);
  });

  it.each([
    [['statsu'], "did you mean 'status'?"],
    [['why', 'a'], 'takes SRC DST PORT[/PROTO]'],
    [['why', 'a/b', 'c/d', '99999', '--manifests', join(import.meta.dirname, '../../../examples/three-tier')], "'99999' is no port"],
    [['up', '--nodes', 'three'], "--nodes is a whole number of at least 1, not 'three'"],
    [['up', '--name', 'Not_A_Name'], 'Not_A_Name'],
    [['matrix', '--output', 'xml'], '--output is one of table, json'],
    [
      ['matrix', '--direction', 'egress', '--manifests', join(import.meta.dirname, '../../../examples/three-tier')],
      '--direction goes with --focus',
    ],
    [['matrix', '--port', 'icmp/8', '--manifests', join(import.meta.dirname, '../../../examples/three-tier')], 'write icmp'],
    [['agent', 'run', '--node', 'n1'], '--kubeconfig: it is needed'],
    [['why', 'a', 'b', '80', '--manifests', 'no-such-file.yaml'], 'no-such-file.yaml'],
    [['up', '--no-such-option'], '--no-such-option'],
    [['up', '--nodes', '251'], 'a cluster has 1 to 250 nodes, not 251'],
    [['lab', 'host', 'add', 'ext1'], 'needs at least one --ip ADDRESS'],
    [['lab', 'host', 'add', 'ext1', '--ip', '203.0.113.10', '--serve', '70000'], "'70000' is no port"],
    [['lab', 'host', 'add', 'ext1', '--ip', '203.0.113.10', '--serve', '80/sctp'], 'a host serves TCP and UDP ports'],
    [['completion', 'tcsh'], 'it is one of bash, zsh, fish'],
  ])('answers %j with one clear error and exit code 2', async (args, words) => {
    const { code, stdout, stderr } = await weir(args);
    expect(stderr).toContain(words);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('names file, line and column of a manifest that cannot be read', async () => {
    const { code, stderr } = await weir(['why', 'a/b', 'c/d', '80', '--manifests', '-'], 'kind: Pod\n  bad: [\n');
    expect(code).toBe(2);
    expect(stderr).toMatch(/standard input:\d+:\d+: /);
  });

  it('answers 3 when what was asked for does not exist', async () => {
    expect((await weir(['down', '--name', 'nobody'])).code).toBe(3);
    for (const command of ['env', 'status', 'lab host list', 'lab host remove ext1', 'lab host add ext1 --ip 203.0.113.10'])
      expect(await weir([...command.split(' '), '--name', 'nobody'])).toMatchObject({ code: 3, stdout: '' });
    expect((await weir(['agent', 'health', '--gate-socket', join(directory, 'none.sock')])).code).toBe(3);
    expect((await weir(['why', 'demo/nobody', 'demo/server', '80', '--manifests', '-'], manifest('{}'))).code).toBe(3);
  });

  it('explains a flow from manifests: the isolating policy and the label that would match', async () => {
    const { code, stdout } = await weir(['why', 'client', 'server', '80', '--manifests', '-'], manifest('{ run: client }'));
    expect(code).toBe(0);
    expect(stdout).toContain('deny: ');
    expect(stdout).toContain('demo-policy');
    expect(stdout).toContain('app=client');
  });

  it('answers a denied flow with exit code 1 where --fail-on denied asks for it', async () => {
    const args = ['why', 'demo/client', 'demo/server', '80', '--manifests', '-', '--fail-on', 'denied', '-o', 'json'];
    const denied = await weir(args, manifest('{}'));
    expect(denied.code).toBe(1);
    expect(JSON.parse(denied.stdout)).toMatchObject({
      verdict: 'deny',
      source: { pod: 'demo/client', ip: '10.224.1.3' },
      destination: { pod: 'demo/server', ip: '10.224.1.2' },
      protocol: 'TCP',
      port: 80,
      egress: { verdict: 'allow', isolatedBy: [], decidedBy: { reason: 'no policy' } },
      ingress: { verdict: 'deny', decidedBy: { reason: 'end of tier' } },
    });
    const allowed = await weir(args, manifest('{ app: client }'));
    expect(allowed.code).toBe(0);
    expect(JSON.parse(allowed.stdout)).toMatchObject({
      verdict: 'allow',
      ingress: { decidedBy: { reason: 'rule', name: 'demo-policy', rule: 0 } },
    });
  });

  it('computes the matrix of all pairs', async () => {
    const { code, stdout } = await weir(['matrix', '--manifests', '-', '-o', 'json'], manifest('{}'));
    expect(code).toBe(0);
    const { ports, cells } = JSON.parse(stdout) as { ports: string[]; cells: { source: string; destination: string; computed: string }[] };
    expect(ports).toEqual(['80/TCP']);
    const outcome = (source: string, destination: string): string | undefined =>
      cells.find((cell) => cell.source === source && cell.destination === destination)?.computed;
    expect(outcome('demo/client', 'demo/server')).toBe('deny');
    expect(outcome('demo/server', 'demo/client')).toBe('allow');
    expect(outcome('demo/server', 'demo/server')).toBe('allow');
  });

  it('shows who can talk to whom by classes, with ports as ranges, blocks outside and services', async () => {
    const service = `
---
apiVersion: v1
kind: Service
metadata: { name: front, namespace: demo }
spec: { type: LoadBalancer, selector: { app: server }, ports: [{ port: 8080, targetPort: 80 }] }`;
    const input = manifest('{ app: client }') + service;
    const { stdout } = await weir(['matrix', '--manifests', '-'], input);
    expect(stdout).toMatch(/^demo\/client +demo\/server +TCP 80$/m);
    expect(stdout).toMatch(/^demo\/server +demo\/client +all traffic$/m);
    expect(stdout).toMatch(/^demo\/front 8080\/TCP +demo\/server 80 +demo\/client$/m);
    expect(stdout).toMatch(/^LoadBalancer demo\/front +service demo\/front 8080\/TCP +nobody +externalTrafficPolicy/m);
    const json = await weir(['matrix', '--manifests', '-', '-o', 'json', '--focus', 'demo/server', '--direction', 'ingress'], input);
    expect((JSON.parse(json.stdout) as { connections: object[] }).connections).toEqual([
      expect.objectContaining({
        from: 'demo/client',
        to: 'demo/server',
        traffic: 'TCP 80',
        protocols: [{ protocol: 'TCP', ports: [{ first: 80, last: 80 }] }],
      }),
    ]);
    expect(await weir(['matrix', '--manifests', '-', '--focus', 'demo/nobody'], input)).toMatchObject({ code: 3, stdout: '' });
  });

  it('computes the matrix of each family that pods have, with numbered columns where names are too wide', async () => {
    const pod = (i: number): string => `
---
apiVersion: v1
kind: Pod
metadata: { name: a-rather-long-name-${i}, namespace: demo, labels: { app: server } }
spec: { containers: [{ name: s, image: agnhost }] }
status: { podIP: 10.224.2.${i}, podIPs: [{ ip: 10.224.2.${i} }, { ip: 'fd00::${i}' }], phase: Running }`;
    const input = manifest('{ app: client }') + [1, 2, 3, 4, 5, 6].map(pod).join('\n');
    const { stdout } = await weir(['matrix', '--manifests', '-', '--port', '80'], input);
    expect(stdout).toMatch(/^80\/TCP over IPv4\n# +FROM \\ TO +1 +2 +3/);
    expect(stdout).toContain('80/TCP over IPv6');
    const { cells } = JSON.parse((await weir(['matrix', '--manifests', '-', '--port', '80', '-o', 'json'], input)).stdout) as {
      cells: { family: number; source: string }[];
    };
    expect(new Set(cells.filter(({ family }) => family === 6).map(({ source }) => source)).size).toBe(6);
    expect(new Set(cells.filter(({ family }) => family === 4).map(({ source }) => source)).size).toBe(8);
  });

  it('compares the engines of AKS as a table, as Markdown and as JSON', async () => {
    const [table, markdown, json] = await Promise.all(['table', 'md', 'json'].map((format) => weir(['engine', 'compare', '-o', format])));
    expect(table?.stdout).toMatch(/^FEATURE +Azure Network Policy +Calico +Cilium +WEIR$/m);
    expect(markdown?.stdout).toMatch(/^\| IPv6 \| not supported \|/m);
    expect(JSON.parse(json?.stdout ?? '')).toMatchObject({ engines: ['azure', 'calico', 'cilium'], rows: expect.any(Array) });
  });

  it('recommends the engine that fits, and answers 1 when none does', async () => {
    const fits = await weir(['engine', 'recommend', '--manifests', join(import.meta.dirname, '../../../examples/three-tier')]);
    expect(fits).toMatchObject({ code: 0, stdout: expect.stringMatching(/^cilium: the article recommends Cilium/) });
    const node = 'apiVersion: v1\nkind: Node\nmetadata: { name: w, labels: { kubernetes.io/os: windows } }\n';
    const cilium = 'apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: { name: c, namespace: x }\n';
    const none = await weir(['engine', 'recommend', '--manifests', '-'], `${node}---\n${cilium}`);
    expect(none).toMatchObject({ code: 1, stdout: expect.stringMatching(/^none: no engine can do all/) });
  });

  it('judges what Windows lacks as it is told that agents there enforce it', async () => {
    const pod = (name: string) => `---
apiVersion: v1
kind: Pod
metadata: { namespace: x, name: ${name}, labels: { app: ${name} } }
spec: { nodeSelector: { kubernetes.io/os: windows }, containers: [{ name: s, image: agnhost }] }
status: { podIP: 10.224.2.${name.length}, phase: Running }`;
    const negative = 'matchExpressions: [{ key: app, operator: NotIn, values: [enemy] }]';
    const input = `${pod('server')}
${pod('friend2')}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { namespace: x, name: but-enemies }
spec: { podSelector: {}, ingress: [{ from: [{ podSelector: { ${negative} } }] }] }`;
    const verdict = async (...more: string[]): Promise<unknown> => {
      const { stdout } = await weir(['why', 'x/friend2', 'x/server', '80', '--manifests', '-', '-o', 'json', ...more], input);
      return (JSON.parse(stdout) as { verdict: string }).verdict;
    };
    expect(await verdict()).toBe('deny');
    expect(await verdict('--windows-expand-unsupported')).toBe('allow');
    expect(await verdict('--profile', 'calico')).toBe('allow');
  });

  it('completes commands, options and values', async () => {
    expect((await weir(['completion', 'words', '--', 'stat'])).stdout.trim()).toBe('status');
    expect((await weir(['completion', 'words', '--', 'sta'])).stdout.trim().split('\n')).toEqual(['status', 'staged']);
    expect((await weir(['completion', 'words', '--', 'lab', 'host', ''])).stdout.trim().split('\n')).toEqual(['add', 'list', 'remove']);
    expect((await weir(['completion', 'words', '--', 'up', '--no'])).stdout).toContain('--nodes');
    expect((await weir(['completion', 'words', '--', 'up', '--engine', 'k'])).stdout.trim()).toBe('kubernetes');
    expect((await weir(['completion', 'words', '--', 'az', 'aks', 'nodepool', 'up'])).stdout.trim().split('\n')).toEqual([
      'update',
      'upgrade',
    ]);
    for (const shell of ['bash', 'zsh', 'fish']) expect((await weir(['completion', shell])).code).toBe(0);
  });

  it('lists no clusters where none are', async () => {
    const { code, stdout } = await weir(['status']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'no clusters; make one with: weir up\n' });
    expect((await weir(['status', '-o', 'json'])).stdout.trim()).toBe('[]');
  });
});
