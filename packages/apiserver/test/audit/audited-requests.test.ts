/** Requests to a server that keeps an audit log, and what it says of them. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditPolicy } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsOf, type LoggedEvent, loggedEvents } from '../support/audit-events.ts';
import type { KeyPair } from '../support/certificates.ts';
import { configMap } from '../support/objects.ts';
import { type TestResponse, TestServer } from '../support/test-server.ts';

const policy: AuditPolicy = {
  rules: [
    { level: 'None', nonResourceURLs: ['/livez'] },
    { level: 'None', users: ['quiet'] },
    { level: 'Request', namespaces: ['asked'] },
    { level: 'RequestResponse', resources: [{ resources: ['configmaps', 'secrets', 'serviceaccounts/token'] }], omitManagedFields: true },
    { level: 'RequestResponse', resources: [{ group: 'authentication.k8s.io' }] },
    { level: 'Metadata', omitStages: ['RequestReceived'], nonResourceURLs: ['/version'] },
    { level: 'Metadata' },
  ],
};

let server: TestServer;
let path: string;
let jane: KeyPair;
const configMaps = '/api/v1/namespaces/default/configmaps';

beforeAll(async () => {
  server = await TestServer.start(({ directory }) => ({
    audit: { policy, path: join(directory, 'audit.log'), onTrouble: () => undefined },
  }));
  path = join(server.directory, 'audit.log');
  jane = server.ca.issueClient('jane', ['dev']);
});
afterAll(() => server?.dispose());

const of = (response: TestResponse, last?: string): Promise<readonly LoggedEvent[]> =>
  eventsOf(path, String(response.headers['audit-id']), last);
/** The last event of a request. */
const endOf = async (response: TestResponse): Promise<LoggedEvent> => {
  const end = (await of(response)).at(-1);
  if (end === undefined) throw new Error('no event');
  return end;
};

