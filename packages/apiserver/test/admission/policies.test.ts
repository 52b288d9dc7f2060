/** ValidatingAdmissionPolicy over HTTP: what is denied, warned about or let through, and in which words. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kubectlPath } from '../support/kubectl.ts';
import { configMap, pod } from '../support/objects.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
const group = '/apis/admissionregistration.k8s.io/v1';
const configMaps = '/api/v1/namespaces/default/configmaps';

/** What the tests put in force. */
interface PolicyParts {
  readonly spec?: Record<string, unknown>;
  readonly binding?: Record<string, unknown>;
}

beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.dispose());
beforeEach(async () => {
  for (const plural of ['validatingadmissionpolicybindings', 'validatingadmissionpolicies'])
    await server.request('DELETE', `${group}/${plural}`);
});

function policy(spec: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'p' },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['configmaps'] }],
      },
      ...spec,
    },
  };
}

/** Puts a policy and its binding in force. */
async function enforce({ spec, binding }: PolicyParts): Promise<void> {
  const made = await server.request('POST', `${group}/validatingadmissionpolicies`, { body: policy(spec) });
  expect(made.json.message, 'the policy is accepted').toBeUndefined();
  const bound = await server.request('POST', `${group}/validatingadmissionpolicybindings`, {
    body: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'b' },
      spec: { policyName: 'p', validationActions: ['Deny'], ...binding },
    },
  });
  expect(bound.json.message, 'the binding is accepted').toBeUndefined();
}

let next = 0;
async function create(data: Record<string, string>, metadata: Record<string, unknown> = {}) {
  return server.request('POST', configMaps, { body: configMap(`c${next++}`, data, metadata) });
}

const hasKey = { validations: [{ expression: "has(object.data) && 'key' in object.data" }] };
const prefix = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ";

