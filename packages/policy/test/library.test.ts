/** The library answers as the command does. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatManifest } from '@weir/kube';
import * as library from '@weir/policy';
import { diff, explain, lint, loadSnapshot, matrix, readManifests, runTests } from '@weir/policy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
const shop = join(root, 'examples', 'three-tier', 'shop.yaml');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weirt-library-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const weir = (args: readonly string[]): unknown =>
  JSON.parse(
    execFileSync(process.execPath, [join(root, 'packages', 'cli', 'bin', 'weir.js'), ...args, '-o', 'json'], { encoding: 'utf8' }),
  );
/** Files are called otherwise where a test has written them anew. */
const withoutPlaces = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, member: unknown) => (key === 'file' || key === 'line' ? undefined : member)));
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the library', () => {
  it('answers as the command does', () => {
    const manifests = readManifests([{ file: shop, text: readFileSync(shop, 'utf8') }]);
    expect(manifests.diagnostics).toEqual([]);
    const snapshot = loadSnapshot(manifests.objects, { engine: 'cilium' });
    const { verdicts } = explain(snapshot, { source: 'shop/frontend', destination: 'shop/database', port: 5432 });
    expect(asJson(verdicts?.[0])).toEqual(
      weir(['why', 'shop/frontend', 'shop/database', '5432', '--manifests', shop, '--profile', 'cilium']),
    );
    expect(asJson(lint(manifests))).toEqual(weir(['lint', shop, '--fail-on', 'never']));
    const {
      ports: _ports,
      cells: _cells,
      differences: _differences,
      ...report
    } = weir(['matrix', '--manifests', shop, '--profile', 'cilium']) as Record<string, unknown>;
    expect(asJson(matrix(snapshot))).toEqual(report);
    const without = loadSnapshot(
      manifests.objects.filter(({ object }) => object.kind !== 'NetworkPolicy'),
      { engine: 'cilium' },
    );
    const bare = join(folder, 'bare.yaml');
    writeFileSync(bare, formatManifest(manifests.objects.map(({ object }) => object).filter(({ kind }) => kind !== 'NetworkPolicy')));
    expect(asJson(withoutPlaces(diff(without, snapshot)))).toEqual(
      withoutPlaces(weir(['diff', bare, shop, '--profile', 'cilium', '--fail-on', 'never'])),
    );
    const tests = join(root, 'examples', 'three-tier', 'shop.weir-test.yaml');
    const dns = join(root, 'examples', 'three-tier', 'cluster-dns.yaml');
    const all = readManifests([shop, dns].map((file) => ({ file, text: readFileSync(file, 'utf8') })));
    const run = runTests(loadSnapshot(all.objects), { file: tests, text: readFileSync(tests, 'utf8') });
    expect(run.diagnostics).toEqual([]);
    expect(asJson(run.report)).toEqual(weir(['test', tests]));
  });

  it('shows what its page describes, and nothing besides', () => {
    const page = readFileSync(join(root, 'docs', 'library.md'), 'utf8');
    const names = Object.keys(library).sort();
    expect(names).toEqual(['diff', 'diffMarkdown', 'explain', 'lint', 'loadSnapshot', 'matrix', 'readManifests', 'runTests']);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(page))).toEqual([]);
  });

  it('takes pods into account that are not among the objects, when it is asked to', () => {
    const world = (from: string): ReturnType<typeof loadSnapshot> =>
      loadSnapshot(
        readManifests(`apiVersion: v1
kind: Pod
metadata: { name: api, namespace: shop, labels: { app: api } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: api, namespace: shop }
spec: { podSelector: { matchLabels: { app: api } }, ingress: [{ from: [${from}] }] }
`).objects,
      );
    const [before, after] = [world('{ podSelector: {} }'), world('{ namespaceSelector: {} }')];
    expect(diff(before, after).connections).toEqual([]);
    expect(diff(before, after, { exposure: true }).connections.map(({ change, from, to }) => `${change} ${from} ${to}`)).toEqual([
      'added [another namespace]/[any pod] shop/api',
    ]);
    expect([matrix(after).exposure, matrix(after, { exposure: true }).exposure?.connections.length]).toEqual([
      undefined,
      expect.any(Number),
    ]);
  });

  it('says what is wrong with a question or a text, and throws for neither', () => {
    const snapshot = loadSnapshot(readManifests('kind: [').objects);
    expect(explain(snapshot, { source: 'a', destination: 'b', port: 80 })).toMatchObject({ refused: { code: 'not-found' } });
    expect(explain(snapshot, { source: 'a', destination: 'b', port: 0 })).toMatchObject({ refused: { code: 'bad-port' } });
    expect(readManifests('kind: [').diagnostics[0]).toMatchObject({ code: 'yaml-syntax', position: { file: 'manifests', line: 1 } });
  });
});
