/** Traps that each policy API has in its own words: what is found, what is beside it and is none, and what is corrected. */
import type { EngineName } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { applyFixes } from '../src/index.ts';
import { lintText } from './lint-text.ts';

const pods = `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Namespace
metadata: { name: ops, labels: { team: ops } }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { containers: [{ name: c, image: web }] }
---
apiVersion: v1
kind: Pod
metadata: { name: agent, namespace: ops, labels: { app: agent } }
spec: { containers: [{ name: c, image: agent }] }
---
`;

const cilium = (ingress: string, kind = 'CiliumNetworkPolicy'): string => `apiVersion: cilium.io/v2
kind: ${kind}
metadata: { name: p${kind === 'CiliumNetworkPolicy' ? ', namespace: shop' : ''} }
spec: { endpointSelector: { matchLabels: { app: web } }, ${ingress} }
`;

const calico = (source: string, more = ''): string => `apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: p, namespace: shop }
spec:
  selector: app == 'web'
  types: [Ingress]
  ingress:
    - { action: Allow, protocol: TCP, source: { ${source} }, destination: { ports: [80] } }
${more}`;

const administrators = (to: string): string => `apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: p }
spec:
  tier: Admin
  priority: 10
  subject: { namespaces: {} }
  egress: [{ action: Accept, to: [${to}], protocols: [{ tcp: { destinationPort: { range: { start: 80, end: 90 } } } }] }]
`;

function found(rule: string, text: string, profile: EngineName): readonly string[] {
  return lintText(pods + text, { profile, onlyRules: [rule] }).map(({ field = '' }) => field);
}

describe('what another member covers', () => {
  const rule = 'covered-entry';

  it.each<[string, EngineName, string, readonly string[]]>([
    [
      'an entity',
      'cilium',
      cilium('ingress: [{ fromEntities: [host, cluster, world-ipv4, world] }]'),
      ['fromEntities[0]', 'fromEntities[2]'],
    ],
    [
      'more labels',
      'cilium',
      cilium('ingress: [{ fromEndpoints: [{ matchLabels: { a: one, b: two } }, { matchLabels: { k8s:a: one } }] }]'),
      ['fromEndpoints[0]'],
    ],
    [
      'a block with exceptions',
      'cilium',
      cilium('egress: [{ toCIDRSet: [{ cidr: 192.0.2.0/24, except: [192.0.2.0/25] }, { cidr: 192.0.2.128/26 }] }]'),
      ['toCIDRSet[1]'],
    ],
    [
      'a name',
      'cilium',
      cilium('egress: [{ toFQDNs: [{ matchName: a.example.com }, { matchPattern: "**.example.com" }] }]'),
      ['toFQDNs[0]'],
    ],
    ['an excluded block', 'calico', calico('notNets: [192.0.2.0/24, 192.0.2.1/32]'), ['notNets[1]']],
    ['a range of ports', 'calico', calico("ports: [http, 81, '80:90']"), ['ports[1]']],
    ['a domain', 'kubernetes', administrators('{ domainNames: ["*.example.com", www.example.com, example.com] }'), ['domainNames[1]']],
    [
      'pods of namespaces',
      'kubernetes',
      administrators(
        '{ pods: { namespaceSelector: { matchLabels: { team: ops } }, podSelector: { matchLabels: { app: agent } } } }, { namespaces: { matchLabels: { team: ops } } }',
      ),
      ['to[0]'],
    ],
  ])('is found for %s', (_what, profile, text, ends) => {
    const fields = found(rule, text, profile);
    expect(fields.map((field) => ends.findIndex((end) => field.endsWith(end)))).toEqual(ends.map((_, i) => i));
  });

  it.each<[string, EngineName, string]>([
    [
      'pods of the own namespace are no pods of another one',
      'cilium',
      cilium('ingress: [{ fromEndpoints: [{}, { matchLabels: { k8s:io.kubernetes.pod.namespace: ops } }] }]'),
    ],
    [
      'an exception lets the other block be',
      'cilium',
      cilium('egress: [{ toCIDRSet: [{ cidr: 192.0.2.0/24, except: [192.0.2.0/25] }, { cidr: 192.0.2.0/26 }] }]'),
    ],
    ['a star is one label', 'cilium', cilium('egress: [{ toFQDNs: [{ matchName: a.b.example.com }, { matchPattern: "*.example.com" }] }]')],
    ['a name above is none below', 'kubernetes', administrators('{ domainNames: ["*.example.com", example.com] }')],
    [
      'another protocol is another port',
      'cilium',
      cilium('ingress: [{ toPorts: [{ ports: [{ port: "80", protocol: TCP }, { port: "80", protocol: UDP }] }] }]'),
    ],
  ])('is not found where %s', (_why, profile, text) => {
    expect(found(rule, text, profile)).toEqual([]);
  });

  it('is found in an AdminNetworkPolicy, for ports', () => {
    const text = `apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: { name: p }
spec:
  priority: 10
  subject: { namespaces: {} }
  ingress:
    - action: Allow
      from: [{ namespaces: {} }]
      ports: [{ portNumber: { protocol: TCP, port: 81 } }, { portRange: { protocol: TCP, start: 80, end: 90 } }, { namedPort: http }]
`;
    expect(found(rule, text, 'kubernetes')).toEqual(['spec.ingress[0].ports[0]']);
  });
});