describe('a policy', () => {
  it('denies what does not hold with the words of the real server', async () => {
    await enforce({ spec: hasKey });
    const denied = await server.request('POST', configMaps, { body: configMap('bad', { other: '1' }) });
    expect(denied.status).toBe(422);
    expect(denied.json).toMatchObject({
      reason: 'Invalid',
      message: `configmaps "bad" is forbidden: ${prefix}failed expression: has(object.data) && 'key' in object.data`,
      details: { name: 'bad', kind: 'configmaps' },
    });
    expect((await create({ key: '1' })).status).toBe(201);
  });

  it('is not in force without a binding', async () => {
    await server.request('POST', `${group}/validatingadmissionpolicies`, { body: policy(hasKey) });
    expect((await create({})).status).toBe(201);
  });

  it('is shown by kubectl as the reason of a refusal', async () => {
    await enforce({ spec: { validations: [{ expression: 'false', message: 'config maps are closed' }] } });
    const kubectl = await kubectlPath();
    const result = await server.run(kubectl, ['create', 'configmap', 'x']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(`${prefix}config maps are closed`);
    const listed = await server.run(kubectl, ['get', 'validatingadmissionpolicies,validatingadmissionpolicybindings']);
    expect(listed.stdout).toMatch(/\/p +1 +<unset> +\S+\n/);
    expect(listed.stdout).toMatch(/\/b +p +<unset> +\S+\n/);
  });

  it.each([
    [{ message: 'fixed' }, 422, 'fixed'],
    [{ message: 'fixed', messageExpression: "'made by ' + request.userInfo.username" }, 422, 'made by admin'],
    [{ message: 'fixed', messageExpression: "object.missing + ''" }, 422, 'fixed'],
    [{ message: 'no', reason: 'Forbidden' }, 403, 'no'],
    [{ message: 'big', reason: 'RequestEntityTooLarge' }, 413, 'big'],
  ])('a validation with %j answers %i "%s"', async (words, code, message) => {
    await enforce({ spec: { validations: [{ expression: 'false', ...words }] } });
    const denied = await create({});
    expect(denied.status).toBe(code);
    expect(denied.json.message).toContain(prefix + message);
  });

  it('that only warns lets the request pass with a Warning header', async () => {
    await enforce({
      spec: { validations: [{ expression: 'false', message: 'soon denied' }] },
      binding: { validationActions: ['Warn', 'Audit'] },
    });
    const made = await create({});
    expect(made.status).toBe(201);
    expect(made.headers['warning']).toBe(`299 - "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': soon denied"`);
  });

  it('whose expression has no value denies, or is ignored when it says so', async () => {
    const broken = { validations: [{ expression: "object.data.missing == 'x'" }] };
    await enforce({ spec: broken });
    expect((await create({ a: '1' })).json.message).toContain(
      "expression 'object.data.missing == 'x'' resulted in error: no such key: missing",
    );
    await server.request('PATCH', `${group}/validatingadmissionpolicies/p`, {
      body: { spec: { failurePolicy: 'Ignore' } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect((await create({ a: '1' })).status).toBe(201);
  });

  it('sees the object before an update and before a deletion', async () => {
    await enforce({
      spec: { validations: [{ expression: "request.operation == 'CREATE' || !('kept' in oldObject.data)", message: 'kept' }] },
    });
    const name = (await create({ kept: '1' })).json.metadata.name;
    const path = `${configMaps}/${name}`;
    const patch = { body: { data: { a: '1' } }, headers: { 'content-type': 'application/merge-patch+json' } };
    expect((await server.request('PATCH', path, patch)).json.message).toContain('kept');
    expect((await server.request('DELETE', path)).json.message).toContain('kept');
    expect((await server.request('DELETE', configMaps)).status).toBe(422);
    expect((await server.request('GET', path)).status).toBe(200);
  });

  it('is for the requests alone that rules, selectors and conditions choose', async () => {
    await enforce({
      spec: {
        validations: [{ expression: 'false' }],
        matchConstraints: {
          resourceRules: [{ apiGroups: [''], apiVersions: ['*'], operations: ['CREATE'], resources: ['*'] }],
          excludeResourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['pods'] }],
          objectSelector: { matchLabels: { checked: 'yes' } },
        },
        matchConditions: [
          { name: 'not-exempt', expression: "!has(object.metadata.annotations) || !('exempt' in object.metadata.annotations)" },
        ],
      },
      binding: { matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } } } },
    });
    const labels = { checked: 'yes' };
    expect((await create({}, { labels })).status).toBe(422);
    expect((await create({})).status).toBe(201);
    expect((await create({}, { labels, annotations: { exempt: '' } })).status).toBe(201);
    expect(
      (await server.request('POST', '/api/v1/namespaces/kube-public/configmaps', { body: configMap('x', {}, { labels }) })).status,
    ).toBe(201);
    expect(
      (await server.request('POST', '/api/v1/namespaces/default/pods', { body: pod('excluded', { metadata: { labels } }) })).status,
    ).toBe(201);
  });

  it('takes its parameters from objects, by name or by selector', async () => {
    const limits = { apiVersion: 'v1', kind: 'ConfigMap' };
    const spec = {
      paramKind: limits,
      matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }] },
      matchConditions: [{ name: 'not-the-limits', expression: "request.namespace != 'kube-system'" }],
      variables: [{ name: 'most', expression: 'int(params.data.most)' }],
      validations: [{ expression: 'size(object.data) <= variables.most', messageExpression: "'at most ' + string(variables.most)" }],
    };
    const parameter = configMap('limits', { most: '1' }, { labels: { limits: 'yes' } });
    await server.request('POST', '/api/v1/namespaces/kube-system/configmaps', { body: parameter });
    const paramRef = { name: 'limits', namespace: 'kube-system', parameterNotFoundAction: 'Deny' };
    await enforce({ spec, binding: { paramRef } });
    expect((await create({ a: '1', b: '2' })).json.message).toContain(`${prefix}at most 1`);
    expect((await create({ a: '1' })).status).toBe(201);
    await server.request('DELETE', '/api/v1/namespaces/kube-system/configmaps/limits');
    expect((await create({ a: '1' })).json.message).toContain(
      'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
    );
    const selector = { selector: { matchLabels: { limits: 'yes' } }, namespace: 'kube-system', parameterNotFoundAction: 'Allow' };
    await server.request('PATCH', `${group}/validatingadmissionpolicybindings/b`, {
      body: { spec: { paramRef: { name: null, ...selector } } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect((await create({ a: '1', b: '2' })).status).toBe(201);
    await server.request('POST', '/api/v1/namespaces/kube-system/configmaps', { body: parameter });
    expect((await create({ a: '1', b: '2' })).status).toBe(422);
    await server.request('DELETE', '/api/v1/namespaces/kube-system/configmaps/limits');
  });

  it('can ask what the user may do, and what is in the namespace', async () => {
    await enforce({
      spec: {
        validations: [
          {
            expression: "authorizer.group('').resource('secrets').namespace('default').check('delete').allowed()",
            message: 'needs more rights',
          },
          { expression: "namespaceObject.metadata.name == 'default' && request.namespace == 'default'", message: 'namespace' },
          { expression: "authorizer.requestResource.check('create').allowed()", message: 'create' },
        ],
      },
    });
    expect((await create({})).status).toBe(201);
  });

  it('that was written under the wrong types is warned about in its status', async () => {
    await enforce({ spec: { ...hasKey, validations: [{ expression: 'object.spec.replicas > 1' }] } });
    const stored = await server.request('GET', `${group}/validatingadmissionpolicies/p`);
    expect(JSON.parse(stored.text)).toMatchObject({
      status: {
        observedGeneration: 1,
        typeChecking: {
          expressionWarnings: [
            {
              fieldRef: 'spec.validations[0].expression',
              warning: expect.stringContaining("v1, Kind=ConfigMap: ERROR: <input>:1:7: undefined field 'spec'"),
            },
          ],
        },
      },
    });
  });

  it.each([
    [
      { validations: [{ expression: 'object.' }] },
      'spec.validations[0].expression: Invalid value: "object.": compilation failed: ERROR: <input>:1:8: Syntax error',
    ],
    [{ validations: [{ expression: 'params.x' }] }, "undeclared reference to 'params'"],
    [{ validations: [{ expression: "'a'" }] }, 'must evaluate to bool'],
    [{ validations: [{ expression: 'request.nothing' }] }, "undefined field 'nothing'"],
    [{ validations: [{ expression: 'variables.later' }], variables: [{ name: 'a', expression: '1' }] }, "undefined field 'later'"],
    [{ validations: [{ expression: 'true', reason: 'Other' }] }, 'spec.validations[0].reason: Unsupported value: "Other"'],
    [{ validations: [] }, 'spec.validations: Required value'],
    [
      { validations: [{ expression: 'true' }], matchConstraints: { resourceRules: [] } },
      'spec.matchConstraints.resourceRules: Required value',
    ],
  ])('with %j is refused', async (spec, words) => {
    const refused = await server.request('POST', `${group}/validatingadmissionpolicies`, { body: policy(spec) });
    expect(refused.status).toBe(422);
    expect(refused.json.message).toContain(words);
  });

  it('never locks out those who would change it', async () => {
    await enforce({
      spec: {
        validations: [{ expression: 'false' }],
        matchConstraints: { resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }] },
      },
    });
    expect((await create({})).status).toBe(422);
    expect((await server.request('DELETE', `${group}/validatingadmissionpolicybindings/b`)).status).toBe(200);
    expect((await create({})).status).toBe(201);
  });
});
