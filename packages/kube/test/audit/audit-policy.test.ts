import { describe, expect, it } from 'vitest';
import { type AuditedRequest, type AuditRule, auditDecision, parseAuditPolicy } from '../../src/index.ts';

const listed: AuditedRequest = {
  user: { username: 'jane', groups: ['dev', 'system:authenticated'] },
  verb: 'list',
  path: '/api/v1/namespaces/demo/pods',
  resource: { group: '', resource: 'pods', subresource: '', namespace: 'demo', name: '' },
};
const log: AuditedRequest = {
  ...listed,
  verb: 'get',
  resource: { group: '', resource: 'pods', subresource: 'log', namespace: 'demo', name: 'web' },
};
const nodes: AuditedRequest = { ...listed, resource: { group: '', resource: 'nodes', subresource: '', namespace: '', name: '' } };
const deployment: AuditedRequest = {
  ...listed,
  verb: 'update',
  resource: { group: 'apps', resource: 'deployments', subresource: 'scale', namespace: 'demo', name: 'web' },
};
const health: AuditedRequest = { ...listed, verb: 'get', path: '/healthz/ping', resource: undefined };
const nobody: AuditedRequest = { ...listed, user: undefined };

const decides = (rule: Omit<AuditRule, 'level'>, request: AuditedRequest): boolean =>
  auditDecision({ rules: [{ level: 'Metadata', ...rule }] }, request).level === 'Metadata';

describe('a rule of an audit policy', () => {
  it.each<[string, Omit<AuditRule, 'level'>, readonly AuditedRequest[], readonly AuditedRequest[]]>([
    ['without restrictions matches everything', {}, [listed, log, nodes, deployment, health, nobody], []],
    ['names users, who are somebody', { users: ['jane'] }, [listed, health], [nobody]],
    ['names groups, of which one is enough', { userGroups: ['ops', 'dev'] }, [listed], [nobody]],
    ['names verbs', { verbs: ['update'] }, [deployment], [listed, log]],
    ['names namespaces, the empty one for what has none', { namespaces: [''] }, [nodes], [listed, health]],
    ['names a resource, and means neither its subresources nor others', { resources: [{ resources: ['pods'] }] }, [listed], [log, nodes]],
    ['names a subresource', { resources: [{ resources: ['pods/log'] }] }, [log], [listed]],
    ['names a resource with all its subresources', { resources: [{ resources: ['pods/*'] }] }, [listed, log], [nodes]],
    ['names a subresource of all resources', { resources: [{ group: 'apps', resources: ['*/scale'] }] }, [deployment], [listed, log]],
    ['names all resources of a group', { resources: [{ group: 'apps' }] }, [deployment], [listed, log]],
    ['names all of the core group by a star', { resources: [{ resources: ['*'] }] }, [listed, log, nodes], [deployment, health]],
    ['names objects', { resources: [{ resources: ['pods/log'], resourceNames: ['web'] }] }, [log], [listed]],
    ['does not match objects of other names', { resources: [{ resources: ['pods/log'], resourceNames: ['db'] }] }, [], [log]],
    ['names paths that are no resources', { nonResourceURLs: ['/healthz*'] }, [health], [listed]],
    ['takes a path without a star as it is', { nonResourceURLs: ['/healthz'] }, [], [health]],
    ['needs all that it names', { users: ['jane'], verbs: ['list'], namespaces: ['other'] }, [], [listed]],
  ])('%s', (_title, rule, matching, others) => {
    for (const request of matching) expect(decides(rule, request), JSON.stringify(request)).toBe(true);
    for (const request of others) expect(decides(rule, request), JSON.stringify(request)).toBe(false);
  });
});

