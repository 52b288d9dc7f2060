/**
 * The GitHub Action and the hooks of pre-commit: valid definitions, whose steps are run here as a runner runs them, in
 * shallow checkouts of a repository that was made for it. Only `gh` is not the real one: there is nobody to comment to.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { validateAction } from '@action-validator/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type ActionRun, readAction, runCompositeAction } from './support/composite-action.ts';

const root = join(import.meta.dirname, '..');
const actionFolder = join(root, 'deploy', 'github-action');
const weir = `${process.execPath} ${join(root, 'packages', 'cli', 'bin', 'weir.js')}`;
const action = readAction(actionFolder);

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
/** Where the forge has the repository. */
let origin = '';
let base = '';
const write = (file: string, content: string): void => {
  mkdirSync(dirname(join(origin, file)), { recursive: true });
  writeFileSync(join(origin, file), content);
};
const git = (args: readonly string[], cwd = origin): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t.invalid', ...args], { cwd, encoding: 'utf8' }).trim();
const commit = (): string => {
  git(['add', '.']);
  git(['commit', '--quiet', '--allow-empty', '-m', 'change']);
  return git(['rev-parse', 'HEAD']);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weirt-action-'));
  origin = join(folder, 'origin');
  mkdirSync(origin);
  git(['init', '--quiet']);
  write('deploy/all.yaml', manifests(fromWeb));
  base = commit();
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What a run is told by the forge, and which action it is. */
interface Circumstances {
  readonly event?: 'pull_request' | 'push';
  /** The repository that the pull request comes from. */
  readonly head?: string;
  readonly from?: string;
  /** What `gh` comes to. */
  readonly gh?: { readonly code: number; readonly prints?: string /** The method that is not allowed. */; readonly refuses?: string };
}

/** Commits what is there, and runs the action on a checkout of one commit; what gh was called with is told, too. */
function runAction(given: Readonly<Record<string, string>>, circumstances: Circumstances = {}): ActionRun & { readonly comments: string } {
  const { event = 'pull_request', head = 'shop/deploy', from = actionFolder, gh = { code: 0 } } = circumstances;
  commit();
  const [workspace, programs, log] = ['checkout', 'programs', 'gh.log'].map((name) => join(folder, name)) as [string, string, string];
  for (const old of [workspace, programs]) rmSync(old, { recursive: true, force: true });
  git(['clone', '--quiet', '--depth=1', `file://${origin}`, workspace], folder);
  mkdirSync(programs);
  writeFileSync(
    join(programs, 'gh'),
    `#!/bin/sh\necho "$@" >> ${log}\ncase "$*" in *paginate*) printf '${gh.prints ?? ''}' ;; *${gh.refuses ?? 'nothing'}*) exit 1 ;; esac\nexit ${gh.code}\n`,
  );
  chmodSync(join(programs, 'gh'), 0o755);
  symlinkSync(join(root, 'packages', 'cli', 'bin', 'weir.js'), join(programs, 'weir'));
  writeFileSync(log, '');
  const pullRequest = { number: 7, base: { sha: base }, head: { repo: { full_name: head } } };
  const run = runCompositeAction({
    action: from,
    workspace,
    temp: join(folder, 'temp'),
    inputs: given,
    github: {
      event_name: event,
      repository: 'shop/deploy',
      token: 'token',
      event: event === 'pull_request' ? { pull_request: pullRequest } : {},
    },
    env: {
      PATH: `${programs}${delimiter}${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
      HOME: folder,
      npm_config_cache: npmCache(),
      npm_config_prefer_offline: 'true',
    },
  });
  return { ...run, comments: readFileSync(log, 'utf8') };
}

/** What npm has of the packages already. */
const npmCache = (): string => process.env['npm_config_cache'] ?? join(process.env['HOME'] ?? '', '.npm');

/** The files of this checkout that a clone of it would have. */
function cloneOfWeir(target: string): void {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
  for (const file of files.split('\0').filter((each) => each !== '' && existsSync(join(root, each))))
    cpSync(join(root, file), join(target, file));
}

interface SarifFile {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: {
      readonly driver: { readonly rules: readonly { readonly id: string; readonly properties?: { readonly tags?: readonly string[] } }[] };
    };
    readonly results: readonly {
      readonly ruleId: string;
      readonly locations: readonly {
        readonly physicalLocation?: { readonly artifactLocation: { readonly uri: string; readonly uriBaseId?: string } };
      }[];
      readonly partialFingerprints: Readonly<Record<string, string>>;
    }[];
  }[];
}

/** What GitHub takes of SARIF files; a file that breaks one of these is refused as a whole. */
function expectTakenByCodeScanning(file: string, checkout: string): void {
  const text = readFileSync(file);
  expect(gzipSync(text).length).toBeLessThan(10 * 1024 * 1024);
  const { version, runs } = JSON.parse(text.toString()) as SarifFile;
  expect({ version, runs: runs.length }).toEqual({ version: '2.1.0', runs: 1 });
  for (const { tool, results } of runs) {
    expect(results.length).toBeLessThanOrEqual(25_000);
    expect(tool.driver.rules.length).toBeLessThanOrEqual(25_000);
    const rules = new Set(tool.driver.rules.map(({ id }) => id));
    for (const { properties } of tool.driver.rules) expect(properties?.tags?.length ?? 0).toBeLessThanOrEqual(10);
    for (const { ruleId, locations, partialFingerprints } of results) {
      expect(rules).toContain(ruleId);
      expect(Object.values(partialFingerprints)).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
      expect(locations.length).toBeGreaterThanOrEqual(1);
      expect(locations.length).toBeLessThanOrEqual(100);
      for (const { physicalLocation } of locations) {
        const { uri = '', uriBaseId } = physicalLocation?.artifactLocation ?? {};
        expect({ uriBaseId, isThere: statSync(join(checkout, decodeURIComponent(uri))).isFile() }).toEqual({
          uriBaseId: '%SRCROOT%',
          isThere: true,
        });
      }
    }
  }
}

/** Inputs of github/codeql-action/upload-sarif, in its version 4. */
const uploadInputs = ['sarif_file', 'checkout_path', 'ref', 'sha', 'token', 'matrix', 'category', 'wait-for-processing'];

describe('the GitHub Action', () => {
  it('is a valid definition, in which no expression is part of a script', () => {
    expect(validateAction(readFileSync(join(actionFolder, 'action.yml'), 'utf8')).errors).toEqual([]);
    for (const { run = '', uses, with: given = {} } of action.runs.steps) {
      expect(run).not.toContain('${{');
      if (uses !== undefined) expect(uploadInputs).toEqual(expect.arrayContaining(Object.keys(given)));
    }
  });

  it('builds the command from a clone of its own, and comments, uploads and summarizes what it finds', () => {
    const own = join(folder, 'clone of weir');
    cloneOfWeir(own);
    write('deploy/all.yaml', manifests(`${fromWeb}, { podSelector: { matchLabels: { app: wbe } } }`));
    const run = runAction({ path: 'deploy', 'fail-on-lint': 'never' }, { from: join(own, 'deploy', 'github-action') });
    const { conclusion, steps, used, outputs, printed } = run;
    expect({ conclusion, steps, printed: printed.includes('::error') }).toEqual({
      conclusion: 'success',
      steps: Object.fromEntries(['prepare', 'lint', 'diff', 'test', 'comment', 'upload', 'conclude'].map((id) => [id, 'success'])),
      printed: false,
    });
    // Nobody has that label here: somebody may have it elsewhere.
    expect(outputs).toMatchObject({ lint: 'passed', diff: 'changed', test: 'skipped' });
    expect(used).toEqual([{ uses: 'github/codeql-action/upload-sarif@v4', with: { sarif_file: outputs['sarif-file'], category: 'weir' } }]);
    expectTakenByCodeScanning(outputs['sarif-file'] ?? '', join(folder, 'checkout'));
    // The checkout of the action is as it was: another job may use it.
    expect(existsSync(join(own, 'node_modules', 'vitest'))).toBe(false);
  });

  it('comments what changes, writes it into the summary, and fails for what it is told to', () => {
    write('deploy/all.yaml', manifests(`${fromWeb}, { podSelector: { matchLabels: { app: other } } }`));
    const { conclusion, outputs, summary, comments, printed } = runAction({ weir: 'weir', path: 'deploy', 'fail-on-diff': 'widened' });
    expect(conclusion).toBe('failure');
    // Places are as in the repository, with the revision for what was.
    expect(summary).toContain(`(${base.slice(0, 7)}:deploy/all.yaml:`);
    expect(summary).not.toContain(join(folder, 'temp'));
    expect(printed).toContain('::error::connections changed (widened)');
    expect(outputs).toMatchObject({ lint: 'passed', diff: 'changed' });
    expect(summary).toMatch(/^<!-- weir -->\n[\s\S]*shop\/other/);
    expect(comments).toContain(`--method POST repos/shop/deploy/issues/7/comments --field body=@${outputs['diff-file'] ?? ''}`);
    expect(JSON.parse(readFileSync(outputs['diff-json'] ?? '', 'utf8'))).toMatchObject({ summary: { added: 1 } });
  });

  it('writes its comment anew, goes on where it may not comment, and neither comments nor uploads for a fork', () => {
    const again = runAction({ weir, path: 'deploy' }, { gh: { code: 0, prints: '41\\n42\\n' } });
    expect(again.comments).toContain(
      `--method PATCH repos/shop/deploy/issues/comments/41 --field body=@${again.outputs['diff-file'] ?? ''}`,
    );
    expect(again.comments).not.toContain('--method POST');
    const ofSomebody = runAction({ weir, path: 'deploy' }, { gh: { code: 0, prints: '41\\n', refuses: 'PATCH' } });
    expect(ofSomebody.comments).toContain('--method POST repos/shop/deploy/issues/7/comments');
    expect(ofSomebody.printed).not.toContain('::warning::the difference could not be written');
    const refused = runAction({ weir, path: 'deploy' }, { gh: { code: 1 } });
    expect(refused).toMatchObject({ conclusion: 'success', steps: { comment: 'success', upload: 'success' } });
    expect(refused.printed).toContain('::warning::the difference could not be written as a comment');
    const fork = runAction({ weir, path: 'deploy' }, { head: 'somebody/deploy' });
    expect(fork).toMatchObject({ conclusion: 'success', steps: { comment: 'skipped', upload: 'skipped', conclude: 'success' } });
    expect(fork.summary).toContain('<!-- weir -->');
    const push = runAction({ weir, path: 'deploy' }, { event: 'push' });
    expect(push).toMatchObject({ outputs: { diff: 'skipped' }, steps: { comment: 'skipped', upload: 'success', conclude: 'success' } });
  });

  it('tells findings as annotations and as SARIF, and fails from the severity that it is told', () => {
    write('deploy/all.yaml', manifests('{ podSelector: { matchLabels: { app: wbe } } }'));
    const { conclusion, outputs, printed } = runAction({ weir, path: 'deploy', 'fail-on-lint': 'warning' });
    expect(conclusion).toBe('failure');
    expect(outputs['lint']).toBe('failed');
    expect(printed).toMatch(/::warning file=deploy\/all\.yaml,line=\d+/);
    const sarif = JSON.parse(readFileSync(outputs['sarif-file'] ?? '', 'utf8')) as SarifFile;
    expect(sarif.runs[0]?.results.length).toBeGreaterThan(0);
    expectTakenByCodeScanning(outputs['sarif-file'] ?? '', join(folder, 'checkout'));
  });

  it('checks assertions, and fails when one does not hold', () => {
    const assertions = (expected: string): string =>
      `manifests: [all.yaml]\ntests:\n- { from: shop/other, to: shop/api, port: 80, expect: ${expected} }\n`;
    write('deploy/shop.weir-test.yaml', assertions('deny'));
    const holds = runAction({ weir, path: 'deploy' });
    expect(holds).toMatchObject({ conclusion: 'success', outputs: { lint: 'passed', diff: 'unchanged', test: 'passed' } });
    expect(holds.printed).not.toContain('::error');
    expect(readFileSync(holds.outputs['junit-file'] ?? '', 'utf8')).toContain('<testsuite');
    write('deploy/shop.weir-test.yaml', assertions('allow'));
    const fails = runAction({ weir, path: 'deploy', base: '' });
    expect(fails).toMatchObject({ conclusion: 'failure', outputs: { diff: 'skipped', test: 'failed' } });
  });

  it('compares what a command prints on both sides, and says where that fails', () => {
    write('print.sh', 'cat deploy/all.yaml\n');
    base = commit();
    write('deploy/all.yaml', manifests('{ podSelector: {} }'));
    const { conclusion, outputs, steps } = runAction({ weir, render: 'bash print.sh' });
    expect({ conclusion, diff: outputs['diff'], test: outputs['test'], upload: steps['upload'] }).toEqual({
      conclusion: 'success',
      diff: 'changed',
      test: 'skipped',
      upload: 'skipped',
    });
    const broken = runAction({ weir, render: 'bash not-there.sh' });
    expect(broken).toMatchObject({ conclusion: 'failure', outputs: { lint: 'broken', diff: 'broken' }, steps: { conclude: 'failure' } });
    expect(broken.printed).toContain('::error::the render command failed');
  });

  it('says that a manifest is broken, with its place, and fails where it is told to be strict', () => {
    write('deploy/broken.yaml', 'kind: Pod\n metadata: {}\n');
    const strict = runAction({ weir, path: 'deploy', strict: 'true' });
    expect(strict).toMatchObject({ conclusion: 'failure', outputs: { lint: 'broken', diff: 'broken' } });
    base = '0000000000000000000000000000000000000001';
    const without = runAction({ weir, path: 'deploy' });
    expect(without).toMatchObject({ conclusion: 'failure', outputs: { diff: 'broken' } });
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
      return spawnSync(join(root, file), [...words, ...args], { cwd: origin, encoding: 'utf8' }).status;
    });
    expect(codes).toEqual([0, 1]);
  });

  it('are taken by pre-commit itself, which lets no commit through that they find wrong', () => {
    // As people have Weir there, but built already: nothing is fetched.
    const hooks = join(folder, 'hooks');
    const taken = ['.pre-commit-hooks.yaml', 'packages/cli/bin', 'packages/cli/package.json', 'packages/cli/dist/bundle', 'package.json'];
    for (const path of taken) cpSync(join(root, path), join(hooks, path), { recursive: true });
    git(['init', '--quiet'], hooks);
    git(['add', '--force', '.'], hooks);
    git(['commit', '--quiet', '-m', 'release'], hooks);
    const rev = git(['rev-parse', 'HEAD'], hooks);
    const repository = { repo: hooks, rev, hooks: [{ id: 'weir-lint' }, { id: 'weir-test', args: ['deploy'] }] };
    write('.pre-commit-config.yaml', JSON.stringify({ repos: [repository] }));
    write('deploy/shop.weir-test.yaml', 'manifests: [all.yaml]\ntests:\n- { from: shop/other, to: shop/api, port: 80, expect: deny }\n');
    commit();
    const nowhere = 'http://127.0.0.1:9';
    const env = {
      ...process.env,
      PRE_COMMIT_HOME: join(folder, 'cache'),
      http_proxy: nowhere,
      https_proxy: nowhere,
      npm_config_registry: nowhere,
    };
    execFileSync('pre-commit', ['install'], { cwd: origin, env });
    const tryToCommit = (message: string): ReturnType<typeof spawnSync> =>
      spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t.invalid', 'commit', '--all', '-m', message], {
        cwd: origin,
        env,
        encoding: 'utf8',
      });
    write('deploy/all.yaml', manifests('{ podSelector: { matchLabels: { app: web } } }, { podSelector: { matchLabels: { app: other } } }'));
    const refused = tryToCommit('let others in');
    expect(`${String(refused.stdout)}${String(refused.stderr)}`).toMatch(
      /weir lint\.+Passed\s+weir test\.+Failed[^]*shop\/other → shop\/api[^]*allowed, should be denied/,
    );
    expect(refused.status).toBe(1);
    write('deploy/all.yaml', `${manifests(fromWeb)}# nobody else\n`);
    const through = tryToCommit('keep them out');
    expect(through.status, String(through.stderr)).toBe(0);
    expect(git(['log', '-1', '--format=%s'])).toBe('keep them out');
  });
});
