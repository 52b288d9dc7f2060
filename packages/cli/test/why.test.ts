import { describe, expect, it } from 'vitest';
import { runWeir } from './run-weir.ts';

const manifests = `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: c}]}
status: {podIP: 10.244.0.5}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {nodeName: n1, containers: [{name: c, ports: [{name: sql, containerPort: 5432}]}]}
status: {podIP: 10.244.0.6}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{ipBlock: {cidr: 10.244.0.0/16}}], ports: [{port: sql}]}]
`;

const weir = (...args: string[]): ReturnType<typeof runWeir> => runWeir(['why', ...args, '--manifests', '-'], { input: manifests });

describe('weir why', () => {
  it('takes the name of a port', async () => {
    const { code, stdout } = await weir('shop/web', 'shop/db', 'sql');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^allow: .* TCP\/5432$/m);
    const unknown = await weir('shop/web', 'shop/db', 'http/tcp', '--fail-on', 'denied');
    expect(unknown.code).toBe(1);
    expect(unknown.stdout).toContain('not known: the number of port http: pod shop/db has no such name');
    // No port is made up in the rules that hang on it.
    expect(unknown.stdout).toMatch(/ingress\[0\]\.from\[0\] .* may match: not known: the number of port http/);
    expect(unknown.stdout).not.toContain('the destination port is');
  });

  it('takes svc:namespace/service where a pod has the name of the service', async () => {
    const service =
      'apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\nspec: {selector: {app: db}, ports: [{port: 15432, targetPort: sql}]}\n';
    const ask = (end: string): ReturnType<typeof runWeir> =>
      runWeir(['why', 'shop/web', end, '15432', '--manifests', '-'], { input: `${manifests}---\n${service}` });
    expect((await ask('shop/db')).stdout).toMatch(/^deny: .* TCP\/15432$/m);
    expect((await ask('svc:shop/db')).stdout).toMatch(/^allow: .* TCP\/5432$/m);
    expect((await ask('svc:shop/web')).code).toBe(3);
  });

  it('shows flows with the same reasons once, and names them; JSON has them all', async () => {
    const workload =
      'apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: front, namespace: shop}\nspec: {selector: {}, template: {metadata: {}, spec: {containers: []}}}\n';
    const front = (name: string, address: string): string =>
      `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: front, controller: true}]}\nspec: {nodeName: n1, containers: []}\nstatus: {podIP: ${address}}\n`;
    const input = [manifests, workload, front('front-0', '10.244.0.7'), front('front-1', '10.244.0.8'), front('front-2', '10.9.9.9')].join(
      '---\n',
    );
    const ask = (...args: string[]): ReturnType<typeof runWeir> =>
      runWeir(['why', 'sts/front', 'db', '5432', '--manifests', '-', ...args], { input });
    const { stdout } = await ask();
    expect(stdout.split('\n').filter((line) => /^\S/.test(line) || line.includes('front-1'))).toEqual([
      'allow: shop/front-0 (10.244.0.7) → shop/db (10.244.0.6) TCP/5432',
      'the same, for the same reasons:',
      '  shop/front-1 (10.244.0.8) → shop/db (10.244.0.6) TCP/5432',
      'deny: shop/front-2 (10.9.9.9) → shop/db (10.244.0.6) TCP/5432',
    ]);
    const verdicts = JSON.parse((await ask('-o', 'json')).stdout) as { verdict: string }[];
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['allow', 'allow', 'deny']);
  });

  it('shows with --both what every engine says, side by side', async () => {
    const { code, stdout } = await weir('shop/web', 'shop/db', '5432', '--both');
    expect(code).toBe(0);
    const rows = stdout.split('\n').map((line) => line.split(/ {3,}/).slice(0, 2));
    expect(rows).toContainEqual(['PROFILE', 'VERDICT']);
    // A block means no pods for Cilium.
    expect(rows.filter(([profile]) => ['kubernetes', 'azure', 'calico', 'cilium'].includes(profile ?? ''))).toEqual([
      ['kubernetes', 'allow'],
      ['azure', 'allow'],
      ['calico', 'allow'],
      ['cilium', 'deny'],
    ]);
    expect(stdout).toContain('allowed, rule ingress[0].from[0] of NetworkPolicy shop/db (standard input:19) matches');
  });

  it('answers --both as JSON with the verdict of each engine, and says whether they agree', async () => {
    const { stdout } = await weir('shop/web', 'shop/db', '5432', '--both', '-o', 'json');
    const { agree, profiles } = JSON.parse(stdout) as { agree: boolean; profiles: Record<string, { verdict: string }> };
    expect(agree).toBe(false);
    expect(Object.fromEntries(Object.entries(profiles).map(([name, { verdict }]) => [name, verdict]))).toEqual({
      kubernetes: 'allow',
      azure: 'allow',
      calico: 'allow',
      cilium: 'deny',
    });
    expect((await weir('shop/web', 'shop/db', '5432', '--both', '--fail-on', 'denied')).code).toBe(1);
    expect((await weir('shop/db', 'shop/web', '80', '--both', '--fail-on', 'denied')).code).toBe(0);
  });

  it('refuses --both with a profile, and a range that is none', async () => {
    const both = await weir('shop/web', 'shop/db', '5432', '--both', '--profile', 'azure');
    expect({ code: both.code, said: both.stderr.includes('leave --profile out') }).toEqual({ code: 2, said: true });
    const range = await weir('shop/web', 'shop/db', '5432', '--pod-range', '10.244.0.0');
    expect({ code: range.code, said: range.stderr.includes('write a block of addresses') }).toEqual({ code: 2, said: true });
  });
});
