/** Whether pods whose egress is restricted can ask for names. */
import { describe, expect, it } from 'vitest';
import { type LintTextOptions, lintText } from './lint-text.ts';

const pods = `apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { containers: [{ name: c, image: web }] }
---
apiVersion: v1
kind: Pod
metadata: { name: db, namespace: shop, labels: { app: db } }
spec: { containers: [{ name: c, image: db }] }
---
`;

const dnsPod = `apiVersion: v1
kind: Namespace
metadata: { name: kube-system }
---
apiVersion: v1
kind: Pod
metadata: { name: coredns, namespace: kube-system, labels: { k8s-app: kube-dns } }
spec: { containers: [{ name: c, image: dns, ports: [{ name: dns, containerPort: 53, protocol: UDP }, { name: dns-tcp, containerPort: 53 }] }] }
status: { podIP: 10.0.0.53 }
---
`;

const policy = (egress: string, subject = '{ matchLabels: { app: web } }', name = 'p'): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: shop }
spec:
  podSelector: ${subject}
  policyTypes: [Egress]
  egress: ${egress}
---
`;

const dnsRules: ReadonlySet<string> = new Set(['egress-without-dns', 'dns-without-tcp']);
const found = (text: string, options: LintTextOptions = {}): readonly string[] =>
  lintText(text, options).flatMap(({ rule, object = '' }) => (dnsRules.has(rule) ? [`${rule} ${object}`] : []));

const toDb = '{ to: [{ podSelector: { matchLabels: { app: db } } }] }';
const both = 'ports: [{ port: 53, protocol: UDP }, { port: 53 }]';

describe('pods whose egress is restricted', () => {
  it('have no DNS when nothing allows it', () => {
    expect(found(pods + policy(`[${toDb}]`))).toEqual(['egress-without-dns NetworkPolicy shop/p']);
    expect(found(pods + dnsPod + policy(`[${toDb}]`))).toEqual(['egress-without-dns NetworkPolicy shop/p']);
  });

  it('have it through another policy', () => {
    expect(found(pods + policy(`[${toDb}]`) + policy(`[{ ${both} }]`, '{}', 'dns'))).toEqual([]);
  });

  it('have it through a rule for everything, for all pods of all namespaces, for all addresses, or for the named port', () => {
    const named = '{ to: [{ namespaceSelector: {} }], ports: [{ port: dns, protocol: UDP }, { port: dns-tcp }] }';
    for (const egress of ['[{}]', '[{ to: [{ namespaceSelector: {} }] }]', '[{ to: [{ ipBlock: { cidr: 0.0.0.0/0 } }] }]', `[${named}]`]) {
      expect(found(pods + policy(egress))).toEqual([]);
      expect(found(pods + dnsPod + policy(egress))).toEqual([]);
    }
  });

  it('have none through a block with Cilium, where blocks mean no pods', () => {
    const egress = '[{ to: [{ ipBlock: { cidr: 0.0.0.0/0 } }] }]';
    expect(found(pods + dnsPod + policy(egress), { profile: 'cilium' })).toEqual(['egress-without-dns NetworkPolicy shop/p']);
  });

  it('may have it where the DNS has other labels than most, as long as it is not among the objects', () => {
    const egress = `[${toDb}, { to: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: my-dns } } }], ${both} }]`;
    expect(found(pods + policy(egress))).toEqual([]);
    expect(found(pods + dnsPod + policy(egress))).toEqual(['egress-without-dns NetworkPolicy shop/p']);
  });

  it('have it from the cache of their node', () => {
    expect(found(pods + dnsPod + policy(`[${toDb}, { to: [{ ipBlock: { cidr: 169.254.20.10/32 } }], ${both} }]`))).toEqual([]);
  });

  it('need TCP too', () => {
    const udp = '{ to: [{ namespaceSelector: {} }], ports: [{ port: 53, protocol: UDP }] }';
    expect(found(pods + policy(`[${toDb}, ${udp}]`))).toEqual(['dns-without-tcp NetworkPolicy shop/p']);
  });

  it('need none where they may reach nothing, or ask the servers of their node', () => {
    expect(found(pods + policy('[]'))).toEqual([]);
    expect(
      found(
        pods.replace('spec: { containers: [{ name: c, image: web', 'spec: { dnsPolicy: Default, containers: [{ name: c, image: web') +
          policy(`[${toDb}]`),
      ),
    ).toEqual([]);
  });

  it('have none where a rule of administrators or of Cilium denies it, and that policy is blamed', () => {
    const administrators = (kind: string, more: string, allowing: string): string => `apiVersion: policy.networking.k8s.io/${more}
kind: ${kind}
metadata: { name: admins }
spec:
  subject: { pods: { namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: shop } }, podSelector: { matchLabels: { app: web } } } }
  priority: 10
${kind === 'ClusterNetworkPolicy' ? '  tier: Admin\n' : ''}  egress:
    - action: ${allowing}
      to: [{ pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: db } } } }]
    - action: Deny
      to: [{ namespaces: {} }]
`;
    const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n---\n';
    const cluster = namespace + pods + dnsPod;
    const accept = administrators('ClusterNetworkPolicy', 'v1alpha2', 'Accept');
    expect(found(cluster + accept)).toEqual(['egress-without-dns ClusterNetworkPolicy admins']);
    expect(found(cluster + administrators('AdminNetworkPolicy', 'v1alpha1', 'Allow'))).toEqual([
      'egress-without-dns AdminNetworkPolicy admins',
    ]);
    // What is denied has to be the DNS.
    expect(found(cluster + accept.replace('namespaces: {}', 'networks: [169.254.169.254/32]'))).toEqual([]);
    // Administrators isolate nobody: without a rule that allows all the rest can be reached, unless that is denied as well.
    const denying = accept.replace(/ {4}- action: Accept\n.*\n/, '');
    expect(denying).not.toContain('Accept');
    expect(found(cluster + denying)).toEqual(['egress-without-dns ClusterNetworkPolicy admins']);
    expect(found(cluster + denying.replace('namespaces: {}', 'networks: [10.0.0.0/8]'))).toEqual([
      'egress-without-dns ClusterNetworkPolicy admins',
    ]);
    expect(found(cluster + denying.replace('namespaces: {}', 'networks: [0.0.0.0/0, "::/0"]'))).toEqual([]);
    const cilium = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: p, namespace: shop }
spec:
  endpointSelector: { matchLabels: { app: web } }
  egress: [{ toEntities: [all] }]
  egressDeny: [{ toEndpoints: [{ matchLabels: { k8s:io.kubernetes.pod.namespace: kube-system } }] }]
`;
    expect(found(cluster + cilium, { profile: 'cilium' })).toEqual(['egress-without-dns CiliumNetworkPolicy shop/p']);
  });

  it('blame the policy that stands for most of them', () => {
    const text = pods + policy(`[${toDb}]`, '{}', 'all') + policy(`[${toDb}]`, '{ matchLabels: { app: web } }', 'one');
    expect(found(text)).toEqual(['egress-without-dns NetworkPolicy shop/all']);
  });
});
