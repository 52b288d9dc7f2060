import { afterAll, beforeAll, expect, it } from 'vitest';
import { kubectlPath } from '../support/kubectl.ts';
import { TestServer } from '../support/test-server.ts';

const namespace = '/api/v1/namespaces/default';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const twice = [{ name: 'A' }, { name: 'A' }];

let server: TestServer;
let kubectl: string;
beforeAll(async () => {
  [server, kubectl] = await Promise.all([TestServer.start(), kubectlPath()]);
});
afterAll(() => server.dispose());

function deployment(env: readonly unknown[]): unknown {
  const labels = { app: 'a' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'x', env }] } };
  return { metadata: { name: 'a' }, spec: { selector: { matchLabels: labels }, template } };
}

async function warningOf(method: string, path: string, body?: unknown, type = 'application/json'): Promise<unknown> {
  const { status, text, headers } = await server.request(method, path, {
    body,
    headers: body === undefined ? {} : { 'content-type': type },
  });
  expect(status, text).toBeLessThan(300);
  return headers['warning'];
}

it('whoever uses Endpoints is told what has taken their place', async () => {
  const warning = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"';
  expect(await warningOf('GET', `${namespace}/endpoints`)).toBe(warning);
  expect(await warningOf('POST', `${namespace}/endpoints`, { metadata: { name: 'written' } })).toBe(warning);
  expect(await warningOf('GET', '/apis/discovery.k8s.io/v1/endpointslices')).toBeUndefined();
  const { stderr } = await server.run(kubectl, ['get', 'endpoints']);
  expect(stderr).toBe('Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n');
});

it('a template is told of when it is written, and again only when it changes', async () => {
  const warning =
    '299 - "spec.template.spec.containers[0].env[1]: hides previous definition of \\"A\\", which may be dropped when using apply"';
  expect(await warningOf('POST', deployments, deployment(twice))).toBe(warning);
  const label = { metadata: { labels: { changed: 'yes' } } };
  expect(await warningOf('PATCH', `${deployments}/a`, label, 'application/merge-patch+json')).toBeUndefined();
  expect(await warningOf('PATCH', `${deployments}/a`, { spec: { replicas: 2 } }, 'application/merge-patch+json')).toBe(warning);
  expect(await warningOf('PUT', `${deployments}/a`, deployment([]))).toBeUndefined();
});

it('a pod is told of when it is made', async () => {
  const body = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'x', env: twice }] } };
  expect(await warningOf('POST', `${namespace}/pods?dryRun=All`, body)).toContain('hides previous definition of');
});

it('many warnings stay within what clients read', async () => {
  const env = Array.from({ length: 2_000 }, () => ({ name: 'A' }));
  const body = { metadata: { name: 'many' }, spec: { containers: [{ name: 'c', image: 'x', env }] } };
  const { status, headers } = await server.request('POST', `${namespace}/pods`, { body });
  expect(status).toBe(201);
  expect(headers['warning']).toContain('env[1]: hides');
  expect(String(headers['warning']).length).toBeLessThan(4_300);
});
