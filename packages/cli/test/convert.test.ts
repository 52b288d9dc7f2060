/** `weir convert` on files, as people run it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseManifest } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWeir } from './run-weir.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-convert-'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function manifest(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const convert = (...args: readonly string[]): ReturnType<typeof runWeir> =>
  runWeir(['convert', ...args], { env: { WEIR_STATE_DIR: join(directory, 'state'), WEIR_RUN_DIR: join(directory, 'run') } });

const web = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: demo }
spec:
  podSelector: { matchLabels: { app: web } }
  ingress:
  - from: [{ namespaceSelector: { matchLabels: { team: a } }, podSelector: { matchExpressions: [{ key: tier, operator: NotIn, values: [db] }] } }]
    ports: [{ port: 80 }, { port: 8000, endPort: 8010 }]
`;

const ordered = `
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: first, namespace: demo }
spec: { order: 1, selector: "app == 'web'", ingress: [{ action: Allow }] }
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: deny, namespace: demo }
spec: { order: 2, selector: "app == 'web'", ingress: [{ action: Deny, protocol: ICMP }] }
`;

describe('weir convert', () => {
  it('writes a NetworkPolicy as a policy of Calico, and reads it back as the same', async () => {
    const calico = await convert('--manifests', manifest('web.yaml', web), '--to', 'calico');
    expect(calico).toMatchObject({ code: 0, stderr: '' });
    expect(parseManifest(calico.stdout, '-').documents.map(({ object }) => object)).toEqual([
      {
        apiVersion: 'projectcalico.org/v3',
        kind: 'NetworkPolicy',
        metadata: { name: 'web', namespace: 'demo' },
        spec: {
          tier: 'default',
          order: 1000,
          selector: 'app == "web"',
          types: ['Ingress'],
          ingress: [
            {
              action: 'Allow',
              protocol: 'TCP',
              source: { namespaceSelector: 'team == "a"', selector: 'tier != "db"' },
              destination: { ports: [80, '8000:8010'] },
            },
          ],
        },
      },
    ]);
    const back = await convert('--manifests', manifest('calico.yaml', calico.stdout), '--to', 'kubernetes', '-o', 'json');
    expect(JSON.parse(back.stdout)).toMatchObject([
      { of: 'NetworkPolicy demo/web', reasons: [], objects: [{ spec: { podSelector: { matchLabels: { app: 'web' } } } }] },
    ]);
  });

  it('leaves out what has no equal, says why for each, and exits with 1', async () => {
    const result = await convert('--manifests', manifest('ordered.yaml', ordered), '--to', 'kubernetes');
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('NetworkPolicy demo/first is left out: order: it is judged before or after NetworkPolicy deny');
    expect(result.stderr).toContain('NetworkPolicy demo/deny is left out: ingress[0]: its action is "deny"');
  });

  it('asks for the API to write for', async () => {
    const result = await convert('--manifests', manifest('web.yaml', web));
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('--to');
  });
});
