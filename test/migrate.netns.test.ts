/** Migrations rehearsed: two labs, one per engine, every connection measured on both, then the patches. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { planRehearsal } from '@weir/analyze';
import { listNetns } from '@weir/kernel';
import { engineProfiles } from '@weir/model';
import { formatAddress, parseAddress } from '@weir/net';
import { loadSnapshot } from '@weir/snapshot';
import { runProgram, shopObjects } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { faultsOfLab } from '../packages/cli/src/actions/rehearsal-faults.ts';
import { RehearsalLab } from '../packages/cli/src/actions/rehearsal-lab.ts';
import { isUnexpected, rehearseFlows } from '../packages/cli/src/actions/rehearsal-probes.ts';
import { Output } from '../packages/cli/src/output.ts';
import { faultsOf } from './schemas/published-schema.ts';

const bin = join(import.meta.dirname, '..', 'packages', 'cli', 'bin', 'weir.js');

let directory = '';
let env: Readonly<Record<string, string>> = {};
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-migrate-'));
  env = { WEIR_STATE_DIR: join(directory, 'state'), WEIR_RUN_DIR: join(directory, 'run') };
  writeFileSync(join(directory, 'shop.yaml'), manifests);
  writeFileSync(join(directory, 'mixed.yaml'), mixed);
});
afterAll(async () => {
  // Only where a test failed is there something to remove.
  await runProgram(process.execPath, [bin, 'down', '--all'], { env });
  rmSync(directory, { recursive: true, force: true });
});

const workload = (name: string, port: number, namespace = 'shop'): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  replicas: ${name === 'db' ? 2 : 1}
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: main, image: registry.example/${name}, ports: [{ containerPort: ${port} }] }] }
---`;

/** The blocks are those of the addresses that pods without one are assumed to have: 10.224.1.0 and on, nodes 10.224.0.4 and 5. */
const manifests = `
${workload('api', 80)}${workload('db', 5432)}${workload('probe', 9090, 'monitoring')}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: api-egress, namespace: shop }
spec:
  podSelector: { matchLabels: { app: api } }
  policyTypes: [Egress]
  egress: [{ to: [{ ipBlock: { cidr: 10.224.0.0/16, except: [10.224.0.0/24] } }], ports: [{ port: 5432 }, { port: 9090 }] }]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db-ingress, namespace: shop }
spec:
  podSelector: { matchLabels: { app: db } }
  ingress: [{ from: [{ podSelector: { matchLabels: { app: api } } }] }]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: probe-ingress, namespace: monitoring }
spec:
  podSelector: { matchLabels: { app: probe } }
  ingress: [{ from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: shop } } }, { ipBlock: { cidr: 198.51.100.0/24 } }] }]
---
apiVersion: v1
kind: Service
metadata: { name: probe, namespace: monitoring }
spec: { type: LoadBalancer, selector: { app: probe }, ports: [{ port: 80, targetPort: 9090, nodePort: 30990 }] }
---
apiVersion: v1
kind: Service
metadata: { name: probe-local, namespace: monitoring }
spec: { type: NodePort, externalTrafficPolicy: Local, selector: { app: probe }, ports: [{ port: 80, targetPort: 9090, nodePort: 30991 }] }
`;

/** A dump of a cluster with a Windows node. */
const mixed = `
apiVersion: v1
kind: Node
metadata: { name: linux1, labels: { kubernetes.io/os: linux } }
status: { addresses: [{ type: InternalIP, address: 10.50.0.4 }] }
---
apiVersion: v1
kind: Node
metadata: { name: win1, labels: { kubernetes.io/os: windows } }
status: { addresses: [{ type: InternalIP, address: 10.50.0.5 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { nodeName: linux1, containers: [{ name: main, image: registry.example/web, ports: [{ containerPort: 80 }] }] }
status: { phase: Running, podIP: 10.50.1.2, podIPs: [{ ip: 10.50.1.2 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: iis, namespace: shop, labels: { app: iis } }
spec: { nodeName: win1, containers: [{ name: main, image: registry.example/iis, ports: [{ containerPort: 8080, name: http }] }] }
status: { phase: Running, podIP: 10.50.2.2, podIPs: [{ ip: 10.50.2.2 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: iis-ingress, namespace: shop }
spec:
  podSelector: { matchLabels: { app: iis } }
  ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }], ports: [{ port: http }] }]
`;

