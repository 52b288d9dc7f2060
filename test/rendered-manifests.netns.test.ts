/** What the real helm and kubectl print, piped into weir. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const tool = (name: string): string => join(root, '.setup', 'bin', name);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weirt-rendered-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function weir(args: readonly string[], input?: string): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const ran = spawnSync(process.execPath, [join(root, 'packages', 'cli', 'bin', 'weir.js'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, KUBECONFIG: undefined },
    ...(input === undefined ? {} : { input }),
  });
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

describe('manifests from a renderer', () => {
  it('are read from helm template, while the chart itself is left out with that advice', () => {
    const chart = join(root, 'examples', 'chart');
    const rendered = execFileSync(tool('helm'), ['template', 'shop', chart], { encoding: 'utf8' });
    const answer = weir(['matrix', '--manifests', '-', '--strict', '-o', 'json'], rendered);
    expect({ code: answer.code, stderr: answer.stderr }).toEqual({ code: 0, stderr: '' });
    expect((JSON.parse(answer.stdout) as { connections: unknown[] }).connections.length).toBeGreaterThan(0);
    expect(weir(['matrix', '--manifests', chart]).stderr).toContain(`pipe in what helm template ${chart} prints`);
  });

  it('are read from kubectl kustomize, whose patches count', () => {
    const write = (file: string, text: string): void => {
      mkdirSync(join(folder, file, '..'), { recursive: true });
      writeFileSync(join(folder, file), text);
    };
    const deployment = (name: string): string =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}}\nspec: {selector: {matchLabels: {app: ${name}}}, template: {metadata: {labels: {app: ${name}}}, spec: {containers: [{name: c, image: i}]}}}\n`;
    write('base/all.yaml', `${deployment('web')}---\n${deployment('api')}`);
    write(
      'base/policy.yaml',
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: api}\nspec: {podSelector: {matchLabels: {app: api}}, ingress: []}\n',
    );
    write('base/kustomization.yaml', 'resources: [all.yaml, policy.yaml]\n');
    write('prod/kustomization.yaml', 'namespace: prod\nresources: [../base]\npatches: [{path: open.yaml}]\n');
    write(
      'prod/open.yaml',
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: api}\nspec: {ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}\n',
    );
    const verdictOf = (kustomization: string, namespace: string): unknown => {
      const rendered = execFileSync(tool('kubectl'), ['kustomize', join(folder, kustomization)], { encoding: 'utf8' });
      const { stdout } = weir(
        ['why', `${namespace}/web`, `${namespace}/api`, '80', '--manifests', '-', '--strict', '-o', 'json'],
        rendered,
      );
      return (JSON.parse(stdout) as { verdict: unknown }).verdict;
    };
    expect([verdictOf('base', 'default'), verdictOf('prod', 'prod')]).toEqual(['deny', 'allow']);
    const folderRead = weir(['why', 'web', 'api', '80', '--manifests', folder]);
    expect(folderRead.stdout).toMatch(/^deny/);
    expect(folderRead.stderr).toContain(`pipe in what kubectl kustomize ${join(folder, 'prod')} prints`);
  });
});
