/** docs/schemas says what commands print: the pages are made from the types, and what is printed is valid. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatManifest } from '@weir/kube';
import { diff, explain, lint, loadSnapshot, matrix, readManifests } from '@weir/policy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Command, optionsOf, wholeCommand } from '../../packages/cli/src/command.ts';
import { rootCommand } from '../../packages/cli/src/root-command.ts';
import { applicationSamples } from '../samples/application-samples.ts';
import { boutique } from '../samples/boutique.ts';
import { documentedExamples } from '../samples/documented-examples.ts';
import { engineSamples } from '../samples/engine-samples.ts';
import { recipes } from '../samples/recipes.ts';
import { addressOf, inhabitantsOf, pairsOf, readPort } from '../samples/sample.ts';
import { addedPromises, brokenPromises, type Promises, promisesOf } from './promises.ts';
import { faultsOf, publishedSchema } from './published-schema.ts';
import { openSchema, printed, type Schema, strictSchemas } from './schemas.ts';

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

/** The words of every command that takes `-o json`. */
async function commandsBelow(command: Command, path: readonly string[]): Promise<readonly string[]> {
  const whole = await wholeCommand(command);
  const below = await Promise.all(
    (whole.subcommands ?? []).filter(({ hidden }) => hidden !== true).map((each) => commandsBelow(each, [...path, each.name])),
  );
  const own = whole.run !== undefined && optionsOf(whole)['output']?.values?.includes('json') === true ? [path.join(' ')] : [];
  return [...own, ...below.flat()];
}

describe('docs/schemas', () => {
  it.each(printed)('has what $command prints, as its types say (npm run docs:schemas)', ({ name }) => {
    expect(publishedSchema(name)).toEqual(JSON.parse(JSON.stringify(openSchema(strict.get(name) ?? {}))));
  });

  it('names every schema on its page', () => {
    const page = readFileSync(join(root, 'docs', 'schemas', 'README.md'), 'utf8');
    for (const { name, command, version } of printed)
      expect(page).toContain(`| \`${command}\` | [${name}](${name}.schema.json) | ${version} |`);
  });

  it('has every command that answers in JSON, or says on its page why not', async () => {
    const page = readFileSync(join(root, 'docs', 'schemas', 'README.md'), 'utf8');
    const [, without = ''] = page.split('## Without a schema');
    const covered = (words: string): boolean =>
      printed.some(({ command }) => command === `weir ${words}`) || without.includes(`\`weir ${words}\``);
    const commands = await commandsBelow(rootCommand, []);
    expect(commands.length).toBeGreaterThan(20);
    expect(commands.filter((words) => !covered(words))).toEqual([]);
  });

  it.each(printed)('keeps what it promised of $command, or has another version', ({ name }) => {
    const { $id, ...schema } = publishedSchema(name);
    const promised = JSON.parse(readFileSync(join(import.meta.dirname, 'promises.json'), 'utf8')) as Readonly<Record<string, Promises>>;
    const older = promised[String($id)] ?? {};
    expect(Object.keys(older).length, 'npm run docs:schemas writes the promises of a new version').toBeGreaterThan(0);
    expect(brokenPromises(older, promisesOf(schema)), 'count up the version of the schema in test/schemas/schemas.ts').toEqual([]);
    expect(addedPromises(older, promisesOf(schema)), 'npm run docs:schemas adds new fields to the promises').toEqual(older);
  });

  it('counts as broken what breaks readers, and nothing else', () => {
    const fields = (properties: Readonly<Record<string, Schema>>, required: readonly string[]): Promises =>
      promisesOf({ type: 'array', items: { $ref: '#/definitions/One' }, definitions: { One: { type: 'object', properties, required } } });
    const verdict = (...words: readonly string[]): Schema => ({ type: 'string', enum: words });
    const older = fields({ verdict: verdict('allow', 'deny'), port: { type: 'number' } }, ['verdict']);
    expect(older).toEqual({ '[]': 'always object', '[].verdict': 'always string: allow|deny', '[].port': 'sometimes number' });
    const broken = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = ['verdict']): readonly string[] =>
      brokenPromises(older, fields(properties, required));
    const port = { type: 'number' };
    expect(broken({ verdict: verdict('allow', 'deny', 'unknown'), port, more: { type: 'string' } }, ['verdict', 'port', 'more'])).toEqual(
      [],
    );
    expect(broken({ verdict: verdict('allow', 'deny') })).toEqual(['[].port is gone']);
    expect(broken({ verdict: verdict('allow', 'deny'), port }, [])).toEqual(['[].verdict was always there, and may be absent now']);
    expect(broken({ verdict: verdict('allowed', 'deny'), port })).toEqual(['[].verdict is no longer ever "allow"']);
    expect(broken({ verdict: verdict('allow', 'deny'), port: { type: ['number', 'string'] } })).toEqual([
      '[].port was number, and may be string now',
    ]);
    expect(broken({ verdict: verdict('allow', 'deny'), port: { anyOf: [port, { type: 'null' }] } })).toEqual([
      '[].port was number, and may be null now',
    ]);
  });
});