interface Flow {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
}
interface Report {
  readonly objects: readonly { readonly name: string }[];
  readonly rehearsal: {
    readonly pods: number;
    readonly engines: readonly {
      readonly engine: string;
      readonly tried: number;
      readonly disagreements: readonly Flow[];
      readonly faults: readonly string[];
    }[];
    readonly limits: readonly string[];
    readonly changed: { readonly lost: readonly Flow[]; readonly gained: readonly Flow[] };
    readonly patched: {
      readonly lost: readonly Flow[];
      readonly gained: readonly Flow[];
      readonly disagreements: readonly Flow[];
      readonly faults: readonly string[];
    };
  };
}

const rehearse = (from: string, to: string, manifestsFile = 'shop.yaml'): readonly string[] => [
  'migrate',
  '--from',
  from,
  '--to',
  to,
  '--manifests',
  join(directory, manifestsFile),
  '--rehearse',
  '-o',
  'json',
];

/** The namespaces that the clusters which the run names have left. */
function remains(stderr: string): string[] {
  const clusters = [...stderr.matchAll(/making cluster "([^"]+)"/g)].map(([, name = '']) => name);
  expect(clusters).toHaveLength(2);
  return listNetns().filter((netns) => clusters.some((name) => netns.startsWith(`weir-${name}-`)));
}

const names = (flows: readonly Flow[]): string[] =>
  flows.map(({ source, destination, port }) => `${source} → ${destination} ${port}`).sort();

/** Pods that a block means no longer with Cilium, on both ports of the rule: a port that nobody serves answers, too. */
const lostPods = ['monitoring/probe-0', 'shop/db-0', 'shop/db-1'].flatMap((pod) => [
  `shop/api-0 → ${pod} 5432`,
  `shop/api-0 → ${pod} 9090`,
]);

/** A service is judged by what it stands for. */
const lostServices = ['probe', 'probe-local'].map((name) => `shop/api-0 → service monitoring/${name} 80`);

/** Two labs are made, filled and tried; that takes half a minute where nothing else runs. */
const generousMs = 400_000;