describe('a port of Cilium that names no protocol', () => {
  const text = cilium('ingress: [{ fromEntities: [all], toPorts: [{ ports: [{ port: "80", protocol: TCP }, { port: "80" }] }] }]');

  it('covers the same port of TCP, and is not the same twice', () => {
    expect(found('duplicate-entry', text, 'cilium')).toEqual([]);
    expect(found('covered-entry', text, 'cilium')).toEqual(['spec.ingress[0].toPorts[0].ports[0]']);
  });
});

describe('an empty list', () => {
  it.each<[string, EngineName, string, readonly string[]]>([
    ['of blocks of Calico', 'calico', calico('nets: [], notNets: []'), ['spec.ingress[0].source.nets']],
    [
      'of ports beside peers of Cilium',
      'cilium',
      cilium('ingress: [{ fromEntities: [world], toPorts: [] }, { toPorts: [] }]'),
      ['spec.ingress[0].toPorts'],
    ],
  ])('%s means everybody', (_what, profile, text, fields) => {
    expect(found('empty-peer-list', text, profile)).toEqual(fields);
  });

  it('of ports or of messages inside of a list of Cilium is no traffic', () => {
    const text = cilium(
      'ingress: [{ fromEntities: [world], toPorts: [{ ports: [] }] }, { fromEntities: [world], icmps: [{ fields: [] }] }]',
    );
    expect(found('empty-cilium-list', text, 'cilium')).toEqual(['spec.ingress[0].toPorts', 'spec.ingress[1].icmps']);
    expect(found('empty-peer-list', text, 'cilium')).toEqual([]);
  });

  it('is refused by the API of administrators', () => {
    const rules = lintText(pods + administrators('{ networks: [] }'), {}).map(({ rule }) => rule);
    expect(rules).toContain('refused-policy');
    expect(rules).not.toContain('empty-peer-list');
  });
});

describe('a block of which nothing is left', () => {
  it('is taken out where another one stays, and only then', () => {
    const texts = [
      cilium('egress: [{ toCIDRSet: [{ cidr: 192.0.2.0/24, except: [192.0.2.0/25, 192.0.2.128/25] }, { cidr: 198.51.100.0/24 }] }]'),
      calico('nets: [192.0.2.0/25], notNets: [192.0.2.0/24]', '    - { action: Deny, source: { nets: [198.51.100.0/24] } }\n'),
      cilium('egress: [{ toCIDRSet: [{ cidr: 192.0.2.0/24, except: [192.0.2.0/24] }] }]'),
    ];
    const corrected = texts.map((text, i) => {
      const findings = lintText(text, { profile: i === 1 ? 'calico' : 'cilium', onlyRules: ['empty-block'] });
      expect(findings).toHaveLength(1);
      return applyFixes(new Map([['policies.yaml', text]]), findings).texts.get('policies.yaml');
    });
    expect(corrected[0]).toContain('toCIDRSet: [{ cidr: 198.51.100.0/24 }]');
    expect(corrected[1]).not.toContain('192.0.2');
    expect(corrected[2]).toBeUndefined();
  });
});

describe('parts of a peer that were joined the wrong way', () => {
  const rule = 'peer-and-or';
  const agents = "selector: app == 'agent', namespaceSelector: team == 'ops'";

  it('are found where no pod can have an address of the blocks', () => {
    expect(found(rule, calico(`${agents}, nets: [192.0.2.0/24]`), 'calico')).toEqual(['spec.ingress[0].source']);
  });

  it('are not found where one can, where nobody is selected, or where a set of addresses is selected too', () => {
    const set = `---
apiVersion: projectcalico.org/v3
kind: NetworkSet
metadata: { name: s, namespace: ops, labels: { app: agent } }
spec: { nets: [192.0.2.8/32] }
`;
    expect(found(rule, calico(`${agents}, nets: [10.0.0.0/8]`), 'calico')).toEqual([]);
    expect(found(rule, calico("selector: app == 'nobody', nets: [192.0.2.0/24]"), 'calico')).toEqual([]);
    expect(found(rule, calico(`${agents}, nets: [192.0.2.0/24]`, set), 'calico')).toEqual([]);
  });

  it('are two members of a list of Cilium, in a policy of a namespace alone', () => {
    const list =
      'ingress: [{ fromEndpoints: [{ matchLabels: { k8s:io.kubernetes.pod.namespace: ops } }, { matchLabels: { app: agent } }] }]';
    expect(found(rule, cilium(list), 'cilium')).toEqual(['spec.ingress[0].fromEndpoints[0]']);
    expect(found(rule, cilium(list, 'CiliumClusterwideNetworkPolicy'), 'cilium')).toEqual([]);
    expect(found(rule, cilium(list.replace('app: agent', 'app: web')), 'cilium')).toEqual([]);
  });
});
