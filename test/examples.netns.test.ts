/** The manifests of `examples/`, applied by kubectl and tried with real packets. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

const example = (path: string): string => readFileSync(join(import.meta.dirname, '..', 'examples', path), 'utf8');

let cluster: LabCluster;
beforeAll(async () => {
  cluster = await LabCluster.up({ nodes: 2 });
});
afterAll(async () => {
  await cluster?.down();
});

describe('the article’s policy', () => {
  beforeAll(async () => {
    await cluster.kubectlOutput('create namespace demo');
    await cluster.kubectlOutput(
      'run server -n demo --image=k8s.gcr.io/e2e-test-images/agnhost:2.33 --labels=app=server --port=80 --command -- /agnhost serve-hostname --tcp --http=false --port 80',
    );
    await cluster.kubectlOutput('run client -n demo --image=k8s.gcr.io/e2e-test-images/agnhost:2.33 --command -- sleep infinity');
    await cluster.kubectlOutput('wait --for=condition=Ready pod --all -n demo --timeout=30s');
  });

  it('blocks a client without the label and lets it through with it', async () => {
    const target = `${await cluster.addressOf('demo', 'server')}:80`;
    const connect = (): Promise<string> => cluster.connect({ namespace: 'demo', pod: 'client' }, target, '--timeout=2s --protocol=tcp');
    expect(await connect()).toBe('');
    await cluster.kubectlOutput('apply -f -', example('article/demo-policy.yaml'));
    expect(await connect()).toBe('TIMEOUT');
    await cluster.kubectlOutput('label pod client -n demo app=client');
    expect(await connect()).toBe('');
    await cluster.kubectlOutput('label pod client -n demo app-');
    expect(await connect()).toBe('TIMEOUT');
    await cluster.kubectlOutput('delete -f -', example('article/demo-policy.yaml'));
    expect(await connect()).toBe('');
  });

  it('is explained from the live cluster as from files', async () => {
    await cluster.kubectlOutput('apply -f -', example('article/demo-policy.yaml'));
    const { code, stdout } = await cluster.weir(['why', 'demo/client', 'demo/server', '80', '--name', cluster.name, '-o', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'deny', ingress: { isolatedBy: [{ name: 'demo-policy' }] } });
  });
});

describe('the three-tier application', () => {
  const ports = { frontend: 8080, backend: 8081, database: 5432 } as const;

  beforeAll(async () => {
    await cluster.kubectlOutput('apply -f -', example('three-tier/shop.yaml'));
    await cluster.kubectlOutput('wait --for=condition=Ready pod --all -n shop --timeout=30s');
  });

  it.each([
    ['frontend', 'backend', ''],
    ['backend', 'database', ''],
    ['frontend', 'database', 'TIMEOUT'],
    ['backend', 'frontend', 'TIMEOUT'],
    ['database', 'frontend', 'TIMEOUT'],
    ['database', 'backend', 'TIMEOUT'],
  ] as const)('answers a connection from %s to %s with "%s"', async (from, to, expected) => {
    expect(await cluster.connect({ namespace: 'shop', pod: from }, `${await cluster.addressOf('shop', to)}:${ports[to]}`)).toBe(expected);
  });

  it('lets a tier reach the next one by its service name', async () => {
    expect(await cluster.connect({ namespace: 'shop', pod: 'frontend' }, 'backend.shop.svc.cluster.local:80')).toBe('');
    expect(await cluster.connect({ namespace: 'shop', pod: 'backend' }, 'database:5432')).toBe('');
  });

  it('has a computed matrix that equals the tried one', async () => {
    const { code, stdout } = await cluster.weir(['matrix', '--name', cluster.name, '--namespace', 'shop', '--probe', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ differences: 0 });
    expect(code).toBe(0);
  });
});

describe('default deny with DNS', () => {
  beforeAll(async () => {
    await cluster.kubectlOutput('apply -f -', example('default-deny-with-dns/team.yaml'));
    await cluster.kubectlOutput('wait --for=condition=Ready pod --all -n team --timeout=30s');
  });

  it('lets pods ask for names and reach nothing else', async () => {
    // The name is found, and the connection to what it stands for is dropped.
    expect(await cluster.connect({ namespace: 'team', pod: 'one' }, 'two.team.svc.cluster.local:80')).toBe('TIMEOUT');
    expect(await cluster.connect({ namespace: 'team', pod: 'one' }, 'nobody.team.svc.cluster.local:80')).toMatch(/^DNS: /);
    expect(await cluster.connect({ namespace: 'team', pod: 'one' }, `${await cluster.addressOf('team', 'two')}:8080`)).toBe('TIMEOUT');
  });
});
