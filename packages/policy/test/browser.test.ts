/**
 * The library in a real browser: a page of a server on loopback that allows scripts of its own alone, and no text to
 * become code, answers what Node answers.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as library from '@weir/policy';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
const tier = join(root, 'examples', 'three-tier');
const read = (name: string): { file: string; text: string } => ({ file: name, text: readFileSync(join(tier, name), 'utf8') });
const files = [read('shop.yaml'), read('cluster-dns.yaml')];
const assertions = read('shop.weir-test.yaml');

/** The page of the documentation, and what it says that is shown there. */
const [, example = '', shown = ''] =
  /```html\n([\s\S]*?)```\n+```text\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs', 'library.md'), 'utf8')) ?? [];

/** What is asked on both sides: a function whose text the page has, too. */
function answersOf(
  { readManifests, loadSnapshot, explain, matrix, lint, diff, runTests }: typeof library,
  given: typeof files,
  tests: typeof assertions,
): string {
  const manifests = readManifests(given);
  const snapshot = loadSnapshot(manifests.objects, { engine: 'cilium' });
  const without = loadSnapshot(
    manifests.objects.filter(({ object }) => object.kind !== 'NetworkPolicy'),
    { engine: 'cilium' },
  );
  return JSON.stringify({
    why: explain(snapshot, { source: 'shop/frontend', destination: 'shop/database', port: 5432 }),
    matrix: matrix(snapshot),
    lint: lint(manifests),
    diff: diff(without, snapshot),
    test: runTests(loadSnapshot(manifests.objects), tests),
    broken: readManifests('kind: [').diagnostics,
  });
}

let server: Server;
let folder: string;
let origin: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weirt-browser-'));
  const pages: Readonly<Record<string, readonly [type: string, text: string]>> = {
    '/': ['text/html', '<!doctype html><title>Weir</title><script type="module" src="page.js"></script><pre id="answers">nothing</pre>'],
    '/page.js': [
      'text/javascript',
      `import * as library from './weir-policy.js';
${answersOf.toString()}
let text;
try { text = answersOf(library, ${JSON.stringify(files)}, ${JSON.stringify(assertions)}); } catch (error) { text = String(error); }
document.getElementById('answers').textContent = btoa(unescape(encodeURIComponent(text)));`,
    ],
    '/example.html': ['text/html; charset=utf-8', example],
    '/weir-policy.js': ['text/javascript', readFileSync(join(root, 'packages', 'policy', 'dist', 'weir-policy.js'), 'utf8')],
  };
  server = createServer((request, response) => {
    const [type, text] = pages[request.url ?? ''] ?? ['text/plain', ''];
    response
      .writeHead(text === '' ? 404 : 200, {
        'content-type': type,
        'content-security-policy': `default-src 'self'${request.url === '/example.html' ? " 'unsafe-inline'" : ''}`,
      })
      .end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The page as it is when its scripts have run. */
async function pageOf(address: string): Promise<string> {
  const options = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-extensions'];
  const { stdout } = await promisify(execFile)(
    'chromium',
    [...options, `--user-data-dir=${join(folder, 'profile')}`, '--virtual-time-budget=30000', '--dump-dom', address],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, timeout: 120_000 },
  );
  return stdout;
}

it('the library answers in a browser as it does in Node, under a policy that lets no text become code', async () => {
  const page = await pageOf(origin);
  const answers = Buffer.from(/<pre id="answers">([^<]*)<\/pre>/.exec(page)?.[1] ?? '', 'base64').toString('utf8');
  expect(JSON.parse(answers)).toEqual(JSON.parse(answersOf(library, files, assertions)));
});

it('the page of the documentation shows what is said there', async () => {
  const page = await pageOf(`${origin}example.html`);
  expect(/<pre id="answer">([^<]*)<\/pre>/.exec(page)?.[1]).toBe(shown.trim());
});