describe('an audit policy', () => {
  it('is decided by the first rule that matches, and writes nothing down of what none matches', () => {
    const policy = {
      omitStages: ['RequestReceived'],
      omitManagedFields: true,
      rules: [
        { level: 'Request', resources: [{ resources: ['pods/log'] }], omitStages: ['Panic'], omitManagedFields: false },
        { level: 'Metadata', resources: [{ resources: ['pods/*'] }] },
      ],
    } as const;
    expect(auditDecision(policy, log)).toEqual({ level: 'Request', omitStages: ['RequestReceived', 'Panic'], omitManagedFields: false });
    expect(auditDecision(policy, listed)).toEqual({ level: 'Metadata', omitStages: ['RequestReceived'], omitManagedFields: true });
    expect(auditDecision(policy, health).level).toBe('None');
  });

  it('is read from YAML as Kubernetes documents it, without metadata too', () => {
    const text = [
      'apiVersion: audit.k8s.io/v1',
      'kind: Policy',
      'omitStages: [RequestReceived]',
      'rules:',
      '  - level: RequestResponse',
      '    resources:',
      '    - group: ""',
      '      resources: ["pods"]',
      '  - level: None',
      '    users: ["system:kube-proxy"]',
      '    verbs: ["watch"]',
      '    resources:',
      '    - group: ""',
      '      resources: ["endpoints", "services"]',
      '  - level: None',
      '    userGroups: ["system:authenticated"]',
      '    nonResourceURLs: ["/api*", "/version"]',
      '  - level: Metadata',
      '',
    ].join('\n');
    const parsed = parseAuditPolicy(text, 'audit.yaml');
    expect(parsed).toMatchObject({
      policy: {
        omitStages: ['RequestReceived'],
        rules: [{ level: 'RequestResponse' }, {}, { nonResourceURLs: ['/api*', '/version'] }, {}],
      },
    });
    expect(Object.keys('policy' in parsed ? parsed.policy : {})).toEqual(['rules', 'omitStages']);
  });

  it.each([
    ['no level', 'rules:\n- users: [a]', /audit\.yaml:4:3: rules\[0\]\.level: Required value/],
    ['a level that there is not', 'rules:\n- level: All', /rules\[0\]\.level: Unsupported value: "All": supported values: "None"/],
    ['a field that there is not', 'rules:\n- level: None\n  user: [a]', /audit\.yaml:5:\d+: rules\[0\]\.user: Forbidden: unknown field/],
    ['a stage that there is not', 'omitStages: [Later]\nrules:\n- level: None', /omitStages\[0\]: Unsupported value: "Later"/],
    ['a text where a list belongs', 'rules:\n- level: None\n  users: jane', /rules\[0\]\.users: Invalid value: "jane": must be a list/],
    ['no rules', 'rules: []', /rules: Required value/],
    ['resources and paths in one rule', 'rules:\n- level: None\n  namespaces: [a]\n  nonResourceURLs: [/x]', /cannot apply to both/],
    ['a star in the middle of a path', 'rules:\n- level: None\n  nonResourceURLs: ["/a*b"]', /must be the final character/],
    ['a path that is none', 'rules:\n- level: None\n  nonResourceURLs: [healthz]', /must begin with a '\/'/],
    ['a group with its version', 'rules:\n- level: None\n  resources: [{ group: apps/v1 }]', /has no version/],
    ['names of no resource', 'rules:\n- level: None\n  resources: [{ resourceNames: [a] }]', /requires at least one resource/],
    ['broken YAML', 'rules: [', /yaml-syntax/],
    [
      'a second document',
      'rules:\n- level: None\n---\napiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []',
      /one file holds one audit policy/,
    ],
  ])('with %s is refused, with the place', (_what, text, words) => {
    const parsed = parseAuditPolicy(`apiVersion: audit.k8s.io/v1\nkind: Policy\n${text}\n`, 'audit.yaml');
    expect('problems' in parsed ? parsed.problems.join('\n') : parsed).toMatch(words);
  });

  it('of another kind is refused', () => {
    expect(parseAuditPolicy('apiVersion: v1\nkind: Pod\n', 'pod.yaml')).toEqual({
      problems: ['pod.yaml:1:1: this is v1 Pod, and an audit policy is audit.k8s.io/v1 Policy'],
    });
    expect(parseAuditPolicy('', 'empty.yaml')).toMatchObject({ problems: [expect.stringContaining('it holds no audit policy')] });
  });
});
