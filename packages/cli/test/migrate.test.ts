import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finished } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWeir } from './run-weir.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-migrate-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const weir = (...args: readonly string[]): Promise<Finished> =>
  runWeir(['migrate', ...args], { env: { WEIR_STATE_DIR: join(directory, 'state'), WEIR_RUN_DIR: join(directory, 'run') } });

function manifest(name: string, cidr: string): string {
  const file = join(directory, `${name}.yaml`);
  writeFileSync(
    file,
    `apiVersion: apps/v1
kind: Deployment
metadata: { name: db, namespace: shop }
spec: { replicas: 3, template: { metadata: { labels: { app: db } }, spec: { containers: [{ name: c, image: db, ports: [{ containerPort: 5432 }] }] } } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: from-block, namespace: shop }
spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: ${cidr} } }] }] }
`,
  );
  return file;
}

describe('weir migrate', () => {
  it('shows the policies that change their meaning and answers 1', async () => {
    const { stdout, stderr, code } = await weir('--from', 'calico', '--to', 'cilium', '--manifests', manifest('pods', '10.224.1.0/24'));
    expect(stdout).toMatch(/^Calico → Cilium: 1 of 1 policy and 0 of 0 services with another meaning$/m);
    expect(stdout).toMatch(/^NetworkPolicy shop\/from-block \(.*pods\.yaml:6\)$/m);
    expect(stdout).toContain('every pod (2) → every pod (2): all traffic, such as shop/db-0 → shop/db-1 TCP/5432: allow → deny');
    expect(stderr).toContain('2 pods are made from the templates of workloads');
    expect(code).toBe(1);
  });

  it('says the same as JSON', async () => {
    const { stdout, code } = await weir(
      '--from',
      'calico',
      '--to',
      'cilium',
      '--manifests',
      manifest('pods', '10.224.1.0/24'),
      '-o',
      'json',
    );
    expect(JSON.parse(stdout)).toMatchObject({
      from: 'calico',
      to: 'cilium',
      pairs: { lost: 2, gained: 0 },
      objects: [
        { kind: 'NetworkPolicy', namespace: 'shop', name: 'from-block', changes: [{ change: 'lost', cause: 'ipBlock over pods' }] },
      ],
    });
    expect(code).toBe(1);
  });

  it('answers 0 when nothing changes', async () => {
    const { stdout, code } = await weir('--from', 'calico', '--to', 'cilium', '--manifests', manifest('outside', '203.0.113.0/24'));
    expect(stdout).toMatch(/0 of 1 policy and 0 of 0 services with another meaning/);
    expect(code).toBe(0);
  });

  it('gives pods of manifests addresses of both families with a --pod-cidr of each', async () => {
    const file = manifest('six', '"fd00:10::/64"');
    const { stdout, stderr, code } = await weir('--from', 'calico', '--to', 'cilium', '--manifests', file, '--pod-cidr', 'fd00:10::/64');
    expect(stderr).toContain('2 pods have no address: assumed are addresses of 10.224.0.0/16 and fd00:10::/64');
    expect(stdout).toContain('no longer allowed over IPv6, 2 pairs · ipBlock over pods');
    expect(stdout).not.toContain('IPv6 is not compared');
    expect(code).toBe(1);
  });

  it('writes the proposed patches where it is told to', async () => {
    const folder = join(directory, 'patches');
    const { stdout } = await weir(
      '--from',
      'calico',
      '--to',
      'cilium',
      '--manifests',
      manifest('pods', '10.224.1.0/24'),
      '--patch-out',
      folder,
    );
    expect(readFileSync(join(folder, 'shop.from-block.yaml'), 'utf8')).toContain('- namespaceSelector: {}');
    expect(stdout).toContain('with them, no longer allowed: 0 pairs');
    expect(stdout).not.toContain('apiVersion');
  });

  it('writes policies of the kind of the new engine into a folder of their own', async () => {
    const folder = join(directory, 'for-nodes');
    const file = manifest('nodes', '10.224.0.0/24');
    const { stdout, code } = await weir('--from', 'calico', '--to', 'cilium', '--manifests', file, '--patch-out', folder);
    expect(readdirSync(folder)).toEqual(['once-migrated']);
    expect(readFileSync(join(folder, 'once-migrated', 'shop.from-block-nodes.yaml'), 'utf8')).toContain('- remote-node');
    expect(stdout).toContain('beside it, once the new engine runs, CiliumNetworkPolicy from-block-nodes: lets other nodes in');
    expect(stdout).toContain('with them, no longer allowed: 0 pairs');
    expect(code).toBe(1);
  });

  it('answers 2 to manifests of which nothing can be read', async () => {
    const folder = mkdtempSync(join(directory, 'empty-'));
    const { stderr, stdout, code } = await weir('--from', 'calico', '--to', 'cilium', '--manifests', folder);
    expect(stderr).toContain('no Kubernetes objects were read: there is nothing to compare');
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('answers 2 to manifests and a context at once, of which one would not be read', async () => {
    const engines = ['--from', 'azure', '--to', 'cilium'];
    const { stderr, code } = await weir(...engines, '--context', 'prod', '--manifests', manifest('p', '10.0.0.0/8'));
    expect(stderr).toContain('--manifests are read instead of a cluster: leave them out, or --context');
    expect(code).toBe(2);
  });

  it('answers 2 where a rehearsal is asked for of what no cluster takes', async () => {
    const file = manifest('invalid', '300.1.1.1/8');
    const { stderr, code } = await weir('--from', 'calico', '--to', 'cilium', '--manifests', file, '--rehearse');
    expect(stderr).toContain(
      'NetworkPolicy shop/from-block cannot be rehearsed, because no cluster takes it as it is: correct spec.ingress[0].from[0].ipBlock.cidr',
    );
    expect(stderr).not.toContain('making cluster');
    expect(code).toBe(2);
  });

  it('writes no patch outside of that folder, whatever a policy is called', async () => {
    const file = manifest('climbing', '10.224.1.0/24');
    writeFileSync(file, readFileSync(file, 'utf8').replace('name: from-block', 'name: "../../escaped"'));
    const folder = join(directory, 'inner', 'patches');
    expect((await weir('--from', 'calico', '--to', 'cilium', '--manifests', file, '--patch-out', folder)).code).toBe(1);
    expect(readdirSync(folder)).toEqual(['shop...%2F..%2Fescaped.yaml']);
  });

  it.each([
    [['--from', 'calico'], /say with --to which engine/],
    [['--to', 'cilium'], /say with --from which engine/],
    [['--from', 'cilium', '--to', 'cilium'], /nothing to compare/],
    [['--from', 'calico', '--to', 'flannel'], /flannel/],
    [['--from', 'calico', '--to', 'cilium', '--pod-cidr', '10.0.0'], /--pod-cidr is no block/],
    [['--from', 'calico', '--to', 'cilium', '--timeout-ms', '0'], /--timeout-ms/],
    [['--from', 'calico', '--to', 'cilium', '--pod-cidr', '10.1.0.0/16', '--pod-cidr', '10.2.0.0/16'], /once for each of IPv4 and IPv6/],
  ])('answers 2 to %j, with what to do', async (args, expected) => {
    const { stderr, code } = await weir(...args, '--manifests', manifest('bad', '203.0.113.0/24'));
    expect(stderr).toMatch(expected);
    expect(code).toBe(2);
  });
});
