import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestResponse, TestServer } from '../support/test-server.ts';

let server: TestServer;
let namespace = '';
let count = 0;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.dispose());
beforeEach(async () => {
  namespace = `limits-${++count}`;
  await server.request('POST', '/api/v1/namespaces', { body: { metadata: { name: namespace } } });
});

function create(resource: string, body: object, query = ''): Promise<TestResponse> {
  return server.request('POST', `/api/v1/namespaces/${namespace}/${resource}${query}`, { body });
}

function pod(name: string, resources: object = {}, spec: object = {}): object {
  return { metadata: { name }, spec: { containers: [{ name: 'c', image: 'agnhost', resources }], ...spec } };
}

function quota(hard: object, spec: object = {}): Promise<TestResponse> {
  return create('resourcequotas', { metadata: { name: 'q' }, spec: { hard, ...spec } });
}

function claim(name: string, storage: string): object {
  return { metadata: { name }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } } };
}

describe('a resource quota', () => {
  it('lets no more pods in than it says, and more when one has gone', async () => {
    await quota({ pods: '1' });
    expect((await create('pods', pod('a'))).status).toBe(201);
    const refused = await create('pods', pod('b'));
    expect(refused.status).toBe(403);
    expect(refused.json.message).toBe('pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1');
    await server.request('DELETE', `/api/v1/namespaces/${namespace}/pods/a`);
    expect((await create('pods', pod('b'))).status).toBe(201);
  });

  it('is never passed by creations at the same time', async () => {
    await quota({ 'count/configmaps': '3' });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => create('configmaps', { metadata: { name: `c${i}` } })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 403, 403, 403, 403, 403]);
  });

  it('wants to know what pods ask for when it limits that', async () => {
    await quota({ 'requests.cpu': '1', 'limits.memory': '1Gi' });
    const refused = await create('pods', pod('silent'));
    expect(refused.json.message).toBe(
      'pods "silent" is forbidden: failed quota: q: must specify limits.memory for: c; requests.cpu for: c',
    );
    const asked = { requests: { cpu: '600m' }, limits: { memory: '512Mi' } };
    expect((await create('pods', pod('first', asked))).status).toBe(201);
    expect((await create('pods', pod('second', asked))).json.message).toBe(
      'pods "second" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1',
    );
  });

  it('counts only the pods of its scopes', async () => {
    await quota({ pods: '0' }, { scopes: ['BestEffort'] });
    expect((await create('pods', pod('idle'))).status).toBe(403);
    expect((await create('pods', pod('busy', { requests: { cpu: '1m' } }))).status).toBe(201);
  });

  it('counts node ports and claims, also when a change wants more', async () => {
    await quota({ 'services.nodeports': '1', 'requests.storage': '10Gi', persistentvolumeclaims: '5' });
    const service = (ports: readonly object[], type: string): object => ({ metadata: { name: 's' }, spec: { type, ports } });
    expect((await create('services', service([{ name: 'a', port: 1 }], 'NodePort'))).status).toBe(201);
    const patch = { spec: { ports: [{ name: 'b', port: 2 }] } };
    const more = await server.request('PATCH', `/api/v1/namespaces/${namespace}/services/s`, {
      body: patch,
      headers: { 'content-type': 'application/strategic-merge-patch+json' },
    });
    expect(more.json.message).toBe(
      'services "s" is forbidden: exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1',
    );
    expect((await create('persistentvolumeclaims', claim('a', '8Gi'))).status).toBe(201);
    expect((await create('persistentvolumeclaims', claim('b', '4Gi'))).json.message).toContain(
      'exceeded quota: q, requested: requests.storage=4Gi, used: requests.storage=8Gi, limited: requests.storage=10Gi',
    );
  });
});

