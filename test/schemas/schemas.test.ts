/** docs/schemas says what commands print: the pages are made from the types, and what is printed is valid. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSchema, printed, strictSchemas } from './schemas.ts';

const root = join(import.meta.dirname, '..', '..');
const strict = strictSchemas();
const shop = join(root, 'examples', 'three-tier', 'shop.yaml');

/** A cluster with something of everything that the answers tell. */
const world = `
apiVersion: v1
kind: Node
metadata: { name: n1, labels: { kubernetes.io/os: linux } }
status: { addresses: [{ type: InternalIP, address: 10.224.0.4 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { nodeName: n1, containers: [{ name: c, image: i, ports: [{ name: http, containerPort: 80 }] }] }
status: { phase: Running, podIP: 10.244.0.8, podIPs: [{ ip: 10.244.0.8 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: api, namespace: shop, labels: { app: api } }
spec: { nodeName: n1, containers: [{ name: c, image: i, ports: [{ name: http, containerPort: 80 }] }] }
status: { phase: Running, podIP: 10.244.0.9, podIPs: [{ ip: 10.244.0.9 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: planned, namespace: shop }
spec: { replicas: 2, template: { metadata: { labels: { app: planned } }, spec: { containers: [{ name: c, image: i, ports: [{ containerPort: 80 }] }] } } }
---
apiVersion: v1
kind: Service
metadata: { name: api, namespace: shop }
spec: { type: NodePort, clusterIP: 10.0.0.10, selector: { app: api }, ports: [{ port: 8080, targetPort: http, nodePort: 30080 }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: api, namespace: shop }
spec: { rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: api, port: { number: 8080 } } } }] } }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: api, namespace: shop }
spec:
  podSelector: { matchLabels: { app: api } }
  policyTypes: [Ingress, Egress]
  ingress:
  - { from: [{ podSelector: { matchLabels: { app: wed } } }, { ipBlock: { cidr: 10.0.0.0/8, except: [10.244.0.0/16] } }], ports: [{ port: http }, { port: 9000, endPort: 9010 }] }
  - { from: [{ namespaceSelector: { matchLabels: { team: a } } }] }
  egress: [{ to: [{ ipBlock: { cidr: 0.0.0.0/0 } }] }]
`;
const staged = `
apiVersion: projectcalico.org/v3
kind: StagedNetworkPolicy
metadata: { name: close, namespace: shop }
spec: { tier: default, selector: app == 'web', types: [Ingress] }
`;
const flows = [
  {
    time: '2026-11-26T10:00:00Z',
    node: 'n1',
    verdict: 'allow',
    protocol: 'TCP',
    source: { pod: 'shop/web', ip: '10.244.0.8', port: 40_000 },
    destination: { pod: 'shop/api', ip: '10.244.0.9', port: 80 },
  },
];

let folder = '';
let files: Readonly<Record<'world' | 'staged' | 'flows', string>> = { world: '', staged: '', flows: '' };
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weirt-schemas-'));
  files = { world: join(folder, 'world.yaml'), staged: join(folder, 'staged.yaml'), flows: join(folder, 'flows.jsonl') };
  writeFileSync(files.world, world);
  writeFileSync(files.staged, `${world}---${staged}`);
  writeFileSync(files.flows, flows.map((flow) => `${JSON.stringify(flow)}\n`).join(''));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function answerOf(args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(root, 'packages', 'cli', 'bin', 'weir.js'), ...args, '-o', 'json'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, KUBECONFIG: undefined },
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0 && status !== 1) throw new Error(`weir ${args.join(' ')}: ${stderr}`);
  return stdout;
}

function validatorOf(name: string): ValidateFunction {
  return new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(strict.get(name) ?? {});
}

describe('docs/schemas', () => {
  it.each(printed)('has what $command prints, as its types say (npm run docs:schemas)', ({ name }) => {
    const page = readFileSync(join(root, 'docs', 'schemas', `${name}.schema.json`), 'utf8');
    expect(JSON.parse(page)).toEqual(JSON.parse(JSON.stringify(openSchema(strict.get(name) ?? {}))));
  });

  it('names every schema on its page', () => {
    const page = readFileSync(join(root, 'docs', 'schemas', 'README.md'), 'utf8');
    for (const { name, command, version } of printed)
      expect(page).toContain(`| \`${command}\` | [${name}](${name}.schema.json) | ${version} |`);
  });
});

describe('what is printed is valid, with no field that its schema does not have', () => {
  const cases: readonly { readonly name: string; readonly args: () => readonly string[] }[] = [
    { name: 'why', args: () => ['why', 'shop/web', 'shop/api', '80', '--manifests', files.world] },
    { name: 'why', args: () => ['why', 'shop/planned', 'shop/api', '80', '--manifests', files.world] },
    { name: 'why', args: () => ['why', 'shop/web', 'shop/api', '8080', '--manifests', files.world] },
    { name: 'why', args: () => ['why', 'shop/web', 'shop/api', 'icmp/8', '--manifests', files.world] },
    { name: 'why', args: () => ['why', 'shop/web', 'shop/api', 'http', '--both', '--manifests', files.world] },
    { name: 'matrix', args: () => ['matrix', '--manifests', files.world] },
    { name: 'matrix', args: () => ['matrix', '--manifests', shop, '--port', '80'] },
    { name: 'diff', args: () => ['diff', files.world, shop] },
    { name: 'diff', args: () => ['diff', files.world, files.world, '--profile-new', 'cilium'] },
    { name: 'lint', args: () => ['lint', files.staged, shop] },
    { name: 'test', args: () => ['test', join(root, 'examples', 'three-tier')] },
    { name: 'test', args: () => ['test', join(root, 'examples', 'three-tier'), '--manifests', files.world] },
    { name: 'convert', args: () => ['convert', '--to', 'calico', '--manifests', files.world] },
    { name: 'test', args: () => ['test', join(root, 'examples', 'three-tier'), '--coverage', '--mutate', '--mutants-max', '5'] },
    { name: 'convert', args: () => ['convert', '--to', 'kubernetes', '--manifests', files.staged] },
    { name: 'migrate', args: () => ['migrate', '--from', 'azure', '--to', 'cilium', '--manifests', files.world] },
    { name: 'staged-report', args: () => ['staged', 'report', '--manifests', files.staged, '--flows', files.flows] },
    { name: 'suggest', args: () => ['suggest', '--manifests', files.world, '--flows', files.flows] },
    { name: 'suggest', args: () => ['suggest', '--manifests', files.world, '--flows', files.flows, '--audit', files.world] },
    { name: 'engine-compare', args: () => ['engine', 'compare'] },
    { name: 'engine-recommend', args: () => ['engine', 'recommend', '--manifests', files.world] },
  ];

  it.each(cases)('by weir $name', ({ name, args }) => {
    const validate = validatorOf(name);
    const answer = JSON.parse(answerOf(args())) as unknown;
    validate(answer);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('by weir flows, line by line', () => {
    const validate = validatorOf('flows');
    const lines = answerOf(['flows', '--input', files.flows]).trim().split('\n');
    expect(lines).toHaveLength(flows.length);
    for (const line of lines) {
      validate(JSON.parse(line));
      expect(validate.errors ?? []).toEqual([]);
    }
  });

  it('and what lacks a field is not', () => {
    expect(validatorOf('lint')({ findings: [], rules: [] })).toBe(false);
    expect(validatorOf('why')({ verdict: 'perhaps' })).toBe(false);
  });
});