describe('what is printed is valid, with no field that its schema does not have', () => {
  const cases: readonly { readonly name: string; readonly args: () => readonly string[] }[] = [
    { name: 'why', args: () => ['why', 'shop/web', 'shop/api', '80', '--manifests', files.world] },
    { name: 'why', args: () => ['why', 'shop/planned', 'shop/api', '80', '--manifests', files.world] },
    { name: 'why', args: () => ['why', 'shop/web', 'shop/api', '8080', '--manifests', files.world] },
    { name: 'why', args: () => ['why', 'shop/web', 'shop/api', 'icmp/8', '--manifests', files.world] },
    { name: 'why', args: () => ['why', 'shop/web', 'shop/api', 'http', '--both', '--manifests', files.world] },
    { name: 'matrix', args: () => ['matrix', '--manifests', files.world, '--exposure'] },
    { name: 'matrix', args: () => ['matrix', '--manifests', shop, '--port', '80'] },
    { name: 'diff', args: () => ['diff', files.world, shop] },
    { name: 'diff', args: () => ['diff', files.world, files.staged, '--profile-new', 'cilium', '--exposure'] },
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
    { name: 'lint-rules', args: () => ['lint', '--list-rules'] },
    { name: 'engine-compare', args: () => ['engine', 'compare'] },
    { name: 'engine-recommend', args: () => ['engine', 'recommend', '--manifests', files.world] },
  ];

  it.each(cases)('by weir $name', ({ name, args }) => {
    expect(faultsOf(name, JSON.parse(answerOf(args())))).toEqual([]);
  });

  it('by the library, of every published example, whatever its API and its engine', () => {
    for (const sample of [...recipes, boutique, ...engineSamples, ...applicationSamples, ...documentedExamples]) {
      const { namespaces, pods } = inhabitantsOf(sample, { withAddresses: sample.addresses === undefined });
      const manifests = readManifests([
        { file: 'inhabitants.yaml', text: formatManifest([...namespaces, ...pods]) },
        { file: 'policies.yaml', text: sample.policies },
      ]);
      const reading = { engine: sample.engine ?? 'kubernetes' };
      const snapshot = loadSnapshot(manifests.objects, reading);
      const without = loadSnapshot([...namespaces, ...pods], reading);
      const verdicts = pairsOf(sample).flatMap(([source, destination]) => {
        const ends = { source: addressOf(source), destination: addressOf(destination) };
        return sample.ports
          .slice(0, 2)
          .map(readPort)
          .flatMap(({ port, protocol }) => explain(snapshot, { ...ends, port, protocol }).verdicts ?? []);
      });
      const said = {
        why: verdicts,
        matrix: matrix(snapshot, { exposure: true }),
        diff: diff(without, snapshot, { exposure: true }),
        lint: lint(manifests, reading),
      };
      const faults = Object.entries(said).flatMap(([name, value]) => faultsOf(name, JSON.parse(JSON.stringify(value))));
      expect(faults, sample.title).toEqual([]);
    }
  });

  it('by weir flows, line by line', () => {
    const lines = answerOf(['flows', '--input', files.flows]).trim().split('\n');
    expect(lines).toHaveLength(flows.length);
    for (const line of lines) expect(faultsOf('flows', JSON.parse(line))).toEqual([]);
  });

  it('and what lacks a field is not', () => {
    expect(faultsOf('lint', { findings: [], rules: [] })).not.toEqual([]);
    expect(faultsOf('why', { verdict: 'perhaps' })).not.toEqual([]);
    expect(faultsOf('policy-status', { inForce: true, policies: [], more: 1 })).not.toEqual([]);
  });
});
