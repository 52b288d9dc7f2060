/** What nodes may do: what concerns them and their pods. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyPair } from '../support/certificates.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
let node: KeyPair;
const namespace = '/api/v1/namespaces/default';

const containers = [
  {
    name: 'c',
    image: 'x',
    env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'of-variable', key: 'a' } } }],
    envFrom: [{ configMapRef: { name: 'of-environment' } }],
  },
];
const volumes = [
  { name: 'a', secret: { secretName: 'of-volume' } },
  { name: 'b', projected: { sources: [{ configMap: { name: 'of-projection' } }] } },
  { name: 'c', persistentVolumeClaim: { claimName: 'claim' } },
];

beforeAll(async () => {
  server = await TestServer.start();
  node = server.ca.issue('node', '/O=system:nodes/CN=system:node:n1', 'extendedKeyUsage=clientAuth\n');
  const make = async (path: string, body: object): Promise<void> => {
    const { status, text } = await server.request('POST', path, { body });
    expect(status, text).toBe(201);
  };
  for (const name of ['n1', 'n2']) await make('/api/v1/nodes', { metadata: { name } });
  for (const name of ['user', 'other']) await make(`${namespace}/serviceaccounts`, { metadata: { name } });
  for (const name of ['of-variable', 'of-volume', 'of-pull', 'of-nobody', 'of-elsewhere'])
    await make(`${namespace}/secrets`, { metadata: { name } });
  for (const name of ['of-environment', 'of-projection', 'nobodys']) await make(`${namespace}/configmaps`, { metadata: { name } });
  const spec = { serviceAccountName: 'user', imagePullSecrets: [{ name: 'of-pull' }], containers, volumes };
  await make(`${namespace}/pods`, { metadata: { name: 'mine' }, spec: { ...spec, nodeName: 'n1' } });
  const elsewhere = {
    nodeName: 'n2',
    serviceAccountName: 'other',
    containers: [{ name: 'c', image: 'x', envFrom: [{ secretRef: { name: 'of-elsewhere' } }] }],
  };
  await make(`${namespace}/pods`, { metadata: { name: 'theirs' }, spec: elsewhere });
});
afterAll(() => server.dispose());

const status = async (method: string, path: string, body?: unknown): Promise<number> =>
  (await server.request(method, path, { client: node, ...(body === undefined ? {} : { body, headers: method === 'PATCH' ? merge : {} }) }))
    .status;
const merge = { 'content-type': 'application/merge-patch+json' };

describe('a node', () => {
  it('reads the Secrets and ConfigMaps of its pods, and no others', async () => {
    for (const name of ['of-variable', 'of-volume', 'of-pull']) expect(await status('GET', `${namespace}/secrets/${name}`), name).toBe(200);
    for (const name of ['of-environment', 'of-projection']) expect(await status('GET', `${namespace}/configmaps/${name}`), name).toBe(200);
    for (const name of ['of-nobody', 'of-elsewhere', 'absent']) expect(await status('GET', `${namespace}/secrets/${name}`), name).toBe(403);
    expect(await status('GET', `${namespace}/configmaps/nobodys`)).toBe(403);
    for (const list of [
      '/api/v1/secrets',
      `${namespace}/secrets`,
      `${namespace}/configmaps`,
      `${namespace}/secrets?fieldSelector=metadata.name!=x`,
    ]) {
      expect(await status('GET', list), list).toBe(403);
    }
    expect(await status('GET', `${namespace}/secrets?fieldSelector=metadata.name%3Dof-volume`)).toBe(200);
    expect(await status('GET', `${namespace}/secrets?fieldSelector=metadata.name%3Dof-nobody`)).toBe(403);
    expect(await status('PATCH', `${namespace}/secrets/of-volume`, { data: {} })).toBe(403);
    const refused = await server.request('GET', `${namespace}/secrets/of-nobody`, { client: node });
    expect(refused.json.message).toContain("no relationship found between node 'n1' and this object");
  });

  it('learns at once that a pod has come, and that it has gone', async () => {
    await server.request('POST', `${namespace}/secrets`, { body: { metadata: { name: 'late' } } });
    expect(await status('GET', `${namespace}/secrets/late`)).toBe(403);
    const spec = { containers: [{ name: 'c', image: 'x', envFrom: [{ secretRef: { name: 'late' } }] }] };
    await server.request('POST', `${namespace}/pods`, { body: { metadata: { name: 'late' }, spec } });
    expect(await status('GET', `${namespace}/secrets/late`)).toBe(403);
    await server.request('POST', `${namespace}/pods/late/binding`, { body: { target: { name: 'n1' } } });
    expect(await status('GET', `${namespace}/secrets/late`)).toBe(200);
    expect(await status('DELETE', `${namespace}/pods/late`, { gracePeriodSeconds: 0 })).toBe(200);
    expect(await status('GET', `${namespace}/secrets/late`)).toBe(403);
    expect(await status('DELETE', `${namespace}/pods/late`, { gracePeriodSeconds: 0 })).toBe(404);
  });

  it('sees and changes its own pods', async () => {
    expect(await status('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dn1')).toBe(200);
    expect(await status('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dn2')).toBe(403);
    expect(await status('GET', '/api/v1/pods')).toBe(403);
    expect(await status('GET', `${namespace}/pods/mine`)).toBe(200);
    expect(await status('GET', `${namespace}/pods/theirs`)).toBe(403);
    expect(await status('PATCH', `${namespace}/pods/mine/status`, { status: { message: 'x' } })).toBe(200);
    expect(await status('PATCH', `${namespace}/pods/theirs/status`, { status: { message: 'x' } })).toBe(403);
    expect(await status('PATCH', `${namespace}/pods/mine`, { metadata: { labels: { a: 'b' } } })).toBe(403);
    expect(await status('DELETE', `${namespace}/pods/theirs`)).toBe(403);
    expect(await status('POST', `${namespace}/pods`, { metadata: { name: 'x' }, spec: { containers } })).toBe(403);
  });

  it('writes its own Node, without labels and taints that say where pods may go', async () => {
    expect(await status('PATCH', '/api/v1/nodes/n1', { metadata: { labels: { 'kubernetes.io/hostname': 'n1', own: 'yes' } } })).toBe(200);
    expect(await status('PATCH', '/api/v1/nodes/n1/status', { status: { phase: 'Running' } })).toBe(200);
    expect(await status('PATCH', '/api/v1/nodes/n1', { metadata: { labels: { 'node-restriction.kubernetes.io/x': 'y' } } })).toBe(403);
    expect(await status('PATCH', '/api/v1/nodes/n1', { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } })).toBe(403);
    for (const path of ['/api/v1/nodes/n2', '/api/v1/nodes/n2/status'])
      expect(await status('PATCH', path, { metadata: { labels: { a: 'b' } } })).toBe(403);
    expect(await status('POST', '/api/v1/nodes', { metadata: { name: 'n3' } })).toBe(403);
    expect(await status('DELETE', '/api/v1/nodes/n1')).toBe(403);
    expect(await status('GET', '/api/v1/nodes')).toBe(403);
  });

  it('renews its own Lease', async () => {
    const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
    const apply = async (name: string): Promise<number> =>
      (
        await server.request('PATCH', `${leases}/${name}?fieldManager=kubelet`, {
          client: node,
          body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name }, spec: { holderIdentity: name } },
          headers: { 'content-type': 'application/apply-patch+yaml' },
        })
      ).status;
    expect(await apply('n1')).toBe(201);
    expect(await apply('n2')).toBe(403);
    expect(await status('GET', leases)).toBe(403);
  });

  it('gets tokens for its pods, bound to them', async () => {
    const token = (account: string, boundObjectRef?: object): Promise<number> =>
      status('POST', `${namespace}/serviceaccounts/${account}/token`, {
        spec: boundObjectRef === undefined ? {} : { boundObjectRef },
      });
    expect(await token('user', { kind: 'Pod', apiVersion: 'v1', name: 'mine' })).toBe(201);
    expect(await token('user')).toBe(403);
    expect(await token('user', { kind: 'Secret', apiVersion: 'v1', name: 'of-volume' })).toBe(403);
    expect(await token('other', { kind: 'Pod', apiVersion: 'v1', name: 'theirs' })).toBe(403);
    expect(await token('default')).toBe(403);
  });

  it('is one only with the group of nodes', async () => {
    const impostor = server.ca.issue('impostor', '/CN=system:node:n1', 'extendedKeyUsage=clientAuth\n');
    expect((await server.request('GET', `${namespace}/secrets/of-volume`, { client: impostor })).status).toBe(403);
  });
});
