import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { define, definitionsPath, established, gateDefinition, gateVersion } from '../support/custom-resources.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.dispose());

/** A definition of its own group, so that tests do not meet. */
function definition(group: string, spec: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { ...gateDefinition({ group, ...spec }), metadata: { name: `gates.${group}` } };
}

const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 20_000 });

async function gone(path: string): Promise<void> {
  await eventually(async () => expect((await server.request('GET', path)).status).toBe(404));
}

const mergePatch = { 'content-type': 'application/merge-patch+json' };

describe('a custom resource definition', () => {
  it('is accepted with the names that it asks for, and its kind is served, discovered and described', async () => {
    await define(server, definition('served.example.com'));
    const { json } = await server.request('GET', `${definitionsPath}/gates.served.example.com`);
    expect(json.status).toMatchObject({
      acceptedNames: { plural: 'gates', singular: 'gate', kind: 'Gate', listKind: 'GateList', shortNames: ['gt'], categories: ['all'] },
      storedVersions: ['v1'],
    });
    expect(json.status.conditions).toMatchObject([
      { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
      { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' },
    ]);
    const resources = await server.request('GET', '/apis/served.example.com/v1');
    expect(resources.json).toMatchObject({
      resources: [
        { name: 'gates', singularName: 'gate', kind: 'Gate', namespaced: true, shortNames: ['gt'], categories: ['all'] },
        { name: 'gates/status', kind: 'Gate', verbs: ['get', 'patch', 'update'] },
        { name: 'gates/scale', group: 'autoscaling', version: 'v1', kind: 'Scale' },
      ],
    });
    const openApi = await server.request('GET', '/openapi/v3/apis/served.example.com/v1');
    expect(openApi.text).toContain('"com.example.served.v1.Gate"');
    expect(openApi.text).toContain('/apis/served.example.com/v1/namespaces/{namespace}/gates/{name}');
  });

  it('waits for a name that another one of its group has, and gets it when that one goes', async () => {
    await define(server, definition('names.example.com'));
    const second = {
      ...definition('names.example.com', { names: { plural: 'doors', kind: 'Gate', shortNames: ['gt'] } }),
      metadata: { name: 'doors.names.example.com' },
    };
    await server.request('POST', definitionsPath, { body: second });
    const path = `${definitionsPath}/doors.names.example.com`;
    await eventually(async () => {
      const { json } = await server.request('GET', path);
      expect(json.status.conditions).toContainEqual(
        expect.objectContaining({
          type: 'NamesAccepted',
          status: 'False',
          reason: 'ListKindConflict',
          message: '"GateList" is already in use',
        }),
      );
      expect(json.status.conditions).toContainEqual(
        expect.objectContaining({ type: 'Established', status: 'False', reason: 'NotAccepted' }),
      );
    });
    expect((await server.request('GET', '/apis/names.example.com/v1/doors')).status).toBe(404);
    await server.request('DELETE', `${definitionsPath}/gates.names.example.com`);
    await established(server, 'doors.names.example.com');
    expect((await server.request('GET', '/apis/names.example.com/v1/doors')).status).toBe(200);
  });

  it('gets a name that another one lets go of', async () => {
    await define(server, definition('freed.example.com'));
    const second = {
      ...definition('freed.example.com', { names: { plural: 'doors', kind: 'Door', shortNames: ['gt'] } }),
      metadata: { name: 'doors.freed.example.com' },
    };
    await server.request('POST', definitionsPath, { body: second });
    const names = { plural: 'gates', kind: 'Gate', shortNames: ['gate1'] };
    const changed = await server.request('PATCH', `${definitionsPath}/gates.freed.example.com`, {
      body: { spec: { names } },
      headers: mergePatch,
    });
    expect(changed.status, changed.text).toBe(200);
    await established(server, 'doors.freed.example.com');
  });

  it('takes its objects with it, those with finalizers last, and makes nothing new meanwhile', async () => {
    await define(server, definition('going.example.com'));
    const gates = '/apis/going.example.com/v1/namespaces/default/gates';
    const gate = (name: string, finalizers?: readonly string[]) => ({
      apiVersion: 'going.example.com/v1',
      kind: 'Gate',
      metadata: { name, ...(finalizers === undefined ? {} : { finalizers }) },
      spec: { mode: 'Open' },
    });
    for (const body of [gate('free'), gate('held', ['example.com/hold'])]) await server.request('POST', gates, { body });
    const watch = await server.watch(`${gates}?watch=true&resourceVersion=0`);
    const path = `${definitionsPath}/gates.going.example.com`;
    const deleted = await server.request('DELETE', path);
    expect(deleted.json).toMatchObject({ metadata: { finalizers: ['customresourcecleanup.apiextensions.k8s.io'] } });
    await gone(`${gates}/free`);
    await eventually(async () => {
      const { json } = await server.request('GET', path);
      expect(json.status.conditions).toContainEqual(
        expect.objectContaining({ type: 'Terminating', status: 'True', reason: 'InstanceDeletionInProgress' }),
      );
    });
    expect((await server.request('POST', gates, { body: gate('late') })).status).toBe(405);
    await server.request('PATCH', `${gates}/held`, { body: { metadata: { finalizers: null } }, headers: mergePatch });
    await gone(path);
    expect((await server.request('GET', gates)).status).toBe(404);
    const seen: string[] = [];
    for (let event = await watch.next(); event !== undefined; event = await watch.next())
      seen.push(`${event.type} ${event.object.metadata.name}`);
    expect(seen.filter((each) => each.startsWith('DELETED'))).toEqual(['DELETED free', 'DELETED held']);
    watch.close();
  });

  it('ends watches of its kind when it changes, and serves the new schema', async () => {
    await define(server, definition('changing.example.com'));
    const gates = '/apis/changing.example.com/v1/namespaces/default/gates';
    const watch = await server.watch(`${gates}?watch=true`);
    const schema = {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { colour: { type: 'string', default: 'red' } } } },
      },
    };
    const versions = [gateVersion({ schema, subresources: null, selectableFields: null, additionalPrinterColumns: null })];
    const changed = await server.request('PATCH', `${definitionsPath}/gates.changing.example.com`, {
      body: { spec: { versions } },
      headers: mergePatch,
    });
    expect(changed.status, changed.text).toBe(200);
    expect(await watch.next()).toBeUndefined();
    const { json } = await server.request('POST', gates, {
      body: { apiVersion: 'changing.example.com/v1', kind: 'Gate', metadata: { name: 'a' }, spec: { mode: 'Ajar' } },
    });
    expect(json.spec).toEqual({ colour: 'red' });
  });

  it('serves several versions of one object, stored in one of them, and warns of those that are deprecated', async () => {
    const versions = [
      gateVersion({ name: 'v1beta1', storage: false, deprecated: true, subresources: { status: {} } }),
      gateVersion({ name: 'v1' }),
      gateVersion({ name: 'v2', served: false, storage: false, subresources: { status: {}, scale: undefined } }),
    ];
    await define(server, definition('versions.example.com', { versions }));
    const path = (version: string) => `/apis/versions.example.com/${version}/namespaces/default/gates`;
    const body = { apiVersion: 'versions.example.com/v1beta1', kind: 'Gate', metadata: { name: 'one' }, spec: { mode: 'Open' } };
    const created = await server.request('POST', path('v1beta1'), { body });
    expect(created.headers['warning']).toBe('299 - "versions.example.com/v1beta1 Gate is deprecated"');
    const stored = await server.request('GET', `${path('v1')}/one`);
    expect(stored.json).toMatchObject({ apiVersion: 'versions.example.com/v1', spec: { mode: 'Open', replicas: 1 } });
    expect((await server.request('GET', path('v2'))).status).toBe(404);
    const group = await server.request('GET', '/apis/versions.example.com');
    expect(group.json).toMatchObject({ preferredVersion: { version: 'v1' }, versions: [{ version: 'v1' }, { version: 'v1beta1' }] });
    const watch = await server.watch(`${path('v1beta1')}?watch=true&resourceVersion=0`);
    expect((await watch.next())?.object).toMatchObject({ apiVersion: 'versions.example.com/v1beta1', metadata: { name: 'one' } });
    watch.close();
  });

  it('may store objects in another version from now on, and keeps the versions that objects may be stored in', async () => {
    const both = (stored: string) => [
      gateVersion({ name: 'v1', storage: stored === 'v1' }),
      gateVersion({ name: 'v2', storage: stored === 'v2', selectableFields: undefined }),
    ];
    await define(server, definition('stored.example.com', { versions: both('v1') }));
    const gates = (version: string) => `/apis/stored.example.com/${version}/namespaces/default/gates`;
    await server.request('POST', gates('v1'), { body: { metadata: { name: 'old' }, spec: { mode: 'Open' } } });
    const path = `${definitionsPath}/gates.stored.example.com`;
    await server.request('PATCH', path, { body: { spec: { versions: both('v2') } }, headers: mergePatch });
    await eventually(async () => expect((await server.request('GET', path)).json.status).toMatchObject({ storedVersions: ['v1', 'v2'] }));
    expect((await server.request('GET', `${gates('v2')}/old`)).json).toMatchObject({
      apiVersion: 'stored.example.com/v2',
      spec: { mode: 'Open' },
    });
    const changed = await server.request('PATCH', `${gates('v1')}/old`, { body: { spec: { mode: 'Closed' } }, headers: mergePatch });
    expect(changed.json).toMatchObject({ apiVersion: 'stored.example.com/v1', spec: { mode: 'Closed' } });
    const less = await server.request('PATCH', path, { body: { spec: { versions: both('v2').slice(1) } }, headers: mergePatch });
    expect(less.json.message).toContain('status.storedVersions[0]: Invalid value: "v1": missing from spec.versions');
    await server.request('PATCH', `${path}/status`, { body: { status: { storedVersions: ['v2'] } }, headers: mergePatch });
    const freed = await server.request('PATCH', path, { body: { spec: { versions: both('v2').slice(1) } }, headers: mergePatch });
    expect(freed.status, freed.text).toBe(200);
    expect((await server.request('GET', `${gates('v2')}/old`)).json.spec).toMatchObject({ mode: 'Closed' });
  });

  it('is served again after a restart, before the first request', async () => {
    await define(server, definition('restart.example.com'));
    await server.close();
    await server.open();
    expect((await server.request('GET', '/apis/restart.example.com/v1/gates')).status).toBe(200);
  });

  it('does not take the place of a kind that is built in, nor its objects with it', async () => {
    const names = { plural: 'configmaps', kind: 'ConfigMap', listKind: 'ConfigMapList' };
    const body = { ...definition('apps', { names }), metadata: { name: 'configmaps.apps' } };
    // A group without a dot cannot be defined; one with a dot that is built in can.
    expect((await server.request('POST', definitionsPath, { body })).json.message).toContain('should be a domain with at least one dot');
    const policies = {
      ...definition('networking.k8s.io', { names: { plural: 'networkpolicies', kind: 'NetworkPolicy' } }),
      metadata: { name: 'networkpolicies.networking.k8s.io', annotations: { 'api-approved.kubernetes.io': 'unapproved, a test' } },
    };
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'kept' },
      spec: { podSelector: {}, policyTypes: ['Ingress'] },
    };
    const policyPath = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';
    await server.request('POST', policyPath, { body: policy });
    await define(server, policies);
    await server.request('DELETE', `${definitionsPath}/networkpolicies.networking.k8s.io`);
    await gone(`${definitionsPath}/networkpolicies.networking.k8s.io`);
    expect((await server.request('GET', `${policyPath}/kept`)).json.spec).toMatchObject({ policyTypes: ['Ingress'] });
  });
});
