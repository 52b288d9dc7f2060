/** `weir lint` on files, as people run it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finished } from '@weir/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runWeir } from './run-weir.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-lint-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};

const runLint = (args: readonly string[], input?: string): Promise<Finished> =>
  runWeir(['lint', ...args], {
    env: { WEIR_STATE_DIR: join(directory, 'state'), WEIR_RUN_DIR: join(directory, 'run') },
    ...(input === undefined ? {} : { input }),
  });

const shop = `apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { containers: [{ name: c, image: web }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: shop }
spec:
  podSelector: { matchLabels: { app: web } }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: wbe } } # front
        - ipBlock: { cidr: 10.1.2.3/8 } # offices
`;

describe('weir lint', () => {
  it('prints each finding with its place, its rule and what to do, and exits with 0 when none is an error', async () => {
    const { code, stdout } = await runLint([write('shop.yaml', shop)]);
    expect(code).toBe(0);
    expect(stdout).toContain('shop.yaml:13:11  warning  dangling-selector');
    expect(stdout).toContain('no pod has the label app=wbe in namespace shop');
    expect(stdout).toContain('did you mean app=web?');
    expect(stdout).toContain('1 warning, 1 hint');
  });

  it('exits with 1 from the severity on that --fail-on names, or the configuration, and never with --fail-on never', async () => {
    const file = write('shop.yaml', shop);
    expect(await runLint([file, '--fail-on', 'warning'])).toMatchObject({ code: 1 });
    const strict = write('strict.yaml', 'rules: { dangling-selector: error }\n');
    expect(await runLint([file, '--config', strict])).toMatchObject({ code: 1 });
    expect(await runLint([file, '--config', strict, '--fail-on', 'never'])).toMatchObject({ code: 0 });
    expect(await runLint([file, '--config', strict, '--ignore-rule', 'dangling-selector'])).toMatchObject({ code: 0 });
  });

  it('corrects files where that changes no connection, and finds nothing of it the second time', async () => {
    const file = write('shop.yaml', shop);
    const first = await runLint([file, '--fix', '-o', 'json']);
    expect(first.stderr).toContain('corrected 1 finding in 1 file');
    expect(readFileSync(file, 'utf8')).toBe(shop.replace('10.1.2.3/8', '10.0.0.0/8'));
    const second = await runLint([file, '--fix', '-o', 'json']);
    expect(second.stderr).toContain('nothing to correct');
    const rules = (JSON.parse(second.stdout) as { findings: { rule: string }[] }).findings.map(({ rule }) => rule);
    expect(rules).toEqual(['dangling-selector']);
  });

  it('reads folders and standard input, and looks at the rest where a part of a file is broken', async () => {
    mkdirSync(join(directory, 'all'));
    write('all/shop.yaml', shop);
    write('all/broken.yaml', 'apiVersion: v1\nkind: [\n');
    const folder = await runLint([join(directory, 'all'), '-o', 'json']);
    expect(folder.code).toBe(1);
    const found = (JSON.parse(folder.stdout) as { findings: { rule: string; place: { file: string } }[] }).findings;
    expect([...new Set(found.map(({ rule }) => rule))]).toEqual(['broken-manifest', 'dangling-selector', 'block-host-bits']);
    expect(found[0]?.place.file).toContain('broken.yaml');
    const stdin = await runLint(['-', '--rule', 'dangling-selector', '-o', 'json'], shop);
    expect(JSON.parse(stdin.stdout)).toMatchObject({ summary: { warnings: 1, infos: 0 }, checked: { policies: 1, pods: 1 } });
  });

  it('reports as SARIF, JUnit and annotations of GitHub', async () => {
    const file = write('shop.yaml', shop);
    const sarif = JSON.parse((await runLint([file, '-o', 'sarif'])).stdout) as {
      runs: { results: { ruleId: string; fixes?: unknown[] }[] }[];
    };
    expect(sarif.runs[0]?.results.map(({ ruleId, fixes }) => [ruleId, fixes?.length ?? 0])).toEqual([
      ['dangling-selector', 1],
      ['block-host-bits', 1],
    ]);
    expect((await runLint([file, '-o', 'junit'])).stdout).toContain('<testsuites name="weir lint" tests="2" failures="2"');
    expect((await runLint([file, '-o', 'github'])).stdout).toMatch(/^::warning file=.*shop\.yaml,line=13,/);
  });

  it('links the pages of rules in SARIF where somebody says where they are published, and nowhere else', async () => {
    const file = write('shop.yaml', shop);
    const links = async (...args: readonly string[]): Promise<readonly unknown[]> => {
      const { runs } = JSON.parse((await runLint([file, '-o', 'sarif', '--rule', 'dangling-selector', ...args])).stdout) as {
        runs: { tool: { driver: { rules: { helpUri?: string }[] } } }[];
      };
      return runs.flatMap(({ tool }) => tool.driver.rules.map(({ helpUri }) => helpUri));
    };
    expect(await links()).toEqual([undefined]);
    expect(await links('--pages', 'https://example.org/lint/')).toEqual(['https://example.org/lint/dangling-selector.md']);
    const configured = write('c.yaml', 'pages: https://example.org/weir\n');
    expect(await links('--config', configured)).toEqual(['https://example.org/weir/dangling-selector.md']);
    expect(await runLint([file, '--pages', 'docs/lint'])).toMatchObject({ code: 2 });
    expect((await runLint([file, '--config', write('d.yaml', 'pages: docs/lint\n')])).stderr).toContain('d.yaml:1:8: pages is an address');
  });

  it('says what is wrong with its configuration, or with a rule that there is not, and exits with 2', async () => {
    const file = write('shop.yaml', shop);
    const bad = await runLint([file, '--config', write('c.yaml', 'rules: { no-such-rule: off }\n')]);
    expect(bad).toMatchObject({ code: 2 });
    expect(bad.stderr).toContain('c.yaml:1:10: there is no rule no-such-rule');
    expect(await runLint([file, '--rule', 'no-such-rule'])).toMatchObject({ code: 2 });
    expect(await runLint(['-', '--fix'], shop)).toMatchObject({ code: 2 });
  });

  it('looks for what other engines and systems refuse, with --engine and --system', async () => {
    const named = `${shop.split('---')[0] ?? ''}---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: shop }
spec:
  podSelector: {}
  ingress: [{ ports: [{ port: http }] }]
`;
    const file = write('named.yaml', named);
    const ask = (...args: string[]): Promise<Finished> => runLint([file, '--rule', 'engine-support', '-o', 'json', ...args]);
    const rulesIn = ({ stdout }: Finished): unknown[] =>
      (JSON.parse(stdout) as { findings: { message: string }[] }).findings.map(({ message }) => message);
    expect(rulesIn(await ask('--engine', 'all'))).toEqual([]);
    expect(rulesIn(await ask('--engine', 'azure,cilium', '--system', 'windows'))).toEqual([
      'Azure network policy manager does not support named ports on Windows: the whole policy is not enforced',
    ]);
    const { code, stderr } = await ask('--engine', 'flannel');
    expect(code).toBe(2);
    expect(stderr).toContain('--engine: there is no flannel; take azure, calico, cilium or all');
  });
});
