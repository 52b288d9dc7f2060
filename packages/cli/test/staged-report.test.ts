/** `weir staged report` on files, as people run it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runWeir } from './run-weir.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-staged-'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const world = `
apiVersion: v1
kind: Pod
metadata: { name: client, namespace: demo, uid: c }
spec: { nodeName: n1, containers: [{ name: c, image: x }] }
status: { podIP: 10.0.0.1 }
---
apiVersion: v1
kind: Pod
metadata: { name: server, namespace: demo, uid: s, labels: { app: server } }
spec: { nodeName: n1, containers: [{ name: c, image: x }] }
status: { podIP: 10.0.0.2 }
---
apiVersion: projectcalico.org/v3
kind: StagedNetworkPolicy
metadata: { name: closed, namespace: demo }
spec: { selector: "app == 'server'", types: [Ingress] }
`;

it('weir staged report tells what a staged policy would take away, of all flows and of those in a flow log, and exits with 1', async () => {
  writeFileSync(join(directory, 'world.yaml'), world);
  const seen = {
    time: '2026-01-01T00:00:00Z',
    source: { ip: '10.0.0.1', port: 4000 },
    destination: { ip: '10.0.0.2', port: 80 },
    protocol: 'TCP',
  };
  writeFileSync(join(directory, 'flows.jsonl'), `${JSON.stringify(seen)}\n{"dropped":{"rate":1}}\nnot a flow\n`);
  const args = [
    'staged',
    'report',
    '--profile',
    'calico',
    '--manifests',
    join(directory, 'world.yaml'),
    '--flows',
    join(directory, 'flows.jsonl'),
  ];
  const result = await runWeir(args, { env: { WEIR_STATE_DIR: join(directory, 'state'), WEIR_RUN_DIR: join(directory, 'run') } });
  expect(result.code).toBe(1);
  expect(result.stdout).toContain('StagedNetworkPolicy demo/closed');
  expect(result.stdout).toContain('1 of 1 observed flow would be judged otherwise');
  expect(result.stdout).toContain('10.0.0.1 → 10.0.0.2:80: allow now, deny then');
  expect(result.stderr).toContain('1 line is no flow and passed over; the first is line 3');
});

it('weir staged report judges workloads of manifests at addresses that it assumes, and says so', async () => {
  const workload = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: server, namespace: demo }
spec: { selector: { matchLabels: { app: server } }, template: { metadata: { labels: { app: server } }, spec: { containers: [{ name: c }] } } }
---${world.split('---')[2]}`;
  const { code, stdout, stderr } = await runWeir(['staged', 'report', '--manifests', '-'], { input: workload });
  expect(code).toBe(1);
  expect(stdout).toContain('→ demo/server-0: all traffic');
  expect(stderr).toContain('1 pod has no address: assumed are addresses of 10.224.0.0/16');
});
