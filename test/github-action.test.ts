/**
 * The GitHub Action and the hooks of pre-commit: valid definitions, whose steps are run here as a runner
 * runs them, in a repository that was made for it. Only `gh` is not the real one: there is nobody to comment to.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { validateAction } from '@action-validator/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..');
const actionFolder = join(root, 'deploy', 'github-action');
const text = readFileSync(join(actionFolder, 'action.yml'), 'utf8');
const weir = `${process.execPath} ${join(root, 'packages', 'cli', 'bin', 'weir.js')}`;

interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly env?: Readonly<Record<string, string>>;
}
const action = parse(text) as {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
};

const pod = (name: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }
spec: { containers: [{ name: c, image: i, ports: [{ containerPort: 80 }] }] }
`;
const policy = (from: string): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: api, namespace: shop }
spec: { podSelector: { matchLabels: { app: api } }, ingress: [{ from: [${from}] }] }
`;
const manifests = (from: string): string => [pod('web'), pod('api'), pod('other'), policy(from)].join('---\n');
const fromWeb = '{ podSelector: { matchLabels: { app: web } } }';

let folder = '';
let repository = '';
let base = '';
const write = (file: string, content: string): void => {
  mkdirSync(dirname(join(repository, file)), { recursive: true });
  writeFileSync(join(repository, file), content);
};
const git = (...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t.invalid', ...args], { cwd: repository, encoding: 'utf8' }).trim();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weirt-action-'));
  repository = join(folder, 'repository');
  mkdirSync(repository);
  git('init', '--quiet');
  write('deploy/all.yaml', manifests(fromWeb));
  git('add', '.');
  git('commit', '--quiet', '-m', 'one');
  base = git('rev-parse', 'HEAD');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  /** Of the last step: whether the job goes on. */
  readonly code: number | null;
  readonly outputs: Readonly<Record<string, string>>;
  readonly printed: string;
  readonly summary: string;
  /** What gh was called with. */
  readonly comments: string;
}

/** Runs the steps one after the other, as a runner does with `using: composite`. */
function runAction(given: Readonly<Record<string, string>>): Run {
  const temp = join(folder, 'temp');
  const programs = join(folder, 'programs');
  mkdirSync(temp, { recursive: true });
  mkdirSync(programs, { recursive: true });
  writeFileSync(join(programs, 'gh'), `#!/bin/sh\necho "$@" >> ${join(temp, 'gh.log')}\n`);
  chmodSync(join(programs, 'gh'), 0o755);
  writeFileSync(join(temp, 'gh.log'), '');
  writeFileSync(join(temp, 'summary.md'), '');
  const facts: Record<string, string> = {
    'github.event.pull_request.base.sha': base,
    'github.event.pull_request.number': '7',
    'github.event_name': 'pull_request',
    'github.repository': 'shop/deploy',
    'github.token': 'token',
    'github.action_path': actionFolder,
    'runner.temp': temp,
  };
  const filled = (template: string): string => template.replaceAll(/\$\{\{ *([^} ]+) *\}\}/g, (_, name: string) => facts[name] ?? '');
  for (const [name, input] of Object.entries(action.inputs)) facts[`inputs.${name}`] = given[name] ?? filled(input.default);
  let printed = '';
  let code: number | null = 0;
  for (const [i, step] of action.runs.steps.entries()) {
    if (step.run === undefined) continue;
    const outputFile = join(temp, `output-${i}`);
    writeFileSync(outputFile, '');
    const env = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, filled(value)]));
    const ran = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
      cwd: repository,
      encoding: 'utf8',
      env: {
        PATH: `${programs}${delimiter}${process.env['PATH'] ?? ''}`,
        HOME: folder,
        NO_COLOR: '1',
        GITHUB_OUTPUT: outputFile,
        GITHUB_STEP_SUMMARY: join(temp, 'summary.md'),
        ...env,
      },
    });
    printed += ran.stdout + ran.stderr;
    code = ran.status;
    for (const line of readFileSync(outputFile, 'utf8')
      .split('\n')
      .filter((each) => each !== '')) {
      facts[`steps.${step.id ?? ''}.outputs.${line.slice(0, line.indexOf('='))}`] = line.slice(line.indexOf('=') + 1);
    }
    if (code !== 0) break;
  }
  const outputs = Object.fromEntries(Object.entries(action.outputs).map(([name, { value }]) => [name, filled(value)]));
  return {
    code,
    outputs,
    printed,
    summary: readFileSync(join(temp, 'summary.md'), 'utf8'),
    comments: readFileSync(join(temp, 'gh.log'), 'utf8'),
  };
}

