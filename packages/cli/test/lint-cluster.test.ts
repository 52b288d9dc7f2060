/** `weir lint` on a cluster: everything is known there, and what is missing is missing. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from '../../apiserver/test/support/test-server.ts';
import { runWeir } from './run-weir.ts';

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
});

afterAll(async () => server?.dispose());

async function create(path: string, object: object): Promise<void> {
  const { status, json } = await server.request('POST', path, { body: object });
  expect(status, JSON.stringify(json)).toBe(201);
}

const open = { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress', 'Egress'], ingress: [{}] };

it('finds peers in namespaces that there are not, and takes what an Ingress names for an entry point', async () => {
  await create('/api/v1/namespaces', { metadata: { name: 'shop' } });
  await create('/api/v1/namespaces/shop/serviceaccounts', { metadata: { name: 'default' } });
  await create('/api/v1/namespaces/shop/pods', {
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: { automountServiceAccountToken: false, containers: [{ name: 'c', image: 'web' }] },
  });
  await create('/api/v1/namespaces/shop/services', {
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  });
  const policies = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';
  const namespaceSelector = { matchLabels: { purpose: 'monitoring' } };
  await create(policies, { metadata: { name: 'open' }, spec: open });
  await create(policies, { metadata: { name: 'scraped' }, spec: { podSelector: {}, ingress: [{ from: [{ namespaceSelector }] }] } });

  const lint = async (): Promise<readonly string[]> => {
    const { stdout, stderr } = await runWeir(['lint', '--kubeconfig', server.kubeconfig(), '-o', 'json']);
    expect(stderr).toBe('');
    const { findings } = JSON.parse(stdout) as { findings: { rule: string; object: string; place?: unknown; severity: string }[] };
    expect(findings.filter(({ place }) => place !== undefined)).toEqual([]);
    return findings.filter(({ severity }) => severity !== 'info').map(({ rule, object }) => `${rule} ${object}`);
  };
  expect(await lint()).toEqual(['open-ingress NetworkPolicy shop/open', 'unknown-namespace NetworkPolicy shop/scraped']);

  const backend = { service: { name: 'web', port: { number: 80 } } };
  await create('/apis/networking.k8s.io/v1/namespaces/shop/ingresses', {
    metadata: { name: 'web' },
    spec: { rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
  });
  expect(await lint()).toEqual(['unknown-namespace NetworkPolicy shop/scraped']);
});
