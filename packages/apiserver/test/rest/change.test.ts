import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap, pod } from '../support/objects.ts';
import { type TestResponse, TestServer } from '../support/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.dispose());

const pods = '/api/v1/namespaces/default/pods';
const maps = '/api/v1/namespaces/default/configmaps';
const merge = { 'content-type': 'application/merge-patch+json' };

async function bind(name: string): Promise<void> {
  const { status, text } = await server.request('POST', `${pods}/${name}/binding`, { body: { target: { kind: 'Node', name: 'n1' } } });
  expect(status, text).toBe(201);
}

describe('updates', () => {
  it('replace an object and count generations of its spec only', async () => {
    await server.request('POST', '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies', {
      body: { metadata: { name: 'p' }, spec: { podSelector: {} } },
    });
    const path = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/p';
    const label = await server.request('PATCH', path, { body: { metadata: { labels: { a: 'b' } } }, headers: merge });
    expect(label.json.metadata.generation).toBe(1);
    const spec = await server.request('PUT', path, {
      body: { metadata: { name: 'p' }, spec: { podSelector: { matchLabels: { a: 'b' } } } },
    });
    expect(spec.json.metadata.generation).toBe(2);
    expect(spec.json.metadata.labels).toBeUndefined();
    expect(spec.json.spec.policyTypes).toEqual(['Ingress']);
  });

  it('that change nothing keep the resource version', async () => {
    const created = await server.request('POST', maps, { body: configMap('same', { a: 'b' }) });
    const updated = await server.request('PUT', `${maps}/same`, { body: configMap('same', { a: 'b' }) });
    expect(updated.json.metadata.resourceVersion).toBe(created.json.metadata.resourceVersion);
  });

  it('of an older version are a conflict', async () => {
    const created = await server.request('POST', maps, { body: configMap('stale', { a: 'b' }) });
    await server.request('PUT', `${maps}/stale`, { body: configMap('stale', { a: 'c' }) });
    const stale = await server.request('PUT', `${maps}/stale`, {
      body: configMap('stale', { a: 'd' }, { resourceVersion: created.json.metadata.resourceVersion }),
    });
    expect(stale.status).toBe(409);
    expect(stale.json.message).toBe(
      'Operation cannot be fulfilled on configmaps "stale": the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  it('of what is not there are refused', async () => {
    expect((await server.request('PUT', `${maps}/nope`, { body: configMap('nope', {}) })).json.message).toBe('configmaps "nope" not found');
    expect((await server.request('PUT', `${maps}/same`, { body: configMap('other', {}) })).json.message).toBe(
      'the name of the object (other) does not match the name on the URL (same)',
    );
  });

  it('leave the status alone, and status updates leave the rest alone', async () => {
    await server.request('POST', pods, { body: pod('split') });
    const status = await server.request('PUT', `${pods}/split/status`, {
      body: { ...pod('split', { spec: { containers: [{ name: 'c', image: 'evil' }] } }), status: { phase: 'Running', podIP: '10.1.2.3' } },
    });
    expect(status.json.spec.containers[0]?.image).toBe('x:1');
    expect(status.json.status).toMatchObject({ phase: 'Running', podIP: '10.1.2.3' });
    const main = await server.request('PATCH', `${pods}/split`, {
      body: { metadata: { labels: { x: 'y' } }, status: { phase: 'Failed' } },
      headers: merge,
    });
    expect(main.json.status.phase).toBe('Running');
  });

  it('may change the image of a pod and nothing else of its spec', async () => {
    await server.request('POST', pods, { body: pod('fixed') });
    const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
    const image = await server.request('PATCH', `${pods}/fixed`, {
      body: { spec: { containers: [{ name: 'c', image: 'x:2' }] } },
      headers: strategic,
    });
    expect(image.json.spec.containers[0]?.image).toBe('x:2');
    expect(image.json.metadata.generation).toBe(2);
    const node = await server.request('PATCH', `${pods}/fixed`, { body: { spec: { nodeName: 'n' } }, headers: merge });
    expect(node.status).toBe(422);
    expect(node.json.message).toContain('spec: Forbidden: pod updates may not change fields other than');
  });

  it('of the binding give a pod its node, once', async () => {
    await server.request('POST', pods, { body: pod('bound') });
    await bind('bound');
    const { json } = await server.request('GET', `${pods}/bound`);
    expect(json.spec.nodeName).toBe('n1');
    expect(json.status.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
    const again = await server.request('POST', `${pods}/bound/binding`, { body: { target: { name: 'n2' } } });
    expect(again.json.message).toBe('Operation cannot be fulfilled on pods/binding "bound": pod bound is already assigned to node "n1"');
  });

  it('scale a deployment', async () => {
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'x' }] } };
    const path = '/apis/apps/v1/namespaces/default/deployments';
    await server.request('POST', path, { body: { metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template } } });
    const scaled = await server.request('PATCH', `${path}/d/scale`, { body: { spec: { replicas: 3 } }, headers: merge });
    expect(scaled.json).toMatchObject({ kind: 'Scale', spec: { replicas: 3 }, status: { selector: 'a=b' } });
    expect((await server.request('GET', `${path}/d`)).json).toMatchObject({ spec: { replicas: 3 }, metadata: { generation: 2 } });
    const operations = (from: number, to: number): Promise<TestResponse> => {
      const body = [
        { op: 'test', path: '/spec/replicas', value: from },
        { op: 'replace', path: '/spec/replicas', value: to },
      ];
      return server.request('PATCH', `${path}/d/scale`, { body, headers: { 'content-type': 'application/json-patch+json' } });
    };
    expect((await operations(3, 4)).json).toMatchObject({ spec: { replicas: 4 } });
    expect((await operations(3, 5)).status).toBe(422);
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const { json } = await server.request('GET', `${path}/d/scale`, { headers: { accept } });
    expect(json.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Desired', 'Available', 'Age']);
    expect(json.rows[0]?.cells.slice(0, 3)).toEqual(['d', 4, 0]);
  });
});

