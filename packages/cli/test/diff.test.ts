/** `weir diff` on files and git repositories, as people run it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiffJson } from '@weir/diff';
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
  git('checkout', '-q', '-b', 'side');
  writeFileSync(join(directory, 'deploy', 'policies', 'db.yaml'), policy(82));
  git('commit', '-q', '-a', '-m', 'aside');
  git('checkout', '-q', 'main');
  writeFileSync(join(directory, 'deploy', 'policies', 'db.yaml'), policy(81));
  mkdirSync(join(directory, 'later'));
  writeFileSync(join(directory, 'later', 'base.yaml'), base);
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

  it('compares two revisions that are written as a range, and where they parted', async () => {
    const expected = { connections: [{ change: 'changed', gained: { text: 'TCP 81' }, lost: { text: 'TCP 80' } }] };
    for (const args of [
      ['--git', 'HEAD~1..HEAD', 'deploy'],
      ['HEAD~1..main'],
      ['HEAD~1..', 'deploy'],
      ['--git', 'side...main', 'deploy'],
    ]) {
      const { stdout, code } = await weir([...args, '-o', 'json']);
      expect({ args, code, ...(JSON.parse(stdout) as object) }).toMatchObject({ args, code: 1, ...expected });
    }
    expect(await weir(['--git', 'main..HEAD', join(directory, 'deploy')])).toMatchObject({ code: 0, stdout: 'No connection changes.\n' });
    expect(await weir(['--git', 'HEAD', '..'], { cwd: join(directory, 'deploy') })).toMatchObject({ code: 1 });
  });

  it('takes what is on one side only for new or gone, where git compares one path, and says that', async () => {
    const { stdout, stderr, code } = await weir(['--git', 'HEAD~1', 'later']);
    expect({ stdout, code }).toEqual({ stdout: expect.stringContaining('2 workloads are new.'), code: 1 });
    expect(stderr).toContain('old side: there is no HEAD~1:later');
    expect((await weir(['HEAD..HEAD~1', 'later'])).stderr).toContain('new side: there is no HEAD~1:later');
  });

  it('follows links in a revision as it does in files', async () => {
    const linked = join(directory, 'linked');
    mkdirSync(join(linked, 'policies'), { recursive: true });
    symlinkSync(join('..', 'later'), join(linked, 'base'));
    symlinkSync(join('..', '..', 'deploy', 'policies', 'db.yaml'), join(linked, 'policies', 'db.yaml'));
    symlinkSync('..', join(linked, 'loop'));
    // Saved by an old editor; nothing of it matters.
    writeFileSync(join(directory, 'later', 'comment.yaml'), Buffer.from('# caf\u00e9\nkind: [\n', 'latin1'));
    git('add', 'linked', 'later');
    git('commit', '-q', '-m', 'links');
    rmSync(join(directory, 'later', 'comment.yaml'));
    for (const args of [
      ['--git', 'HEAD', 'linked'],
      ['HEAD:linked', 'linked'],
    ]) {
      const { stdout } = await weir(args);
      // Of the file that the link means, what is in the working tree differs.
      expect(stdout).toContain('  shop/web → shop/db: - TCP 81 (TCP 81, 5432 → TCP 5432)\n');
    }
    const through = await weir(['HEAD:linked/base', 'later']);
    expect(through).toMatchObject({ code: 0, stdout: 'No connection changes.\n', stderr: expect.stringContaining('base/comment.yaml:') });
  });

  it('says in its answer what of the manifests is left out of it, and passes over what never held objects', async () => {
    writeFileSync(join(directory, 'broken.yaml'), `${base}---\nkind: [\n`);
    writeFileSync(join(directory, 'deploy', 'values.yaml'), 'replicas: 2\n');
    const { stdout } = await weir(['deploy', 'broken.yaml', '-o', 'md']);
    expect(stdout).toContain('> [!WARNING]\n> The comparison may be incomplete:\n>\n> - new side: broken.yaml:');
    expect(stdout).not.toContain('values.yaml');
    const { notices } = JSON.parse((await weir(['deploy', 'broken.yaml', '-o', 'json'])).stdout) as DiffJson;
    expect(notices).toEqual({ before: [], after: [expect.stringContaining('broken.yaml:')] });
    expect((await weir(['deploy', 'HEAD:deploy', '-o', 'md'])).stdout).not.toContain('incomplete');
    rmSync(join(directory, 'deploy', 'values.yaml'));
  });

  it('says that connections change for pods that are elsewhere, and tells them when it is asked', async () => {
    const policies = ['one.yaml', 'other.yaml'].map((name) => join(directory, name));
    for (const [at, file] of policies.entries()) writeFileSync(file, policy(90 + at));
    const unasked = await weir(policies);
    expect(unasked).toMatchObject({ code: 0, stdout: 'No connection changes.\n' });
    expect(unasked.stderr).toContain('connections change for pods that are not among the objects: --exposure tells them, too');
    const asked = await weir([...policies, '--exposure', '--fail-on', 'widened']);
    expect(asked).toMatchObject({ code: 1, stderr: '' });
    expect(asked.stdout).toContain('  shop/[pod with app=web] → shop/[pod with app=db]: + TCP 91; - TCP 90 (');
    expect((await weir(['HEAD:deploy', 'deploy'])).stderr).not.toContain('--exposure');
  });

  it('says of workloads that move into the network of their nodes that they are not gone', async () => {
    writeFileSync(
      join(directory, 'host.yaml'),
      base.replace('containers: [{ name: c, image: db }]', 'hostNetwork: true, containers: [{ name: c, image: db }]'),
    );
    const moves = 'shop/db is now in the network of its node (hostNetwork): no policy is about it there';
    expect((await weir(['later', 'host.yaml', '-o', 'md'])).stdout).toContain(`> - new side: ${moves}`);
    expect((await weir(['host.yaml', 'later'])).stderr).toContain('shop/db was before in the network of its node');
    expect((await weir(['later', 'later'])).stderr).toBe('');
  });

  it('tells with the exposure that a policy opens to namespaces that are elsewhere', async () => {
    const from = (peer: string): string => `${base}---${policy(80).replace(/from: .*/, `from: [${peer}]`)}`;
    writeFileSync(join(directory, 'own.yaml'), from('{ podSelector: {} }'));
    writeFileSync(join(directory, 'all.yaml'), from('{ namespaceSelector: {} }'));
    expect((await weir(['own.yaml', 'all.yaml'])).stdout).toBe('No connection changes.\n');
    expect((await weir(['own.yaml', 'all.yaml', '--exposure'])).stdout).toContain(
      '[another namespace]/[any pod] → shop/db: + TCP 80, 5432',
    );
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
    [['HEAD:nowhere', 'deploy'], /there is no file or folder nowhere in the revision HEAD/],
    [['nowhere:deploy', 'deploy'], /there is no file or folder nowhere:deploy, and there is no revision nowhere/],
    [['--git', 'nowhere', 'deploy'], /there is no revision nowhere in the git repository here/],
    [['--git', 'main...nowhere', 'deploy'], /there is no revision nowhere/],
    [['--git', 'HEAD', 'nowhere'], /neither in HEAD nor in the working tree/],
    [['--git', 'HEAD', '..'], /\.\. is not in the git repository here/],
    [['--git', 'HEAD', '-'], /standard input is none/],
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
