/** Migrations rehearsed: two labs, one per engine, every connection measured on both, then the patches. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listNetns } from '@weir/kernel';
import { runProgram } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
