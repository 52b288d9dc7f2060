/** Fixes and ignores in the words of every policy API: one place changes, and what is around it stays. */
import { parseManifest } from '@weir/kube';
import { type EngineName, engineProfiles } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { applyFixes, type LintReport, lint } from '../src/index.ts';

const world = `apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { team: shop } }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { containers: [{ name: c, image: web, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: db, namespace: shop, labels: { app: db } }
spec: { containers: [{ name: c, image: db }] }
---
`;

function report(text: string, profile: EngineName): LintReport {
  const { documents, diagnostics } = parseManifest(text, 'p.yaml');
  return lint({ objects: documents, diagnostics, texts: new Map([['p.yaml', text]]) }, { profile: engineProfiles[profile] });
}

interface Case {
  readonly api: string;
  readonly profile: EngineName;
  readonly rule: string;
  readonly text: string;
  /** What of the text becomes what. */
  readonly change: readonly [string, string];
}

const cases: readonly Case[] = [
  {
    api: 'Cilium',
    profile: 'cilium',
    rule: 'dangling-selector',
    text: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: p, namespace: shop }   # ours
specs:
  - endpointSelector: { matchLabels: { app: web } }
    ingress:
      # the store
      - fromEndpoints:
          - matchLabels:
              "k8s:app":   'dbb'  # mistyped
`,
    change: ["'dbb'", "'db'"],
  },
  {
    api: 'Cilium, for DNS over TCP',
    profile: 'cilium',
    rule: 'dns-without-tcp',
    text: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: p, namespace: shop }
spec:
  endpointSelector: {}
  egress:
    - toEndpoints: [{ matchLabels: { k8s:io.kubernetes.pod.namespace: kube-system, k8s-app: kube-dns } }]
      toPorts:
        - ports:
            - port: "53"   # names
              protocol: UDP
`,
    change: ['              protocol: UDP\n', '              protocol: UDP\n            - port: "53"\n              protocol: TCP\n'],
  },
  {
    api: 'Calico',
    profile: 'calico',
    rule: 'dangling-selector',
    text: `apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: p, namespace: shop }
spec:
  selector: app == 'web'
  types: [Ingress]
  ingress:
    - action: Allow   # the store
      source: { selector: app == 'dbb' && !has(old) }
`,
    change: [`selector: app == 'dbb' && !has(old)`, `selector: "app == 'db' && !has(old)"`],
  },
  {
    api: 'Calico, for types',
    profile: 'calico',
    rule: 'unenforced-rules',
    text: `apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: p }
spec:
  namespaceSelector: team == 'shop'
  types:
    - Ingress   # who comes
  ingress: [{ action: Allow }]
  egress: [{ action: Deny, destination: { nets: [169.254.169.254/32] } }]
`,
    change: ['# who comes\n', '# who comes\n    - Egress\n'],
  },
  {
    api: 'ClusterNetworkPolicy',
    profile: 'kubernetes',
    rule: 'dangling-selector',
    text: `apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: p }
spec:
  tier: Admin
  priority: 10
  subject: { namespaces: { matchLabels: { team: shop } } }
  ingress:
    - action: Deny
      from:
        - pods: { namespaceSelector: { matchLabels: { team: shop } }, podSelector: { matchExpressions: [{ key: app, operator: In, values: [dbb] }] } }  # x
`,
    change: ['[dbb]', '[db]'],
  },
  {
    api: 'Cilium, for the port of a service',
    profile: 'cilium',
    rule: 'service-port',
    text: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: p, namespace: shop }
spec:
  endpointSelector: { matchLabels: { app: web } }
  ingress:
    - fromEndpoints: [{}]
      toPorts: [{ ports: [{ port: '80', protocol: TCP }] }] # in
`,
    change: ["'80'", "'8080'"],
  },
  {
    api: 'Calico, for the port of a service',
    profile: 'calico',
    rule: 'service-port',
    text: `apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: p, namespace: shop }
spec:
  selector: app == 'web'
  types: [Ingress]
  ingress:
    - { action: Allow, protocol: TCP, destination: { ports: [80, '9000:9010'] } } # in
`,
    change: ['[80,', '[8080,'],
  },
  {
    api: 'AdminNetworkPolicy, for the port of a service',
    profile: 'kubernetes',
    rule: 'service-port',
    text: `apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: { name: p }
spec:
  priority: 10
  subject: { pods: { namespaceSelector: { matchLabels: { team: shop } }, podSelector: { matchLabels: { app: web } } } }
  ingress:
    - name: in
      action: Deny
      from: [{ namespaces: {} }]
      ports:
        - portNumber: { protocol: TCP, port: 80 } # in
`,
    change: ['port: 80 }', 'port: 8080 }'],
  },
  {
    api: 'AdminNetworkPolicy',
    profile: 'kubernetes',
    rule: 'selects-nothing',
    text: `apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: { name: p }
spec:
  priority: 10
  subject:
    pods:
      namespaceSelector: { matchLabels: { team: shop } }
      podSelector: { matchLabels: { app: wbe } }  # front
  ingress:
    - { name: in, action: Deny, from: [{ namespaces: {} }] }
`,
    change: ['app: wbe', 'app: web'],
  },
];

describe('a finding', () => {
  for (const { api, profile, rule, text, change } of cases) {
    it(`has a fix of its one place in a policy of ${api}`, () => {
      const all = report(world + text, profile).findings;
      const found = all.filter((finding) => finding.rule === rule);
      expect(found).toHaveLength(1);
      const { texts } = applyFixes(new Map([['p.yaml', world + text]]), found, 'all');
      expect(texts.get('p.yaml')).toBe(world + text.replace(...change));
      expect(report(texts.get('p.yaml') ?? '', profile).findings.filter((finding) => finding.rule === rule)).toEqual([]);
    });

    it(`is ignored with a reason by a comment in a policy of ${api}`, () => {
      const ignored = `# weir-lint-ignore ${rule}: it is meant\n${text}`;
      const found = report(world + ignored, profile).findings.filter((finding) => finding.rule === rule);
      expect(found.map(({ ignored: by }) => by?.reason)).toEqual(['it is meant']);
    });
  }

  it('has no fix where two places could be meant, or where a selector asks in another way', () => {
    const policy = (selector: string): string => `apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: p, namespace: shop }
spec:
  selector: app == 'web'
  types: [Ingress]
  ingress:
    - action: Allow
      source: { selector: "${selector}" }
`;
    for (const selector of ["app == 'dbb' || app == 'dbb'", "app in { 'dbb' }"]) {
      const fixes = report(world + policy(selector), 'calico').findings.flatMap(({ fix }) => fix ?? []);
      expect(fixes).toEqual([]);
    }
  });
});