describe('the GitHub Action', () => {
  it('is a valid definition, in which no expression is part of a script', () => {
    expect(validateAction(text).errors).toEqual([]);
    for (const { run = '' } of action.runs.steps) expect(run).not.toContain('${{');
  });

  it('comments what changes, writes it into the summary, and fails for what it is told to', () => {
    write('deploy/all.yaml', manifests(`${fromWeb}, { podSelector: { matchLabels: { app: other } } }`));
    const { code, outputs, summary, comments, printed } = runAction({ weir, path: 'deploy', 'fail-on-diff': 'widened' });
    expect(code).toBe(1);
    expect(printed).toContain('::error::connections changed (widened)');
    expect(outputs).toMatchObject({ lint: 'passed', diff: 'changed' });
    expect(summary).toMatch(/^<!-- weir -->\n[\s\S]*shop\/other/);
    expect(comments).toContain(`--method POST repos/shop/deploy/issues/7/comments --field body=@${outputs['diff-file'] ?? ''}`);
    expect(JSON.parse(readFileSync(outputs['diff-json'] ?? '', 'utf8'))).toMatchObject({ summary: { added: 1 } });
  });

  it('tells findings as annotations and as SARIF, and fails from the severity that it is told', () => {
    write('deploy/all.yaml', manifests('{ podSelector: { matchLabels: { app: wbe } } }'));
    const { code, outputs, printed } = runAction({ weir, path: 'deploy', 'fail-on-lint': 'warning' });
    expect(code).toBe(1);
    expect(outputs['lint']).toBe('failed');
    expect(printed).toMatch(/::warning file=deploy\/all\.yaml,line=\d+/);
    const sarif = JSON.parse(readFileSync(outputs['sarif-file'] ?? '', 'utf8')) as { version: string; runs: { results: unknown[] }[] };
    expect(sarif.version).toBe('2.1.0');
    expect(sarif.runs[0]?.results.length).toBeGreaterThan(0);
  });

  it('checks assertions, and fails when one does not hold', () => {
    const assertions = (expected: string): string =>
      `manifests: [all.yaml]\ntests:\n- { from: shop/other, to: shop/api, port: 80, expect: ${expected} }\n`;
    write('deploy/shop.weir-test.yaml', assertions('deny'));
    const holds = runAction({ weir, path: 'deploy' });
    expect(holds).toMatchObject({ code: 0, outputs: { lint: 'passed', diff: 'unchanged', test: 'passed' } });
    expect(holds.printed).not.toContain('::error');
    expect(readFileSync(holds.outputs['junit-file'] ?? '', 'utf8')).toContain('<testsuite');
    write('deploy/shop.weir-test.yaml', assertions('allow'));
    expect(runAction({ weir, path: 'deploy', base: '' })).toMatchObject({ code: 1, outputs: { diff: 'skipped', test: 'failed' } });
  });

  it('compares what a command prints on both sides', () => {
    write('print.sh', 'cat deploy/all.yaml\n');
    git('add', '.');
    git('commit', '--quiet', '-m', 'two');
    base = git('rev-parse', 'HEAD');
    write('deploy/all.yaml', manifests('{ podSelector: {} }'));
    const { code, outputs } = runAction({ weir, render: 'bash print.sh' });
    expect({ code, diff: outputs['diff'], test: outputs['test'] }).toEqual({ code: 0, diff: 'changed', test: 'skipped' });
  });

  it('says that a manifest is broken, with its place, and fails where it is told to be strict', () => {
    write('deploy/broken.yaml', 'kind: Pod\n metadata: {}\n');
    expect(runAction({ weir, path: 'deploy', strict: 'true' })).toMatchObject({ code: 1, outputs: { lint: 'broken', diff: 'broken' } });
    base = '0000000000000000000000000000000000000001';
    const without = runAction({ weir, path: 'deploy' });
    expect(without).toMatchObject({ code: 1, outputs: { diff: 'broken' } });
    expect(without.printed).toContain('fetch-depth: 0');
  });
});

describe('the hooks of pre-commit', () => {
  it('run weir in the repository that commits', () => {
    const hooks = parse(readFileSync(join(root, '.pre-commit-hooks.yaml'), 'utf8')) as readonly {
      readonly id: string;
      readonly entry: string;
      readonly language: string;
      readonly args: readonly string[];
    }[];
    expect(hooks.map(({ id, language }) => `${id} ${language}`)).toEqual(['weir-lint script', 'weir-test script']);
    write('deploy/shop.weir-test.yaml', 'manifests: [all.yaml]\ntests:\n- { from: shop/other, to: shop/api, port: 80, expect: allow }\n');
    const codes = hooks.map(({ entry, args }) => {
      const [file = '', ...words] = entry.split(' ');
      return spawnSync(join(root, file), [...words, ...args], { cwd: repository, encoding: 'utf8' }).status;
    });
    expect(codes).toEqual([0, 1]);
  });
});
