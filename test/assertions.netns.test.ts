/** `weir test --real`: assertions tried on the kernel, in a cluster made of manifests and in one that is there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listNetns } from '@weir/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultsOf } from './schemas/published-schema.ts';
import { LabCluster } from './support/lab-cluster.ts';

const manifests = `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { containers: [{ name: c, image: registry.k8s.io/pause:3.10 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: db, namespace: shop, labels: { app: db } }
spec: { containers: [{ name: c, image: registry.k8s.io/pause:3.10, ports: [{ containerPort: 3868, protocol: SCTP }] }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec: { podSelector: { matchLabels: { app: db } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }], ports: [{ port: 5432 }, { port: 3868, endPort: 3870, protocol: SCTP }] }] }
`;

const tests = `manifests: shop.yaml
tests:
- { name: the database is reached, from: shop/web, to: shop/db, port: 5432, expect: allow }
- { name: and nothing else there, from: shop/web, to: shop/db, port: 22, expect: deny }
- { name: nobody outside, from: 203.0.113.10, to: shop/db, port: 5432, expect: deny }
- { name: by no other protocol, from: shop/web, to: shop/db, port: 5432/SCTP, expect: deny }
- { name: but by SCTP on its own ports, from: shop/web, to: shop/db, ports: [3868/SCTP, 3870/SCTP], expect: allow }
- { name: and by SCTP from nobody outside, from: 203.0.113.10, to: shop/db, port: 3868/SCTP, expect: deny }
- { name: whom nobody pings, from: shop/web, to: shop/db, port: icmp/8, expect: deny }
- { name: but who pings, from: shop/db, to: shop/web, port: icmp/8, expect: allow }
- { name: and asks for no time, from: shop/web, to: shop/db, port: icmp/13, expect: deny }
`;

interface Report {
  readonly real: readonly {
    readonly tried: number;
    readonly disagreements: readonly unknown[];
    readonly untriedAssertions: readonly string[];
  }[];
}

let cluster: LabCluster;
let directory = '';
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-assertions-'));
  writeFileSync(join(directory, 'shop.yaml'), manifests);
  writeFileSync(join(directory, 'shop.weir-test.yaml'), tests);
  // Nothing enforces policies here: the kernel lets through what they deny.
  cluster = await LabCluster.up({ nodes: 1, standIn: true, more: ['--engine', 'none'] });
  await cluster.kubectlOutput('apply -f -', manifests);
  await cluster.kubectlOutput('wait --for=condition=Ready pod --all -n shop --timeout=30s');
});
afterAll(async () => {
  await cluster?.down();
  rmSync(directory, { recursive: true, force: true });
});

describe('assertions tried on the kernel', { timeout: 300_000 }, () => {
  it('do what was computed in a lab that is made of the manifests, and is gone afterwards', async () => {
    const { stdout, stderr, code } = await cluster.weir(['test', directory, '--real', '-o', 'json']);
    expect(code, stderr).toBe(0);
    expect(faultsOf('test', JSON.parse(stdout))).toEqual([]);
    expect((JSON.parse(stdout) as Report).real).toEqual([
      expect.objectContaining({ tried: 9, disagreements: [], untriedAssertions: ['and asks for no time'] }),
    ]);
    const [, name = ''] = /making cluster "([^"]+)"/.exec(stderr) ?? [];
    expect(name).toMatch(/^test-/);
    expect(listNetns().filter((netns) => netns.startsWith(`weir-${name}-`))).toEqual([]);
  });

  it('do so with policies of other APIs, whose blocks mean the same pods in a lab of the engine that has them elsewhere', async () => {
    const others = mkdtempSync(join(tmpdir(), 'weirt-assertions-'));
    try {
      writeFileSync(
        join(others, 'shop.yaml'),
        `${manifests}---
apiVersion: v1
kind: Node
metadata: { name: n1, labels: { rack: a } }
status: { addresses: [{ type: InternalIP, address: 10.60.0.4 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: log, namespace: shop, labels: { app: log } }
spec: { nodeName: n1, serviceAccountName: writer, containers: [{ name: c, image: registry.k8s.io/pause:3.10 }] }
status: { podIP: 10.50.1.7, podIPs: [{ ip: 10.50.1.7 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: disk, namespace: shop, labels: { app: disk } }
spec: { nodeName: n1, containers: [{ name: c, image: registry.k8s.io/pause:3.10 }] }
status: { podIP: 10.50.2.8, podIPs: [{ ip: 10.50.2.8 }] }
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: { name: no-ssh }
spec:
  priority: 10
  subject: { namespaces: {} }
  ingress: [{ name: database, action: Deny, from: [{ namespaces: {} }], ports: [{ portNumber: { protocol: TCP, port: 5432 } }] }]
  egress:
  - { name: disk, action: Deny, to: [{ networks: [10.50.2.0/24] }], ports: [{ portNumber: { protocol: TCP, port: 9000 } }] }
  - { name: nodes, action: Deny, to: [{ nodes: { matchLabels: { rack: a } } }], ports: [{ portNumber: { protocol: TCP, port: 9001 } }] }
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: web, namespace: shop }
spec: { endpointSelector: { matchLabels: { app: web } }, ingress: [{ fromEndpoints: [{ matchLabels: { app: db } }], toPorts: [{ ports: [{ port: "80", protocol: TCP }] }] }] }
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: { name: writers, labels: { role: writers } }
spec: { nets: [10.50.1.0/24, 203.0.113.0/24] }
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: disk, namespace: shop }
spec:
  selector: app == "disk"
  ingress:
  - { action: Deny, source: { serviceAccounts: { names: [writer] } }, protocol: TCP, destination: { ports: [8081] } }
  - { action: Allow, source: { selector: role == "writers", namespaceSelector: global() } }
`,
      );
      writeFileSync(
        join(others, 'shop.weir-test.yaml'),
        `manifests: shop.yaml
podRange: 10.70.0.0/16
tests:
- { name: administrators close the database, from: shop/web, to: shop/db, port: 5432, expect: deny }
- { name: the database asks the web, from: shop/db, to: shop/web, port: 80, expect: allow }
- { name: and nothing else, from: shop/db, to: shop/web, port: 81, expect: deny }
- { name: who has an address of the set writes, from: shop/log, to: shop/disk, port: 8080, expect: allow }
- { name: not where its account may not, from: shop/log, to: shop/disk, port: 8081, expect: deny }
- { name: others do not, from: shop/db, to: shop/disk, port: 8080, expect: deny }
- { name: nor at ports of administrators, from: shop/log, to: shop/disk, port: 9000, expect: deny }
- { name: nobody connects to the database there, from: shop/log, to: shop/db, port: 9001, expect: deny }
- { name: but no node of the rack, from: shop/web, to: node:n1, port: 9001, expect: deny }
- { name: from outside too, from: 203.0.113.10, to: shop/disk, port: 8080, expect: allow }
`,
      );
      const { stdout, stderr, code } = await cluster.weir(['test', others, '--real', '-o', 'json']);
      expect(code, stderr + stdout).toBe(0);
      expect((JSON.parse(stdout) as Report).real).toEqual([
        expect.objectContaining({ tried: 10, notTried: 0, disagreements: [], untriedAssertions: [] }),
      ]);
    } finally {
      rmSync(others, { recursive: true, force: true });
    }
  });

  it('are told apart from what was computed where a cluster does something else', async () => {
    const { stdout, code } = await cluster.weir(['test', directory, '--real', '--name', cluster.name, '--profile', 'kubernetes']);
    expect(stdout).toMatch(/^9 passed/m);
    expect(stdout).toContain(`Tried on the kernel in cluster ${cluster.name} as kubernetes: 7 connections, 4 as computed`);
    for (const traffic of ['TCP/22', 'SCTP/5432', 'ICMP type 8 code 0'])
      expect(stdout).toContain(`shop/web → shop/db ${traffic}: computed denied, tried: allowed`);
    expect(code).toBe(1);
  });
});