describe('the audit log', () => {
  it('says who asked for what, when, from where, with which program, and how it ended', async () => {
    const response = await server.request('GET', '/api/v1/namespaces/default/pods?limit=5', { headers: { 'user-agent': 'probe/1' } });
    const [received, complete, ...more] = await of(response);
    expect(more).toEqual([]);
    expect(received).toMatchObject({ stage: 'RequestReceived', level: 'Metadata', verb: 'list' });
    expect(received?.responseStatus).toBeUndefined();
    expect(complete).toEqual({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: response.headers['audit-id'],
      stage: 'ResponseComplete',
      requestURI: '/api/v1/namespaces/default/pods?limit=5',
      verb: 'list',
      user: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
      sourceIPs: ['127.0.0.1'],
      userAgent: 'probe/1',
      objectRef: { resource: 'pods', namespace: 'default', apiVersion: 'v1' },
      responseStatus: { metadata: {}, code: 200 },
      requestReceivedTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      stageTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('takes the id that the client gives, and one of its own for one that is too long', async () => {
    const chosen = await server.request('GET', '/version', { headers: { 'audit-id': 'chosen-by-the-client' } });
    expect(chosen.headers['audit-id']).toBe('chosen-by-the-client');
    expect((await of(chosen)).map(({ stage }) => stage)).toEqual(['ResponseComplete']);
    const long = await server.request('GET', '/version', { headers: { 'audit-id': 'x'.repeat(65) } });
    expect(long.headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('says nothing of what the policy does not want', async () => {
    const response = await server.request('GET', '/livez', { headers: { 'audit-id': 'health' } });
    const quiet = server.ca.issueClient('quiet', ['system:masters']);
    await server.request('GET', configMaps, { client: quiet, headers: { 'audit-id': 'quiet' } });
    expect(response.status).toBe(200);
    await endOf(await server.request('GET', '/version'));
    expect(loggedEvents(path).filter(({ auditID }) => auditID === 'health' || auditID === 'quiet')).toEqual([]);
  });

  it('names the rule by which a request was allowed, and says so when none did', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }];
    await server.request('POST', `${rbac}/roles`, { body: { metadata: { name: 'reader' }, rules } });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' };
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }];
    await server.request('POST', `${rbac}/rolebindings`, { body: { metadata: { name: 'reads' }, roleRef, subjects } });
    const allowed = await endOf(await server.request('GET', '/api/v1/namespaces/default/pods', { client: jane }));
    expect(allowed.annotations).toEqual({
      'authorization.k8s.io/decision': 'allow',
      'authorization.k8s.io/reason': 'RBAC: allowed by RoleBinding "reads/default" of Role "reader" to User "jane"',
    });
    const refused = await endOf(await server.request('DELETE', '/api/v1/nodes/n1', { client: jane }));
    expect(refused.annotations?.['authorization.k8s.io/decision']).toBe('forbid');
    expect(refused).toMatchObject({ verb: 'delete', objectRef: { resource: 'nodes', name: 'n1' }, user: { username: 'jane' } });
    expect(refused.responseStatus).toMatchObject({ status: 'Failure', reason: 'Forbidden', code: 403 });
    expect(refused.responseStatus?.message).toContain('User "jane" cannot delete resource "nodes"');
  });

  it('names both who asks and whom they act as', async () => {
    const headers = { 'impersonate-user': 'jane', 'impersonate-group': 'ops' };
    const event = await endOf(await server.request('GET', '/api/v1/namespaces/default/pods', { headers }));
    expect(event.user.username).toBe('admin');
    expect(event.impersonatedUser).toEqual({ username: 'jane', groups: ['ops', 'system:authenticated'] });
    const refused = await endOf(await server.request('GET', '/version', { client: jane, headers: { 'impersonate-user': 'admin' } }));
    expect(refused.user.username).toBe('jane');
    expect(refused.impersonatedUser).toBeUndefined();
    expect(refused.responseStatus?.code).toBe(403);
  });

  it('has those whom the server does not know, without a name', async () => {
    const stranger = await server.request('GET', '/api/v1/secrets', { client: null, headers: { 'audit-id': 'stranger' } });
    expect(stranger.status).toBe(401);
    const [event, ...more] = await eventsOf(path, 'stranger');
    expect(more).toEqual([]);
    expect(event).toMatchObject({ user: {}, verb: 'list', objectRef: { resource: 'secrets' }, responseStatus: { code: 401 } });
    await server.request('GET', '/api/v1/secrets', {
      client: null,
      headers: { authorization: 'Bearer not.a.token', 'audit-id': 'forger' },
    });
    await eventsOf(path, 'forger');
    expect(readFileSync(path, 'utf8')).not.toContain('not.a.token');
  });

  it('has what was asked at the level Request, and what was answered at the level RequestResponse', async () => {
    await server.request('POST', '/api/v1/namespaces', { body: { metadata: { name: 'asked' } } });
    const asked = await endOf(
      await server.request('POST', '/api/v1/namespaces/asked/configmaps', { body: configMap('a', { key: 'value' }) }),
    );
    expect(asked).toMatchObject({ level: 'Request', objectRef: { name: 'a', namespace: 'asked' }, responseStatus: { code: 201 } });
    expect(asked.requestObject).toMatchObject({ metadata: { name: 'a' }, data: { key: 'value' } });
    expect(asked.responseObject).toBeUndefined();
    const made = await endOf(await server.request('POST', configMaps, { body: configMap('a', { key: 'value' }) }));
    expect(made.level).toBe('RequestResponse');
    expect(made.requestObject?.metadata?.['uid']).toBeUndefined();
    expect(made.responseObject).toMatchObject({ kind: 'ConfigMap', data: { key: 'value' } });
    expect(made.responseObject?.metadata['uid']).toBeDefined();
    expect(made.responseObject?.metadata['managedFields']).toBeUndefined();
    const patched = await server.request('PATCH', `${configMaps}/a`, {
      body: [{ op: 'add', path: '/data/more', value: 'b' }],
      headers: { 'content-type': 'application/json-patch+json' },
    });
    expect(patched.status).toBe(200);
    expect((await endOf(patched)).requestObject).toEqual([{ op: 'add', path: '/data/more', value: 'b' }]);
    const read = await server.request('GET', `${configMaps}/a`, { headers: { accept: 'application/yaml' } });
    expect((await endOf(read)).responseObject).toMatchObject({ kind: 'ConfigMap', data: { key: 'value', more: 'b' } });
    const listed = await endOf(await server.request('GET', configMaps));
    expect(listed.responseObject?.items?.map(({ metadata }) => metadata['managedFields'])).toEqual([undefined]);
    expect(
      await endOf(
        await server.request('DELETE', `${configMaps}/a`, { body: { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 } }),
      ),
    ).toMatchObject({
      verb: 'delete',
      requestObject: { gracePeriodSeconds: 0 },
      responseStatus: { status: 'Success' },
    });
  });

  it('leaves out bodies that are too long, and says so', async () => {
    const response = await server.request('POST', configMaps, { body: configMap('long', { key: 'x'.repeat(200_000) }) });
    expect(response.status).toBe(201);
    const event = await endOf(response);
    expect(event.annotations?.['audit.k8s.io/truncated']).toBe('true');
    expect([event.requestObject, event.responseObject]).toEqual([undefined, undefined]);
    expect(event.objectRef?.['name']).toBe('long');
    const agent = await endOf(await server.request('GET', '/version', { headers: { 'user-agent': 'u'.repeat(5_000) } }));
    expect(agent.userAgent).toBe(`${'u'.repeat(1024)}...TRUNCATED`);
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(150_000);
  });

  it('never has what is in a Secret, nor a token, whatever the policy says', async () => {
    const value = Buffer.from('the-secret-itself').toString('base64');
    const secrets = '/api/v1/namespaces/default/secrets';
    const made = await server.request('POST', secrets, { body: { metadata: { name: 's' }, data: { key: value } } });
    expect(made.status).toBe(201);
    expect(await endOf(made)).toMatchObject({
      level: 'RequestResponse',
      objectRef: { resource: 'secrets', name: 's' },
      responseStatus: { code: 201 },
    });
    await endOf(await server.request('GET', secrets));
    await endOf(await server.request('GET', '/api/v1/secrets', { headers: { accept: 'application/yaml' } }));
    const merge = { 'content-type': 'application/merge-patch+json' };
    await endOf(await server.request('PATCH', `${secrets}/s`, { body: { data: { other: value } }, headers: merge }));
    const wrong = await server.request('PATCH', `${secrets}/s`, { body: { data: { [`a/${value}`]: value } }, headers: merge });
    expect(wrong.status).toBe(422);
    expect((await endOf(wrong)).responseStatus).toEqual({ metadata: {}, status: 'Failure', reason: 'Invalid', code: 422 });
    await server.request('POST', '/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'robot' } } });
    const issued = await server.request('POST', '/api/v1/namespaces/default/serviceaccounts/robot/token', { body: { spec: {} } });
    await endOf(issued);
    const { token } = (JSON.parse(issued.text) as { status: { token: string } }).status;
    await endOf(await server.request('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { body: { spec: { token } } }));
    const robot = await endOf(await server.request('GET', '/version', { client: null, headers: { authorization: `Bearer ${token}` } }));
    expect(robot.user.username).toBe('system:serviceaccount:default:robot');
    const log = readFileSync(path, 'utf8');
    expect(log).not.toContain(value);
    expect(log).not.toContain(token);
    expect(log).not.toContain(token.split('.')[2]);
  });

  it('has the beginning and the end of a watch', async () => {
    const watch = await server.watch('/api/v1/namespaces/default/pods?watch=1', { 'audit-id': 'the-watch' });
    const begun = await eventsOf(path, 'the-watch', 'ResponseStarted');
    expect(begun.map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseStarted']);
    expect(begun.at(-1)).toMatchObject({ verb: 'watch', responseStatus: { code: 200 } });
    watch.close();
    expect((await eventsOf(path, 'the-watch')).map(({ stage }) => stage)).toEqual([
      'RequestReceived',
      'ResponseStarted',
      'ResponseComplete',
    ]);
  });

  it('has connections that are refused', async () => {
    const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'audit-id': 'no-such-pod' };
    expect((await server.request('POST', '/api/v1/namespaces/default/pods/none/exec?command=id', { headers })).status).toBe(404);
    const events = await eventsOf(path, 'no-such-pod');
    expect(events.at(-1)).toMatchObject({
      verb: 'create',
      objectRef: { resource: 'pods', subresource: 'exec', name: 'none' },
      responseStatus: { reason: 'NotFound', code: 404 },
    });
  });

  it('has what a policy of admission notes, also when another one denies', async () => {
    const group = '/apis/admissionregistration.k8s.io/v1';
    const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }];
    const put = async (name: string, spec: object, validationActions: readonly string[]): Promise<void> => {
      const body = { metadata: { name }, spec: { matchConstraints: { resourceRules }, ...spec } };
      expect((await server.request('POST', `${group}/validatingadmissionpolicies`, { body })).status).toBe(201);
      const binding = { metadata: { name: `${name}-b` }, spec: { policyName: name, validationActions } };
      expect((await server.request('POST', `${group}/validatingadmissionpolicybindings`, { body: binding })).status).toBe(201);
    };
    const noted = {
      validations: [{ expression: 'true' }, { expression: "!('odd' in object.data)", message: 'odd data' }],
      auditAnnotations: [{ key: 'keys', valueExpression: "'keys: ' + string(size(object.data))" }],
    };
    await put('notes', noted, ['Audit']);
    await put('zz-denies', { validations: [{ expression: "!('bad' in object.data)", message: 'bad data' }] }, ['Deny']);
    const passed = await endOf(await server.request('POST', configMaps, { body: configMap('odd', { odd: '1', even: '2' }) }));
    expect(passed.responseStatus?.code).toBe(201);
    expect(passed.annotations?.['notes/keys']).toBe('keys: 2');
    expect(JSON.parse(passed.annotations?.['validation.policy.admission.k8s.io/validation_failure'] ?? '')).toEqual([
      { message: 'odd data', policy: 'notes', binding: 'notes-b', expressionIndex: 1, validationActions: ['Audit'] },
    ]);
    const denied = await endOf(await server.request('POST', configMaps, { body: configMap('bad', { bad: '1' }) }));
    expect(denied.responseStatus?.code).toBe(422);
    expect(denied.annotations?.['notes/keys']).toBe('keys: 1');
  });
});
