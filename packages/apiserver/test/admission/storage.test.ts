import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestResponse, TestServer } from '../support/test-server.ts';

const claims = '/api/v1/namespaces/default/persistentvolumeclaims';
const volumes = '/api/v1/persistentvolumes';
const classes = '/apis/storage.k8s.io/v1/storageclasses';
const merge = { 'content-type': 'application/merge-patch+json' };

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  await server.request('POST', '/api/v1/namespaces', { body: { metadata: { name: 'default' } } });
});
afterAll(() => server.dispose());

function claim(name: string, spec: object = {}): Promise<TestResponse> {
  const body = { metadata: { name }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec } };
  return server.request('POST', claims, { body });
}

function storageClass(name: string, fields: object = {}, annotations: object = {}): Promise<TestResponse> {
  return server.request('POST', classes, { body: { metadata: { name, annotations }, provisioner: 'example.com/disk', ...fields } });
}

function volume(name: string, spec: object): Promise<TestResponse> {
  const usual = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] };
  return server.request('POST', volumes, { body: { metadata: { name }, spec: { ...usual, ...spec } } });
}

async function bind(name: string): Promise<void> {
  const status = { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] };
  await server.request('PATCH', `${claims}/${name}/status`, { body: { status }, headers: merge });
}

function change(path: string, body: object): Promise<TestResponse> {
  return server.request('PATCH', path, { body, headers: merge });
}

describe('a claim', () => {
  it('that names no class gets the default class, the youngest of several, and one that names none by intent gets none', async () => {
    expect((await claim('early')).json.spec).not.toHaveProperty('storageClassName');
    const isDefault = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    await storageClass('zebra', {}, isDefault);
    await storageClass('plain');
    expect((await claim('usual')).json).toMatchObject({
      metadata: { finalizers: ['kubernetes.io/pvc-protection'] },
      spec: { storageClassName: 'zebra', volumeMode: 'Filesystem' },
      status: { phase: 'Pending' },
    });
    expect((await claim('without', { storageClassName: '' })).json.spec).toMatchObject({ storageClassName: '' });
    expect((await change(`${claims}/early`, { spec: { storageClassName: 'plain' } })).status).toBe(200);
    expect((await change(`${claims}/early`, { spec: { storageClassName: 'zebra' } })).json.message).toContain(
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    );
    await server.request('DELETE', `${classes}/zebra`);
  });

  it('asks for more only once it is bound, and only of a class whose volumes can grow', async () => {
    await storageClass('stiff');
    await storageClass('elastic', { allowVolumeExpansion: true });
    await claim('small', { storageClassName: 'stiff' });
    await claim('growing', { storageClassName: 'elastic' });
    const more = { spec: { resources: { requests: { storage: '2Gi' } } } };
    expect((await change(`${claims}/growing`, more)).status).toBe(422);
    await bind('small');
    await bind('growing');
    expect((await change(`${claims}/small`, more)).json).toMatchObject({
      code: 403,
      message:
        'persistentvolumeclaims "small" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    });
    expect((await change(`${claims}/growing`, more)).status).toBe(200);
    const less = { spec: { resources: { requests: { storage: '500Mi' } } } };
    expect((await change(`${claims}/growing`, less)).json.message).toContain('field can not be less than status.capacity');
  });

  it.each([
    [{ accessModes: [] }, 'spec.accessModes: Required value: at least 1 access mode is required'],
    [{ accessModes: ['ReadWriteOncePod', 'ReadOnlyMany'] }, 'may not use ReadWriteOncePod with other access modes'],
    [{ resources: { requests: { storage: '0' } } }, 'must be greater than zero'],
    [{ volumeMode: 'Tape' }, 'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"'],
  ])('with %j is refused', async (spec, message) => {
    const refused = await claim('odd', spec);
    expect(refused.status).toBe(422);
    expect(refused.json.message).toContain(message);
  });
});

describe('a persistent volume', () => {
  it('is kept by default, and held as long as somebody protects it', async () => {
    const { json } = await volume('kept', { hostPath: { path: '/data' } });
    expect(json).toMatchObject({
      metadata: { finalizers: ['kubernetes.io/pv-protection'] },
      spec: { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem', hostPath: { path: '/data', type: '' } },
      status: { phase: 'Pending' },
    });
    await server.request('DELETE', `${volumes}/kept`);
    expect((await server.request('GET', `${volumes}/kept`)).json.metadata['deletionTimestamp']).toBeDefined();
    await change(`${volumes}/kept`, { metadata: { finalizers: null } });
    expect((await server.request('GET', `${volumes}/kept`)).status).toBe(404);
  });

  it.each([
    [{}, 'spec: Required value: must specify a volume type'],
    [{ hostPath: { path: '/a' }, nfs: { server: 's', path: '/' } }, 'may not specify more than 1 volume type'],
    [{ local: { path: '/a' } }, 'spec.nodeAffinity: Required value: Local volume requires node affinity'],
    [{ hostPath: { path: '/a/../b' } }, "must not contain '..'"],
    [{ hostPath: { path: '/a' }, capacity: {} }, 'spec.capacity: Required value'],
    [{ csi: { driver: 'd' } }, 'spec.csi.volumeHandle: Required value'],
  ])('with %j is refused', async (spec, message) => {
    const refused = await volume('odd', spec);
    expect(refused.status).toBe(422);
    expect(refused.json.message).toContain(message);
  });

  it('stays where it is', async () => {
    await volume('fixed', { hostPath: { path: '/data' } });
    expect((await change(`${volumes}/fixed`, { spec: { hostPath: { path: '/other' } } })).json.message).toContain(
      'spec.persistentvolumesource is immutable after creation',
    );
  });

  it('is listed with its capacity, modes, policy and claim', async () => {
    await volume('shown', { hostPath: { path: '/data' }, claimRef: { namespace: 'default', name: 'mine' }, storageClassName: 'fast' });
    const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    const { json } = await server.request('GET', `${volumes}/shown`, { headers });
    expect((json['rows'] as readonly { cells: readonly unknown[] }[])[0]?.cells.slice(0, 9)).toEqual([
      'shown',
      '1Gi',
      'RWO',
      'Retain',
      'Pending',
      'default/mine',
      'fast',
      '<unset>',
      '',
    ]);
  });
});

describe('a storage class', () => {
  it('deletes at once what is released, unless it says otherwise, and does not change its mind', async () => {
    expect((await storageClass('fixed')).json).toMatchObject({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
    const refused = await change(`${classes}/fixed`, { provisioner: 'other', volumeBindingMode: 'WaitForFirstConsumer' });
    expect(refused.json.message).toContain('updates to provisioner are forbidden.');
    expect(refused.json.message).toContain('volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable');
  });
});

describe('an ephemeral volume of a pod', () => {
  it('must say what it asks for', async () => {
    const pod = (ephemeral: object): object => ({
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'agnhost' }], volumes: [{ name: 'v', ephemeral }] },
    });
    const path = '/api/v1/namespaces/default/pods';
    expect((await server.request('POST', path, { body: pod({}) })).json.message).toContain(
      'spec.volumes[0].ephemeral.volumeClaimTemplate: Required value',
    );
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    expect((await server.request('POST', path, { body: pod({ volumeClaimTemplate: { spec } }) })).status).toBe(201);
  });
});
