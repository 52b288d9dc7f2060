/** `weir suggest` on files, as people run it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseManifest } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWeir } from './run-weir.ts';

let directory: string;
let env: Record<string, string>;
let files: (...names: string[]) => string[];

const world = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec: { replicas: 2, template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: c, image: x }] } } }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db, namespace: shop }
spec: { template: { metadata: { labels: { app: db } }, spec: { containers: [{ name: c, image: x }] } } }
`;
const seen = JSON.stringify({
  time: '2026-01-31T12:00:00.000Z',
  node: 'n1',
  verdict: 'allow',
  source: { pod: 'shop/web-7d8f9-abcde', ip: '10.0.0.1', port: 40_000 },
  destination: { pod: 'shop/db-0', ip: '10.0.0.2', port: 5432 },
  protocol: 'TCP',
  ingress: { verdict: 'allow', isolatedBy: [], decidedBy: { reason: 'no policy', detail: 'not isolated' } },
});

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-suggest-'));
  env = { WEIR_STATE_DIR: join(directory, 'state'), WEIR_RUN_DIR: join(directory, 'run') };
  files = (...names) => names.map((name) => (name.includes('.') ? join(directory, name) : name));
  writeFileSync(join(directory, 'world.yaml'), world);
  writeFileSync(join(directory, 'flows.jsonl'), `${seen}\n`);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('weir suggest', () => {
  it('writes policies for the workloads of manifests from a log of their pods, and audits them against it', async () => {
    const { code, stdout, stderr } = await runWeir(
      files('suggest', '--manifests', 'world.yaml', '--flows', 'flows.jsonl', '--default-deny'),
      { env },
    );
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^2 policies from 1 connection\n[1-9]\d* pairs of ends that can talk now would no longer in full\n/),
    ]);
    const { documents } = parseManifest(stdout, 'out.yaml');
    expect(documents.map(({ object }) => object.metadata.name)).toEqual(['db', 'web', 'default-deny']);
    expect(stdout).toContain('    # shop/web: 1 connection, the last at 2026-01-31T12:00:00.000Z\n    - from:');
    writeFileSync(join(directory, 'policies.yaml'), stdout);
    const audit = await runWeir(
      files('suggest', '--audit', 'policies.yaml', '--manifests', 'world.yaml', '--flows', 'flows.jsonl', '--fail-on', 'denied'),
      { env },
    );
    expect([audit.code, audit.stdout]).toEqual([0, '0 of 1 connection would be denied\n']);
    writeFileSync(join(directory, 'closed.yaml'), stdout.replaceAll('port: 5432', 'port: 5433'));
    const closed = await runWeir(
      files('suggest', '--audit', 'closed.yaml', '--manifests', 'world.yaml', '--flows', 'flows.jsonl', '--fail-on', 'denied'),
      { env },
    );
    expect(closed.code).toBe(1);
    expect(closed.stdout).toContain(
      'shop/web → shop/db TCP/5432, 1 time at 2026-01-31T12:00:00.000Z\n    egress: no rule allows it, and it is isolated by',
    );
  });

  it('says what it cannot go by', async () => {
    const answers = await Promise.all([
      runWeir(files('suggest', '--manifests', 'world.yaml'), { env }),
      runWeir(files('suggest', '--manifests', 'world.yaml', '--flows', 'flows.jsonl', '--merge-cidr', '/2'), { env }),
      runWeir(files('suggest', '--flows', 'flows.jsonl', '-o', 'json'), { env }),
    ]);
    expect(answers.map(({ code }) => code)).toEqual([2, 2, 0]);
    expect(answers[0]?.stderr).toContain('manifests tell of no flows: give a recorded log with --flows');
    expect(answers[1]?.stderr).toContain('--merge-cidr is the length of a prefix');
    expect(JSON.parse(answers[2]?.stdout ?? '')).toMatchObject({ policies: [], withoutWords: [{ source: 'shop/web-7d8f9-abcde' }] });
  });
});
