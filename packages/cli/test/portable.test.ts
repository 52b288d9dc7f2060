/**
 * The commands that only compute need Node and nothing else: a copy of the bundle, without the packages
 * beside it, run as nobody in a folder where nothing can be written, and every native module, every file that only
 * Linux has, and every program refused.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

/** Node as it is, and those of other lines that set-up of the tests installs (x64 Linux). */
const versions = [
  { name: 'this Node', program: process.execPath },
  ...['22', '24'].map((line) => ({
    name: `Node ${line}`,
    program: join(root, 'test', 'nodes', 'node_modules', `node-${line}`, 'bin', 'node'),
  })),
].filter(({ program }) => existsSync(program));

const commands = [
  ['why', 'shop/frontend', 'shop/database', '5432', '--manifests', 'shop.yaml', '-o', 'json'],
  ['why', 'shop/frontend', 'shop/database', '5432', '--both', '--manifests', 'shop.yaml'],
  ['matrix', '--manifests', 'shop.yaml', '-o', 'json'],
  ['diff', 'shop.yaml', 'open.yaml', '-o', 'json'],
  ['diff', 'shop.yaml', 'shop.yaml', '--profile-new', 'cilium', '--fail-on', 'never', '-o', 'json'],
  ['test', 'shop.weir-test.yaml', '-o', 'json'],
  ['lint', 'shop.yaml', '-o', 'json', '--fail-on', 'never'],
  ['convert', '--to', 'calico', '--manifests', 'shop.yaml'],
  ['migrate', '--from', 'azure', '--to', 'cilium', '--manifests', 'shop.yaml', '-o', 'json'],
  ['engine', 'compare', '-o', 'json'],
  ['flows', '--input', 'flows.jsonl', '-o', 'json'],
  ['suggest', '--flows', 'flows.jsonl', '--manifests', 'shop.yaml'],
];

const world = `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: frontend, namespace: shop }
spec: { replicas: 2, template: { metadata: { labels: { app: frontend } }, spec: { containers: [{ name: c, image: i, ports: [{ containerPort: 8080 }] }] } } }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: database, namespace: shop }
spec: { template: { metadata: { labels: { app: database } }, spec: { containers: [{ name: c, image: i, ports: [{ containerPort: 5432 }] }] } } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: database, namespace: shop }
spec:
  podSelector: { matchLabels: { app: database } }
  ingress: [{ from: [{ podSelector: { matchLabels: { app: frontend } } }], ports: [{ port: 5432 }] }]
`;

const assertions = `manifests: [shop.yaml]
tests:
- { from: shop/frontend, to: shop/database, port: 5432, expect: allow }
`;

const flows =
  '{"source":{"pod":"shop/frontend","ip":"10.0.0.1"},"destination":{"pod":"shop/database","ip":"10.0.0.2","port":5432},"protocol":"TCP"}\n';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weirt-portable-'));
  cpSync(join(root, 'packages', 'cli', 'dist', 'bundle'), join(folder, 'bundle'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(folder, 'weir.mjs'),
    "const { main } = await import('./bundle/index.js');\nprocess.exitCode = await main(process.argv.slice(2));\n",
  );
  writeFileSync(
    join(folder, 'refuse-native.cjs'),
    `process.dlopen = (_, file) => { throw new Error('a native module is loaded: ' + file); };
const fs = require('node:fs');
for (const name of ['readFileSync', 'readdirSync', 'statSync', 'existsSync', 'openSync', 'createReadStream', 'writeFileSync', 'mkdirSync']) {
  const original = fs[name];
  fs[name] = (path, ...rest) => {
    if (/^\\/(proc|sys|run|etc|var)\\b/.test(String(path))) throw new Error('a native module or a file of Linux is asked for: ' + path);
    return original.call(fs, path, ...rest);
  };
}
const child = require('node:child_process');
for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']) {
  child[name] = (program) => { throw new Error('a native module or a program is started: ' + program); };
}
require('node:module').syncBuiltinESMExports();
`,
  );
  mkdirSync(join(folder, 'work'));
  writeFileSync(join(folder, 'work', 'shop.yaml'), world.replaceAll('\n', '\r\n'));
  writeFileSync(join(folder, 'work', 'open.yaml'), world.slice(0, world.lastIndexOf('---')));
  writeFileSync(join(folder, 'work', 'shop.weir-test.yaml'), assertions);
  writeFileSync(join(folder, 'work', 'flows.jsonl'), flows);
  chmodSync(folder, 0o755);
  chmodSync(join(folder, 'work'), 0o555);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[]): Answer {
  const command = [program, '--require', join(folder, 'refuse-native.cjs'), join(folder, 'weir.mjs'), ...args];
  const asNobody = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all'] : [];
  const [file = '', ...rest] = [...asNobody, ...command];
  const { status, stdout, stderr, error } = spawnSync(file, rest, {
    cwd: join(folder, 'work'),
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', NO_COLOR: '1' },
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  return { code: status, stdout, stderr };
}

describe('commands that only compute', () => {
  it.each(commands.map((args) => ({ args, line: `weir ${args.join(' ')}` })))(
    'answer alike on every Node, as nobody, without native modules: $line',
    ({ args }) => {
      const [first, ...others] = versions.map(({ program }) => run(program, args));
      expect(first?.stderr).not.toMatch(/native module|fault of ours/);
      expect([0, 1]).toContain(first?.code);
      expect(first?.stdout).not.toBe('');
      for (const other of others) expect(other).toEqual(first);
    },
  );

  it('were tried on three lines of Node where npm has them for this machine', () => {
    const hasThem = process.platform === 'linux' && process.arch === 'x64';
    expect(versions.map(({ name }) => name)).toEqual(hasThem ? ['this Node', 'Node 22', 'Node 24'] : ['this Node']);
  });

  it('and those that need the machine are not loaded for the list of commands', () => {
    const { code, stdout } = run(process.execPath, ['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('\n  agent ');
  });
});
