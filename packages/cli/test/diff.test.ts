/** `weir diff` on files and git repositories, as people run it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Finished, runProgram } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let directory = '';

const base = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec: { template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: c, image: web }] } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: db, namespace: shop }
spec: { template: { metadata: { labels: { app: db } }, spec: { containers: [{ name: c, image: db }] } } }
`;

function policy(port: number): string {
  return `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec:
  podSelector: { matchLabels: { app: db } }
  ingress:
    - from: [{ podSelector: { matchLabels: { app: web } } }]
      ports: [{ port: 5432 }, { port: ${port} }]
`;
}

function git(...args: readonly string[]): void {
  const identity = {
    GIT_AUTHOR_NAME: 'n',
    GIT_AUTHOR_EMAIL: 'n@shop.example',
    GIT_COMMITTER_NAME: 'n',
    GIT_COMMITTER_EMAIL: 'n@shop.example',
  };
  execFileSync('git', args, { cwd: directory, env: { ...process.env, ...identity, GIT_CONFIG_GLOBAL: '/dev/null' }, stdio: 'pipe' });
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-diff-'));
  mkdirSync(join(directory, 'deploy', 'policies'), { recursive: true });
  writeFileSync(join(directory, 'deploy', 'base.yaml'), base);
  writeFileSync(join(directory, 'deploy', 'policies', 'db.yaml'), policy(80));
  writeFileSync(join(directory, 'deploy', 'README.md'), '# not a manifest: [');
  git('init', '-q', '-b', 'main', '.');
  git('add', '-A');
  git('commit', '-q', '-m', 'one');
  writeFileSync(join(directory, 'deploy', 'policies', 'db.yaml'), policy(81));
  git('add', '-A');
  git('commit', '-q', '-m', 'two');
  writeFileSync(join(directory, 'deploy', 'policies', 'db.yaml'), policy(5432));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function weir(
  args: readonly string[],
  { cwd = directory, input = '', path }: { cwd?: string; input?: string; path?: string } = {},
): Promise<Finished> {
  const bin = join(import.meta.dirname, '..', 'bin', 'weir.js');
  const env = {
    KUBECONFIG: undefined,
    WEIR_STATE_DIR: join(directory, 'state'),
    WEIR_RUN_DIR: join(directory, 'run'),
    ...(path === undefined ? {} : { PATH: path }),
  };
  return runProgram(process.execPath, [bin, 'diff', ...args], { cwd, env, input });
}

const whole = (file: string): string => join(directory, 'deploy', ...file.split('/'));

describe('weir diff', () => {
  it('tells the connections that change between two revisions, with their places in them', async () => {
    const { stdout, code } = await weir(['HEAD~1:deploy/', 'HEAD:deploy']);
    expect(stdout).toContain('  shop/web → shop/db: + TCP 81; - TCP 80 (TCP 80, 5432 → TCP 81, 5432)\n');
    expect(stdout).toContain('was allowed by NetworkPolicy shop/db ingress[0].from[0] (HEAD~1:deploy/policies/db.yaml:8)');
    expect(stdout).toContain('1 connection: 1 changed.');
    expect(code).toBe(1);
  });

  it('compares the working tree with a revision, from any folder of it', async () => {
    const expected = { connections: [{ change: 'narrowed', from: 'shop/web', to: 'shop/db', lost: { text: 'TCP 81' } }] };
    for (const [args, cwd] of [
      [['--git', 'HEAD', 'deploy'], directory],
      [['--git', 'main'], join(directory, 'deploy')],
      [['main:deploy', '../deploy'], join(directory, 'deploy')],
    ] as const) {
      const { stdout, code } = await weir([...args, '-o', 'json'], { cwd });
      expect(JSON.parse(stdout)).toMatchObject(expected);
      expect(code).toBe(1);
    }
  });

  it('reads standard input as one side, and answers 0 where no connection changes', async () => {
    const input = `${base}---${policy(5432)}`;
    const { stdout, code } = await weir(['deploy', '-'], { input });
    expect(stdout).toBe('No connection changes.\n');
    expect(code).toBe(0);
  });

  it.each([
    ['widened', 0, 1],
    ['narrowed', 1, 0],
    ['none', 0, 0],
  ])('with --fail-on %s answers %i to less and %i to more', async (what, less, more) => {
    expect((await weir(['HEAD:deploy', 'deploy', '--fail-on', what])).code).toBe(less);
    expect((await weir(['deploy', 'HEAD:deploy', '--fail-on', what])).code).toBe(more);
  });

  it('prints Markdown and CSV', async () => {
    expect((await weir(['HEAD:deploy', 'deploy', '-o', 'md'])).stdout).toContain('| shop/web | shop/db | - TCP 81 (');
    expect((await weir(['HEAD:deploy', 'deploy', '-o', 'csv'])).stdout).toContain(
      'narrowed,shop/web,shop/db,"TCP 81, 5432",TCP 5432,,TCP 81,,,',
    );
  });

  it('compares engines over one side', async () => {
    const { stdout } = await weir(['deploy', 'deploy', '--profile-old', 'azure', '--profile-new', 'cilium', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ profiles: { before: 'azure', after: 'cilium' } });
  });

  it.each([
    [['deploy'], /give OLD and NEW/],
    [['-', '-'], /standard input can be one side only/],
    [['HEAD:nowhere', 'deploy'], /there is no file or folder HEAD:nowhere/],
    [['HEAD', 'deploy'], /of a revision of a git repository write HEAD:PATH, or --git HEAD PATH/],
    [['--git', 'HEAD', 'deploy', 'deploy'], /one PATH at most/],
    [['--git', '--exec-path', 'deploy'], /--git/],
    [['deploy', 'nowhere'], /nowhere/],
  ])('answers 2 to %j, with what is wrong', async (args, expected) => {
    const { stderr, code } = await weir(args);
    expect(stderr).toMatch(expected);
    expect(code).toBe(2);
  });

  it('says where git is missing, and where there is no repository', async () => {
    const missing = await weir(['HEAD:deploy', 'deploy'], { path: join(directory, 'nothing') });
    expect(missing).toMatchObject({ code: 4 });
    expect(missing.stderr).toContain('the program git is not there');
    expect(await weir(['HEAD:deploy', whole('base.yaml')], { cwd: tmpdir() })).toMatchObject({ code: 2 });
  });
});
