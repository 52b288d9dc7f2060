/** Manifests as people have them, read by the command line. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Finished } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWeir } from './run-weir.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-manifests-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const write = (file: string, text: string | Buffer): void => {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
};

const workload = (name: string, namespace?: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}${namespace === undefined ? '' : `, namespace: ${namespace}`} }
spec: { template: { metadata: { labels: { app: ${name} } }, spec: { containers: [{ name: c, image: i, ports: [{ containerPort: 80 }] }] } } }
`;
const policy = (name: string, spec: string): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name} }
spec: ${spec}
`;
const closed = policy(
  'closed',
  '{ podSelector: { matchLabels: { app: b } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: c } } }] }] }',
);

const why = (args: readonly string[], input?: string): Promise<Finished> =>
  runWeir(['why', 'a', 'b', '80', '-o', 'json', ...args], input === undefined ? {} : { input });
const verdictOf = ({ stdout }: Finished): unknown => (JSON.parse(stdout) as { verdict?: unknown }).verdict;

describe('a folder of manifests', () => {
  it('say that standard input is empty, since what came before in the pipe may have failed', async () => {
    const { code, stderr } = await runWeir(['matrix', '--manifests', '-'], { input: '\n' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('standard input is empty') });
  });

  it('is read with all below it, each file once however many links lead to it', async () => {
    write('tree/one/a.yaml', workload('a'));
    write('tree/two/b.YML', workload('b').replaceAll('\n', '\r\n'));
    write('tree/two/policy.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [] }));
    write('tree/two/utf16.yaml', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(closed, 'utf16le')]));
    write('tree/.git/x.yaml', 'kind: [');
    write('tree/node_modules/x.yaml', 'kind: [');
    symlinkSync('..', join(folder, 'tree', 'two', 'loop'));
    symlinkSync('a.yaml', join(folder, 'tree', 'one', 'again.yaml'));
    const answer = await why(['--manifests', join(folder, 'tree')]);
    expect(answer.stderr).toBe('');
    expect(verdictOf(answer)).toBe('deny');
  });

  it('is judged without what is broken in it, unless --strict says otherwise', async () => {
    write('broken/good.yaml', `${workload('a')}---\n${workload('b')}`);
    write('broken/bad.yaml', `${closed}---\nkind: Pod\n metadata: x\n`);
    write('broken/wrong.yaml', policy('wrong', '{ podSelector: { matchLabels: [] } }'));
    symlinkSync('nowhere.yaml', join(folder, 'broken', 'gone.yaml'));
    const answer = await why(['--manifests', join(folder, 'broken')]);
    expect(answer.code).toBe(0);
    expect(verdictOf(answer)).toBe('deny');
    expect(answer.stderr).toMatch(/bad\.yaml:6:\d+: .*\[yaml-syntax\]/);
    expect(answer.stderr).toMatch(/gone\.yaml:1: .*\[unreadable-file\]/);
    const strict = await why(['--strict', '--manifests', join(folder, 'broken')]);
    expect(strict).toMatchObject({ code: 2, stdout: '' });
    expect(strict.stderr).toMatch(/^weir: .*gone\.yaml:1: .*\n +.*bad\.yaml:6/);
    const refused = await why([
      '--strict',
      '--manifests',
      join(folder, 'broken', 'good.yaml'),
      '--manifests',
      join(folder, 'broken', 'wrong.yaml'),
    ]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('wrong.yaml:');
  });

  it('may have been saved with the characters of an old Windows, which is said with the place', async () => {
    write('old/a.yaml', workload('a'));
    write('old/b.yaml', Buffer.from(`# Größe\n${workload('b')}# auf Müll: x\n`, 'latin1'));
    write('old/policy.yaml', closed);
    const answer = await why(['--manifests', join(folder, 'old'), '--strict']);
    expect(verdictOf(answer)).toBe('deny');
    expect(answer.stderr).toMatch(/b\.yaml:1:5: this character is not in UTF-8: the file is read as Windows-1252/);
  });

  it('that is not there, or holds nothing but broken files, is wrong usage', async () => {
    write('nothing/bad.yaml', 'kind: [');
    const gone = await why(['--manifests', join(folder, 'gone')]);
    expect(gone.code).toBe(2);
    expect(gone.stderr).toBe(`weir: --manifests ${join(folder, 'gone')}: there is no such file or folder\n`);
    const below = await why(['--manifests', join(folder, 'nothing', 'bad.yaml', 'x')]);
    expect(below).toMatchObject({ code: 2, stderr: expect.stringContaining('a part of the path is no folder') });
    expect((await why(['--manifests', join(folder, 'nothing')])).code).toBe(2);
  });
});

describe('manifests on standard input', () => {
  it('may be what helm install --dry-run prints, notes and all, in the namespace of the release', async () => {
    const notes = 'NOTES:\n1. Open: it: here\n  echo "{{';
    const release = (namespace: string): string =>
      `NAME: x\nLAST DEPLOYED: now\nNAMESPACE: ${namespace}\nSTATUS: pending\nHOOKS:\nMANIFEST:\n---\n${workload('a')}---\n${workload('b')}---\n${closed}\n${notes}\n`;
    const answer = await why(['--manifests', '-', '--strict'], release('shop'));
    expect(answer.stderr).toBe('');
    expect(JSON.parse(answer.stdout)).toMatchObject({ verdict: 'deny', source: { pod: 'shop/a' }, destination: { pod: 'shop/b' } });
    const given = await why(['--manifests', '-', '--default-namespace', 'prod'], release('shop'));
    expect(JSON.parse(given.stdout)).toMatchObject({ source: { pod: 'prod/a' } });
  });

  it('are judged together with those of files, in the namespace that they are to be applied in', async () => {
    write('more/b.yaml', workload('b', 'shop'));
    const args = ['--manifests', '-', '--manifests', join(folder, 'more'), '--default-namespace', 'shop'];
    const answer = await why(args, `${workload('a')}---\n${closed}`);
    expect(answer.stderr).toBe('');
    expect(JSON.parse(answer.stdout)).toMatchObject({ verdict: 'deny', source: { pod: 'shop/a' }, destination: { pod: 'shop/b' } });
  });
});