describe('a limit range', () => {
  const range = (limit: object): Promise<TestResponse> => create('limitranges', { metadata: { name: 'l' }, spec: { limits: [limit] } });

  it('gives containers what they leave out, says so, and counts it for the quality of service', async () => {
    await range({ type: 'Container', default: { cpu: '200m' }, defaultRequest: { cpu: '100m', memory: '64Mi' } });
    const { json } = await create('pods', pod('plain'));
    expect(json.spec.containers[0]?.resources).toEqual({
      limits: { cpu: '200m' },
      requests: { cpu: '100m', memory: '64Mi' },
    });
    expect(json.metadata.annotations['kubernetes.io/limit-ranger']).toBe(
      'LimitRanger plugin set: cpu, memory request for container c; cpu limit for container c',
    );
    expect(json.status.qosClass).toBe('Burstable');
  });

  it.each([
    [{ max: { memory: '1Gi' } }, { limits: { memory: '2Gi' } }, 'maximum memory usage per Container is 1Gi, but limit is 2Gi'],
    [{ min: { cpu: '100m' } }, { requests: { cpu: '50m' } }, 'minimum cpu usage per Container is 100m, but request is 50m'],
    [
      { maxLimitRequestRatio: { cpu: '2' } },
      { requests: { cpu: '100m' }, limits: { cpu: '300m' } },
      'cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
    ],
  ])('refuses containers outside of %j', async (limit, resources, message) => {
    await range({ type: 'Container', ...limit });
    const refused = await create('pods', pod('odd', resources));
    expect(refused.json).toMatchObject({ code: 403, message: `pods "odd" is forbidden: ${message}` });
  });

  it('bounds pods as a whole and claims', async () => {
    await range({ type: 'Pod', max: { cpu: '1' } });
    expect((await create('pods', pod('big', { limits: { cpu: '2' } }))).json.message).toBe(
      'pods "big" is forbidden: maximum cpu usage per Pod is 1, but limit is 2',
    );
    await create('limitranges', {
      metadata: { name: 'claims' },
      spec: { limits: [{ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } }] },
    });
    expect((await create('persistentvolumeclaims', claim('small', '500Mi'))).json.message).toBe(
      'persistentvolumeclaims "small" is forbidden: minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 500Mi',
    );
  });
});

describe('the service account of a pod', () => {
  const directory = '/var/run/secrets/kubernetes.io/serviceaccount';

  it('gives every container a token in the usual place', async () => {
    const { json } = await create('pods', pod('usual'));
    const [volume] = json.spec.volumes;
    expect(volume).toMatchObject({
      name: expect.stringMatching(/^kube-api-access-[a-z0-9]{5}$/) as string,
      projected: { defaultMode: 0o644, sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } }, {}, {}] },
    });
    expect(json.spec.containers[0]?.volumeMounts).toEqual([{ name: volume?.name, readOnly: true, mountPath: directory }]);
  });

  it('gives none where account or pod do not want it, and the pod decides', async () => {
    await create('serviceaccounts', { metadata: { name: 'shy' }, automountServiceAccountToken: false, imagePullSecrets: [{ name: 'p' }] });
    const shy = await create('pods', pod('a', {}, { serviceAccountName: 'shy' }));
    expect(shy.json.spec.volumes).toBeUndefined();
    expect(shy.json.spec).toMatchObject({ imagePullSecrets: [{ name: 'p' }] });
    const bold = await create('pods', pod('b', {}, { serviceAccountName: 'shy', automountServiceAccountToken: true }));
    expect(bold.json.spec.volumes).toHaveLength(1);
    const none = await create('pods', pod('c', {}, { automountServiceAccountToken: false }));
    expect(none.json.spec.volumes).toBeUndefined();
  });

  it('leaves a mount of the same place alone', async () => {
    const containers = [{ name: 'c', image: 'agnhost', volumeMounts: [{ name: 'v', mountPath: directory }] }];
    const { json } = await create('pods', { metadata: { name: 'own' }, spec: { containers, volumes: [{ name: 'v', emptyDir: {} }] } });
    expect(json.spec.volumes).toHaveLength(1);
  });

  it('must be there', async () => {
    const refused = await create('pods', pod('lost', {}, { serviceAccountName: 'nobody' }));
    expect(refused.json).toMatchObject({
      code: 403,
      message: `pods "lost" is forbidden: error looking up service account ${namespace}/nobody: serviceaccount "nobody" not found`,
    });
  });
});
