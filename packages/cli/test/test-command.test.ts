import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finished } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWeir } from './run-weir.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-test-'));
  writeFileSync(
    join(directory, 'shop.yaml'),
    `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { containers: [{ name: c, image: c }] }
---
apiVersion: v1
kind: Pod
metadata: { name: db, namespace: shop, labels: { app: db } }
spec: { containers: [{ name: c, image: c }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec: { podSelector: { matchLabels: { app: db } }, ingress: [{ ports: [{ port: 5432 }] }] }
`,
  );
  write('good', '- { from: shop/web, to: shop/db, port: 5432, expect: allow }\n- { from: shop/web, to: shop/db, port: 22, expect: deny }');
  write('bad', '- { name: no shell, because: nobody logs in there, from: shop/web, to: shop/db, ports: [22, 5432], expect: deny }');
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

function write(name: string, tests: string): void {
  writeFileSync(join(directory, `${name}.weir-test.yaml`), `manifests: shop.yaml\ntests:\n${tests}\n`);
}

const at = (name: string): string => join(directory, `${name}.weir-test.yaml`);
const bin = join(import.meta.dirname, '..', 'bin', 'weir.js');

/** Waits until what the program has printed, on both streams, matches. */
function outputOf(child: ChildProcess): (pattern: RegExp) => Promise<void> {
  let text = '';
  let wake = (): void => undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      wake();
    });
  }
  return async (pattern) => {
    while (!pattern.test(text)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
}

const weir = (...args: readonly string[]): Promise<Finished> => runWeir(['test', ...args]);

describe('weir test', () => {
  it('answers 0 when every assertion holds', async () => {
    const { stdout, code } = await weir(at('good'));
    expect(stdout).toContain('  ok      shop/web → shop/db on TCP 5432: allow');
    expect(stdout).toMatch(/^2 passed \(2 connections judged\)$/m);
    expect(code).toBe(0);
  });

  it('answers 1 and explains what does not hold, with the place of the assertion and of the rule', async () => {
    const { stdout, code } = await weir(directory);
    expect(stdout).toMatch(/^ {2}FAILED {2}no shell {2}\(.*bad\.weir-test\.yaml:3:3\)$/m);
    expect(stdout).toContain('because nobody logs in there');
    expect(stdout).toContain('shop/web → shop/db, TCP 5432: allowed, should be denied');
    expect(stdout).toMatch(/allow ingress\[0\] \(.*shop\.yaml:18\) matches/);
    expect(stdout).toMatch(/^2 passed, 1 failed/m);
    expect(code).toBe(1);
  });

  it('writes reports for pipelines beside what people read', async () => {
    const files = ['junit=a.xml', 'tap=a.tap', 'json=a.json'].map((text) => text.replace('a.', `${directory}/a.`));
    const { code } = await weir(directory, ...files.flatMap((file) => ['--report', file]), '-o', 'tap');
    expect(code).toBe(1);
    const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
    expect(read('a.xml')).toMatch(/<testsuites name="weir test" tests="3" failures="1"/);
    expect(read('a.tap')).toMatch(/^not ok 1 - no shell$/m);
    expect(JSON.parse(read('a.json'))).toMatchObject({
      tests: [{ outcome: 'failed', failures: [{ traffic: 'TCP 5432', verdict: { verdict: 'allow' } }] }, { outcome: 'passed' }, {}],
    });
  });

  it('judges manifests of the command line, and as the engine that is named there', async () => {
    const { stdout, code } = await weir(at('good'), '--manifests', join(directory, 'shop.yaml'), '--profile', 'cilium', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ tests: [{ profile: 'cilium', outcome: 'passed' }, { profile: 'cilium' }] });
    expect(code).toBe(0);
  });

  it('answers 2 with the place of what it cannot read, and when there is nothing to run', async () => {
    write('wrong', '- { from: shop/web, to: shop/db, port: 22, expects: deny }');
    const { stderr, code } = await weir(at('wrong'));
    rmSync(at('wrong'));
    expect(stderr).toMatch(/wrong\.weir-test\.yaml:3:\d+: tests\[0\]\.expects: there is no field expects here \(did you mean expect\?\)/);
    expect(code).toBe(2);
    const empty = mkdtempSync(join(directory, 'empty-'));
    expect(await weir(empty)).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no file of assertions') });
    rmSync(empty, { recursive: true });
  });

  it('runs again when a file changes, and ends with the last answer when it is interrupted', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(directory, 'watched-'));
    const manifest = join(folder, 'shop.yaml');
    const port = (number: number): void =>
      writeFileSync(manifest, readFileSync(join(directory, 'shop.yaml'), 'utf8').replace('5432', String(number)));
    port(5432);
    copyFileSync(at('good'), join(folder, 'good.weir-test.yaml'));
    const child = spawn(process.execPath, [bin, 'test', folder, '--watch'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    try {
      const seen = outputOf(child);
      await seen(/^2 passed[^]*watching 2 files/m);
      port(5433);
      await seen(/changed: .*shop\.yaml[^]*^1 passed, 1 failed[^]*watching/m);
      writeFileSync(manifest, 'kind: [');
      await seen(/yaml-syntax[^]*watching/);
      port(5432);
      await seen(/yaml-syntax[^]*^2 passed[^]*watching/m);
      child.kill('SIGINT');
      expect(await ended).toBe(0);
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  });

  it('holds for the example in three tiers, whose assertions notice every change to its policies', async () => {
    const example = join(import.meta.dirname, '..', '..', '..', 'examples', 'three-tier');
    const { stdout, stderr, code } = await weir(example, '--min-coverage', '100', '--min-noticed', '100');
    expect(stdout).toMatch(/^10 passed/m);
    expect(stdout).toMatch(/^13 of 13 rules exercised by an assertion \(100 %\)$/m);
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('answers 1 when assertions exercise or notice less than was asked for', async () => {
    const report = join(directory, 'mutants.json');
    const { stdout, stderr, code } = await weir(at('good'), '--min-coverage', '80', '--min-noticed', '101', '--report', `json=${report}`);
    expect(stdout).toMatch(/^2 of 2 rules exercised/m);
    expect(stderr).toMatch(/^\d+ % of the changes are noticed, and --min-noticed asks for 101 %$/m);
    expect(code).toBe(1);
    expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({
      coverage: { exercised: 2, total: 2, rules: [{ rule: 'isolation', tests: [expect.any(String)] }, { rule: 'ingress[0]' }] },
      mutants: expect.arrayContaining([expect.objectContaining({ change: 'without the policy', outcome: 'noticed' })]),
    });
  });
});