describe('deletion', () => {
  it.each(['default', 'kube-system', 'kube-public'])('of the namespace %s is forbidden', async (name) => {
    const { json } = await server.request('DELETE', `/api/v1/namespaces/${name}`);
    expect(json).toMatchObject({ code: 403, message: `namespaces "${name}" is forbidden: this namespace may not be deleted` });
  });

  it('removes at once what need not wait', async () => {
    const created = await server.request('POST', maps, { body: configMap('gone', {}) });
    const { json } = await server.request('DELETE', `${maps}/gone`);
    expect(json).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'gone', kind: 'configmaps', uid: created.json.metadata.uid },
    });
    expect((await server.request('GET', `${maps}/gone`)).status).toBe(404);
  });

  it('of a pod on a node waits for the node; grace 0 ends it', async () => {
    await server.request('POST', pods, { body: pod('graceful') });
    await bind('graceful');
    const first = await server.request('DELETE', `${pods}/graceful`);
    expect(first.json).toMatchObject({ kind: 'Pod', metadata: { deletionGracePeriodSeconds: 30, generation: 2 } });
    expect(Date.parse(first.json.metadata.deletionTimestamp)).toBeGreaterThan(Date.now());
    const shorter = await server.request('DELETE', `${pods}/graceful?gracePeriodSeconds=5`);
    expect(shorter.json.metadata.deletionGracePeriodSeconds).toBe(5);
    const longer = await server.request('DELETE', `${pods}/graceful`, { body: { gracePeriodSeconds: 60 } });
    expect(longer.json.metadata.deletionGracePeriodSeconds).toBe(5);
    await server.request('DELETE', `${pods}/graceful`, { body: { gracePeriodSeconds: 0 } });
    expect((await server.request('GET', `${pods}/graceful`)).status).toBe(404);
  });

  it('of a pod without a node is immediate', async () => {
    await server.request('POST', pods, { body: pod('unscheduled') });
    await server.request('DELETE', `${pods}/unscheduled`);
    expect((await server.request('GET', `${pods}/unscheduled`)).status).toBe(404);
  });

  it('has no empty lists and maps in its metadata', async () => {
    const empty = { labels: {}, annotations: {}, finalizers: [], ownerReferences: [] };
    const created = await server.request('POST', maps, { body: configMap('bare', {}, empty) });
    expect(Object.keys(created.json.metadata)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/labels|annotations|finalizers|owner/)]),
    );
    await server.request('PATCH', `${maps}/bare`, {
      body: { metadata: { labels: { a: 'b' }, finalizers: ['example.com/hold'] } },
      headers: merge,
    });
    const patched = await server.request('PATCH', `${maps}/bare`, {
      body: { metadata: { labels: { a: null }, finalizers: [] } },
      headers: merge,
    });
    expect(patched.json.metadata.finalizers).toBeUndefined();
    expect(patched.json.metadata.labels).toBeUndefined();
  });

  it('waits for finalizers', async () => {
    await server.request('POST', maps, { body: configMap('held', {}, { finalizers: ['example.com/hold'] }) });
    const held = await server.request('DELETE', `${maps}/held`);
    expect(held.json.metadata.deletionTimestamp).toBeTruthy();
    const more = await server.request('PATCH', `${maps}/held`, {
      body: { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } },
      headers: merge,
    });
    expect(more.status).toBe(422);
    await server.request('PATCH', `${maps}/held`, { body: { metadata: { finalizers: null } }, headers: merge });
    expect((await server.request('GET', `${maps}/held`)).status).toBe(404);
  });

  it('obeys preconditions', async () => {
    const { json } = await server.request('POST', maps, { body: configMap('precious', {}) });
    const wrong = await server.request('DELETE', `${maps}/precious`, { body: { preconditions: { uid: 'other' } } });
    expect(wrong.status).toBe(409);
    expect(wrong.json.message).toContain(`the UID in the precondition (other) does not match the UID in record (${json.metadata.uid})`);
    expect((await server.request('DELETE', `${maps}/precious`, { body: { preconditions: { uid: json.metadata.uid } } })).status).toBe(200);
  });

  it('of a collection takes what the selector matches', async () => {
    await server.request('POST', maps, { body: configMap('c1', {}, { labels: { sweep: 'yes' } }) });
    await server.request('POST', maps, { body: configMap('c2', {}, { labels: { sweep: 'no' } }) });
    const { json } = await server.request('DELETE', `${maps}?labelSelector=sweep%3Dyes`);
    expect(json.items.map((item) => item.metadata.name)).toEqual(['c1']);
    expect((await server.request('GET', `${maps}/c2`)).status).toBe(200);
  });

  it('of a namespace makes it Terminating until it is finalized', async () => {
    await server.request('POST', '/api/v1/namespaces', { body: { metadata: { name: 'doomed' } } });
    const deleted = await server.request('DELETE', '/api/v1/namespaces/doomed');
    expect(deleted.json.status.phase).toBe('Terminating');
    const refused = await server.request('POST', '/api/v1/namespaces/doomed/pods', { body: pod('late') });
    expect(refused.status).toBe(403);
    expect(refused.json).toMatchObject({
      reason: 'Forbidden',
      message: 'pods "late" is forbidden: unable to create new content in namespace doomed because it is being terminated',
      details: {
        causes: [{ reason: 'NamespaceTerminating', message: 'namespace doomed is being terminated', field: 'metadata.namespace' }],
      },
    });
    const finalized = await server.request('PUT', '/api/v1/namespaces/doomed/finalize', {
      body: { metadata: { name: 'doomed' }, spec: { finalizers: [] } },
    });
    expect(finalized.status).toBe(200);
    expect((await server.request('GET', '/api/v1/namespaces/doomed')).status).toBe(404);
  });

  it('by eviction is a deletion', async () => {
    await server.request('POST', pods, { body: pod('evicted') });
    await bind('evicted');
    const evicted = await server.request('POST', `${pods}/evicted/eviction`, {
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'evicted' }, deleteOptions: { gracePeriodSeconds: 0 } },
    });
    expect(evicted.status, evicted.text).toBe(201);
    expect((await server.request('GET', `${pods}/evicted`)).status).toBe(404);
  });
});
