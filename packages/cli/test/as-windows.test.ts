/**
 * Commands that only compute answer on Windows as they do here, as far as Linux can show: a Node that says that it is of
 * Windows, whose paths are those of `node:path` there, and whose files are found by such paths alone.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const bundle = join(import.meta.dirname, '..', 'dist', 'bundle');

/** What stands in the place of modules of Node: paths of Windows; files that have such paths, and no others; addresses of files of a drive. */
const replaced: Readonly<Record<string, string>> = {
  path: "module.exports = require('node:path').win32;\n",
  fs: String.raw`const fs = require('node:fs');
const toLinux = (file) => {
  if (typeof file !== 'string') return file;
  if (file.startsWith('/')) throw new Error('a path of Linux is asked for: ' + file);
  return file.replace(/^[A-Za-z]:/, '').replaceAll('\\', '/');
};
const named = ['readFileSync', 'readdirSync', 'statSync', 'existsSync', 'openSync', 'createReadStream', 'writeFileSync', 'mkdirSync', 'watch'];
const own = Object.fromEntries(named.map((name) => [name, (file, ...rest) => fs[name](toLinux(file), ...rest)]));
const realpathSync = (file) => 'C:' + fs.realpathSync(toLinux(file)).replaceAll('/', '\\');
module.exports = { ...fs, ...own, realpathSync };
`,
  url: String.raw`const pathToFileURL = (file) => new URL('file:///' + file.replaceAll('\\', '/'));
const { fileURLToPath, ...others } = require('node:url');
module.exports = { ...others, pathToFileURL, fileURLToPath: (address) => 'C:' + fileURLToPath(address).replaceAll('/', '\\') };
`,
};

/** What is said to be another system before the command is loaded. */
const windowsStart = String.raw`const here = 'C:' + process.cwd().replaceAll('/', '\\');
Object.defineProperty(process, 'platform', { value: 'win32' });
process.cwd = () => here;
`;

/** Writes a copy of the command whose modules of Node are those of Windows; gives how many places that made another. */
function commandOnWindows(target: string): number {
  cpSync(bundle, target, { recursive: true });
  let places = 0;
  for (const name of readdirSync(target).filter((each) => each.endsWith('.js'))) {
    const code = readFileSync(join(target, name), 'utf8');
    const there = code.replaceAll(/\brequire\(["'](?:node:)?(path|fs|url)["']\)/g, (_, module: string) => {
      places++;
      return `require("./windows-${module}.cjs")`;
    });
    writeFileSync(join(target, name), there);
  }
  for (const [name, code] of Object.entries(replaced)) writeFileSync(join(target, `windows-${name}.cjs`), code);
  return places;
}

const pod = (name: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }\nspec: { containers: [{ name: c, image: i, ports: [{ containerPort: 80 }] }] }\n---\n`;
const policy = (peer: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: api, namespace: shop }\nspec:\n  podSelector: { matchLabels: { app: api } }\n  ingress: [{ from: [{ podSelector: { matchLabels: { app: ${peer} } } }] }]\n`;
const pods = ['web', 'api', 'other'].map(pod).join('');

let folder = '';
let copy = '';
const write = (name: string, content: string | Buffer): void => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
};
const git = (...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t.invalid', ...args], { cwd: folder, encoding: 'utf8' });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weirt-windows-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const start = (modules: string): string =>
    `const { default: { main } } = await import(${JSON.stringify(pathToFileURL(join(modules, 'index.js')).href)});\nprocess.exitCode = await main(process.argv.slice(2));\n`;
  // Beside the command, from where it finds its own files.
  copy = mkdtempSync(join(dirname(bundle), 'as-windows-'));
  expect(commandOnWindows(copy)).toBeGreaterThan(10);
  writeFileSync(join(folder, '.weir.mjs'), start(bundle));
  writeFileSync(join(folder, '.weir-on-windows.mjs'), `${windowsStart}${start(copy)}`);
  git('init', '--quiet');
  // As Windows writes it: CRLF, a byte order mark, UTF-16.
  write('deploy/pods.yaml', `\ufeff${pods}`.replaceAll('\n', '\r\n'));
  write('deploy/sub/api.yaml', Buffer.from(`\ufeff${policy('web')}`.replaceAll('\n', '\r\n'), 'utf16le'));
  write('deploy/.hidden/other.yaml', pod('hidden'));
  write(
    'deploy/shop.weir-test.yaml',
    '\ufeffmanifests: [pods.yaml, sub]\r\ntests:\r\n- { from: shop/other, to: shop/api, port: 80, expect: allow }\r\n',
  );
  write('.weir-lint.yaml', '\ufeffignore:\r\n- { rule: unprotected-pod, file: deploy/pods.yaml, reason: the others are open }\r\n');
  git('add', 'deploy');
  git('commit', '--quiet', '-m', 'one');
  write('deploy/sub/api.yaml', policy('othr').replaceAll('\n', '\r\n'));
});
afterAll(() => {
  for (const made of [folder, copy]) rmSync(made, { recursive: true, force: true });
});

interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], start = '.weir.mjs'): Answer {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, start), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', HOME: folder },
  });
  return { code: status, stdout, stderr };
}

/** With the names of files as Linux writes them; in JSON a backslash is two, in Markdown a number. */
const withSlashes = (answer: Answer, isJson: boolean): Answer => ({
  ...answer,
  stdout: answer.stdout.replaceAll(isJson ? '\\\\' : /\\|&#92;/g, '/').replaceAll('C:/', '/'),
  stderr: answer.stderr.replaceAll('\\', '/'),
});

describe('on Windows, as far as Linux can show it', () => {
  it.each([
    ['why', 'shop/web', 'shop/api', '80', '--manifests', 'deploy', '-o', 'json'],
    ['why', 'shop/web', 'shop/api', '80', '--manifests', 'deploy\\pods.yaml', '--manifests', 'deploy\\sub'],
    ['matrix', '--manifests', 'deploy', '-o', 'json'],
    ['lint', 'deploy', '-o', 'json'],
    ['lint', 'deploy', '-o', 'sarif'],
    ['lint', 'deploy', '-o', 'github'],
    ['diff', '--git', 'HEAD', 'deploy', '-o', 'json'],
    ['diff', 'HEAD:deploy\\sub', 'deploy\\sub', '-o', 'md'],
    ['test', 'deploy', '-o', 'json'],
    ['test', 'deploy\\shop.weir-test.yaml'],
  ])('weir %s %s %s answers as here', (...words) => {
    const isJson = words.includes('json') || words.includes('sarif');
    const there = run(words, '.weir-on-windows.mjs');
    const here = run(words.map((word) => word.replaceAll('\\', '/')));
    expect(here.stderr).not.toContain('fault of ours');
    expect([0, 1]).toContain(here.code);
    expect(withSlashes(there, isJson)).toEqual(here);
    // What other programs read names files with slashes on every system.
    if (words.includes('sarif') || words.includes('github')) expect(there.stdout).not.toMatch(/deploy\\/);
  });

  it('reads the same files on both sides of a difference: hidden folders are left out of revisions, too', () => {
    const { stdout } = run(['diff', '--git', 'HEAD', 'deploy', '-o', 'json']);
    expect(stdout).not.toContain('hidden');
    const { connections, workloads } = JSON.parse(stdout) as {
      connections: readonly { change: string; from: string }[];
      workloads: { removed: readonly string[] };
    };
    expect(connections.map(({ change, from }) => `${change} ${from}`)).toEqual(['removed shop/web']);
    expect(workloads.removed).toEqual([]);
  });
});