describe('a rehearsal', { timeout: generousMs }, () => {
  it.each([
    {
      from: 'azure',
      to: 'cilium',
      objects: ['api-egress', 'probe'],
      // The own node, which Azure NPM never keeps a pod from, on every port that is tried, and by ICMP.
      ownNodePorts: [0, 9, 80, 5432, 9090],
      // What the node of the pod translates goes past policies with Azure NPM.
      lostOutside: ['192.0.2.10 outside → service monitoring/probe at node node2 30990'],
      gained: ['192.0.2.10 outside → monitoring/probe-0 9090', '192.0.2.10 outside → service monitoring/probe-local at node node2 30991'],
    },
    { from: 'calico', to: 'cilium', objects: ['api-egress'], ownNodePorts: [], lostOutside: [], gained: [] },
  ] as const)(
    'from $from to $to measures what was computed, services and addresses outside among it, and that the patches let no connection be lost',
    async ({ from, to, objects: changed, ownNodePorts, lostOutside, gained }) => {
      const { stdout, stderr, code } = await runProgram(process.execPath, [bin, ...rehearse(from, to)], { env });
      expect(code, stderr).toBe(1);
      expect(remains(stderr)).toEqual([]);
      const { objects, rehearsal } = JSON.parse(stdout) as Report;
      expect(faultsOf('migrate', JSON.parse(stdout))).toEqual([]);
      expect(objects.map(({ name }) => name)).toEqual(changed);
      expect(rehearsal.engines.map(({ engine, disagreements }) => ({ engine, disagreements }))).toEqual([
        { engine: from, disagreements: [] },
        { engine: to, disagreements: [] },
      ]);
      expect(rehearsal.engines[0]?.tried).toBeGreaterThan(40);
      const own = ownNodePorts.map((port) => `shop/api-0 → node node1 ${port}`);
      expect(names(rehearsal.changed.lost)).toEqual([...lostPods, ...own, ...lostServices, ...lostOutside].sort());
      expect(rehearsal.changed.gained).toEqual([]);
      // Nodes are let through by policies of Cilium's own kind.
      expect(rehearsal.patched.lost).toEqual([]);
      expect(rehearsal.patched.disagreements).toEqual([]);
      expect([...rehearsal.engines, rehearsal.patched].flatMap(({ faults }) => faults)).toEqual([]);
      expect(names(rehearsal.patched.gained)).toEqual(gained);
    },
  );

  it('of a cluster with a Windows node measures what was computed on it, too', async () => {
    const { stdout, stderr, code } = await runProgram(process.execPath, [bin, ...rehearse('azure', 'calico', 'mixed.yaml')], { env });
    expect(code, stderr).toBe(1);
    expect(remains(stderr)).toEqual([]);
    const { rehearsal } = JSON.parse(stdout) as Report;
    expect(rehearsal.engines.flatMap(({ disagreements }) => disagreements)).toEqual([]);
    // Azure NPM never enforced the policy; Calico closes the pod, and with the number in place of the name lets that port in.
    const { lost } = rehearsal.changed;
    expect(names(lost).filter((name) => name.startsWith('shop/web'))).toEqual(
      [80, 8080, 9, 9, 0].map((port) => `shop/web → shop/iis ${port}`).sort(),
    );
    expect(lost.every(({ destination }) => destination === 'shop/iis')).toBe(true);
    expect(names(rehearsal.patched.lost)).not.toContain('shop/web → shop/iis 8080');
    expect(names(rehearsal.patched.lost)).toContain('shop/web → shop/iis 80');
    expect(rehearsal.patched.disagreements).toEqual([]);
    expect(rehearsal.patched.gained).toEqual([]);
    expect(rehearsal.limits).toContainEqual(expect.stringMatching(/^Windows itself: its nodes are emulated/));
  });

  it('tells what its lab lacks, and holds what it measures against the manifests', async () => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const { namespace, node, pod, policy, service } = shopObjects;
    const objects = [
      namespace('shop'),
      node('n1', '10.50.0.4'),
      pod('web', { ip: '10.50.1.2', node: 'n1', ports: [{ containerPort: 80 }] }),
      pod('db', { ip: '10.50.1.3', node: 'n1', ports: [{ containerPort: 5432 }] }),
      policy('closed', { podSelector: { matchLabels: { app: 'db' } } }),
      service('web', { selector: { app: 'web' }, ports: [{ port: 8080, targetPort: 80 }] }),
    ];
    const meant = loadSnapshot(objects, { profile: engineProfiles.calico });
    const plan = planRehearsal({ objects, before: meant, after: meant, from: 'calico', to: 'calico' });
    // The faults: a service that selects nobody, and a policy that never comes.
    const services = plan.services.map((each) => ({ ...each, spec: { ...each.spec, selector: { app: 'nobody' } } }));
    const output = new Output({ format: 'json', quiet: true, colour: false, stdout: new PassThrough(), stderr: new PassThrough() });
    const { signal } = new AbortController();
    const name = `rehearsal-${process.pid}`;
    const made = { name, engine: 'calico', dualStack: false, expandsUnsupported: false, output, signal } as const;
    // The second is among the addresses of the lab's services, the third nobody's.
    const hosts = ['203.0.113.9', '10.0.3.4', '127.1.2.3'].flatMap((text) => parseAddress(text) ?? []);
    const lab = await RehearsalLab.up({ ...made, plan: { ...plan, services, hosts } });
    try {
      expect(lab.hosts.map(({ address }) => formatAddress(address))).toEqual(['203.0.113.9']);
      const inLab = await lab.snapshot();
      expect(faultsOfLab({ plan, meant, lab: inLab, families: lab.families })).toEqual([
        'service shop/web does not lead to shop/web port 80',
        'NetworkPolicy shop/closed is not there',
      ]);
      const traffic = { meant, lab: inLab, ends: new Set(['shop/web', 'shop/db', 'n1']), services: new Set(['shop/web']), hosts: [] };
      const flows = await rehearseFlows({ ...traffic, name, timeoutMs: 500, output, signal });
      const unexpected = flows.filter(isUnexpected);
      expect(unexpected).toContainEqual(
        expect.objectContaining({
          source: 'shop/web',
          destination: 'shop/db',
          port: 5432,
          computed: 'deny',
          inLab: 'allow',
          measured: 'allow',
        }),
      );
      expect(unexpected).toContainEqual(
        expect.objectContaining({ source: 'shop/db', destination: 'service shop/web', port: 8080, computed: 'allow', measured: 'deny' }),
      );
      expect(unexpected.every(({ destination }) => destination === 'shop/db' || destination === 'service shop/web')).toBe(true);
    } finally {
      await lab.down();
      vi.unstubAllEnvs();
    }
    expect(listNetns().filter((netns) => netns.startsWith(`weir-${name}-`))).toEqual([]);
  });

  it('that is interrupted takes both labs down', async () => {
    const child = spawn(process.execPath, [bin, ...rehearse('calico', 'cilium')], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    let isSent = false;
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      // Both are being made, and one has begun.
      if (isSent || (stderr.match(/making cluster/g) ?? []).length < 2 || !stderr.includes('waiting for')) return;
      isSent = true;
      child.kill('SIGINT');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(stderr).toContain('interrupted: both labs are taken down');
    expect(code).toBe(1);
    expect(remains(stderr)).toEqual([]);
  });
});
