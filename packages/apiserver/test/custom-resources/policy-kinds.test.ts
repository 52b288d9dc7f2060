/** The definitions of other policy APIs, as they are published: the server takes them, and judges objects by them. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { definitionsPath, established } from '../support/custom-resources.ts';
import { TestServer } from '../support/test-server.ts';

const files = [
  'network-policy-api/policy.networking.k8s.io_clusternetworkpolicies.yaml',
  'network-policy-api/policy.networking.k8s.io_adminnetworkpolicies.yaml',
  'network-policy-api/policy.networking.k8s.io_baselineadminnetworkpolicies.yaml',
  'calico/crd.projectcalico.org.yaml',
];

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  for (const file of files) {
    for (const document of parseAllDocuments(readFileSync(new URL(`testdata/${file}`, import.meta.url), 'utf8'))) {
      const body = document.toJS() as { readonly metadata: { readonly name: string } };
      const created = await server.request('POST', `${definitionsPath}?fieldValidation=Strict`, { body });
      expect(created.status, created.text).toBe(201);
      await established(server, body.metadata.name);
    }
  }
}, 60_000);
afterAll(() => server.dispose());

type Fields = Readonly<Record<string, unknown>>;

const rule = (fields: Fields): Fields => ({ action: 'Accept', to: [{ namespaces: {} }], ...fields });
const cluster = (egress: Fields, spec: Fields = {}): Fields => ({
  tier: 'Admin',
  priority: 5,
  subject: { namespaces: {} },
  egress: [egress],
  ...spec,
});
const admin = (egress: Fields, spec: Fields = {}): Fields => ({ priority: 5, subject: { namespaces: {} }, egress: [egress], ...spec });
const baseline = (egress: Fields): Fields => ({ subject: { namespaces: {} }, egress: [egress] });
const allow = (fields: Fields): Fields => ({ action: 'Allow', to: [{ namespaces: {} }], ...fields });

const clusterPolicies = '/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies';
const adminPolicies = '/apis/policy.networking.k8s.io/v1alpha1/adminnetworkpolicies';
const baselinePolicies = '/apis/policy.networking.k8s.io/v1alpha1/baselineadminnetworkpolicies';
const calico = '/apis/crd.projectcalico.org/v1';

function post(path: string, name: string, spec: Fields): ReturnType<TestServer['request']> {
  return server.request('POST', `${path}?dryRun=All&fieldValidation=Strict`, { body: { metadata: { name }, spec } });
}

it.each<[string, string, Fields]>([
  [clusterPolicies, 'a', cluster(rule({ protocols: [{ tcp: { destinationPort: { range: { start: 80, end: 90 } } } }] }))],
  [clusterPolicies, 'a', cluster(rule({ to: [{ networks: ['10.0.0.0/8', 'fd00::/8'] }] }))],
  [adminPolicies, 'a', admin(allow({ ports: [{ portNumber: { port: 80, protocol: 'TCP' } }] }))],
  [baselinePolicies, 'default', baseline(allow({}))],
  [
    `${calico}/globalnetworkpolicies`,
    'a',
    { order: 1.5, types: ['Egress'], egress: [{ action: 'Pass', protocol: 'TCP', destination: { ports: [80, '90:95'] } }] },
  ],
  [`${calico}/namespaces/default/networkpolicies`, 'default.a', { selector: 'all()', ingress: [{ action: 'Allow', protocol: 6 }] }],
  [`${calico}/tiers`, 'security', { order: 100, defaultAction: 'Pass' }],
])('%s takes %s with %j', async (path, name, spec) => {
  const { status, text } = await post(path, name, spec);
  expect(status, text).toBe(201);
});

it.each<[string, string, Fields, string]>([
  [
    clusterPolicies,
    'a',
    cluster(rule({ protocols: [{ tcp: { destinationPort: { range: { start: 90, end: 80 } } } }] })),
    'spec.egress[0].protocols[0].tcp.destinationPort.range: Invalid value: Start port must be less than End port',
  ],
  [
    clusterPolicies,
    'a',
    cluster(rule({ to: [{ networks: ['10.0.0.0'] }] })),
    'spec.egress[0].to[0].networks[0]: Invalid value: "10.0.0.0": Invalid CIDR format provided',
  ],
  [
    clusterPolicies,
    'a',
    cluster(rule({ action: 'Drop' })),
    'spec.egress[0].action: Unsupported value: "Drop": supported values: "Accept", "Deny", "Pass"',
  ],
  [
    clusterPolicies,
    'a',
    cluster(rule({ to: [{ namespaces: {}, networks: ['10.0.0.0/8'] }] })),
    'spec.egress[0].to[0]: Too many: 2: must have at most 1 items',
  ],
  [clusterPolicies, 'a', cluster(rule({}), { priority: 1001 }), 'spec.priority in body should be less than or equal to 1000'],
  [clusterPolicies, 'a', cluster(rule({}), { tier: undefined }), 'spec.tier: Required value'],
  [adminPolicies, 'a', admin(allow({ to: [{ networks: ['::ffff:10.0.0.0/104'] }] })), 'CIDR must be either an IPv4 or IPv6 address.'],
  [
    adminPolicies,
    'a',
    admin(allow({ to: [{ networks: ['10.0.0.0/8'] }], ports: [{ namedPort: 'http' }] })),
    'spec.egress[0]: Invalid value: networks/nodes peer cannot be set with namedPorts since there are no namedPorts for networks/nodes',
  ],
  [
    baselinePolicies,
    'other',
    baseline(allow({})),
    'Only one baseline admin network policy with metadata.name="default" can be created in the cluster',
  ],
  [`${calico}/tiers`, 'a', { defaultAction: 'Log' }, 'spec.defaultAction: Unsupported value: "Log"'],
  [
    `${calico}/globalnetworkpolicies`,
    'a',
    { ingress: [{ protocol: true, action: 'Allow' }] },
    'spec.ingress[0].protocol in body must be of type integer,string: "boolean"',
  ],
  [`${calico}/globalnetworkpolicies`, 'a', { ingres: [] }, 'unknown field "spec.ingres"'],
])('%s refuses %s with %j', async (path, name, spec, words) => {
  const { status, json } = await post(path, name, spec);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(json.message).toContain(words);
});
