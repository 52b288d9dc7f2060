/** The same mistakes in the words of every policy API, at their places. */
import type { EngineName } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { lintText } from './lint-text.ts';

const pods = `apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { team: shop } }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { containers: [{ name: c, image: web, ports: [{ name: http, containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: db, namespace: shop, labels: { app: db } }
spec: { containers: [{ name: c, image: db, ports: [{ containerPort: 5432 }] }] }
---
`;

interface Case {
  readonly api: string;
  readonly text: string;
  readonly profile?: EngineName;
  /** `rule field`, each with what is near. */
  readonly found: readonly string[];
}

const cases: readonly Case[] = [
  {
    api: 'NetworkPolicy',
    text: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: p, namespace: shop }
spec:
  podSelector: { matchLabels: { app: wbe } }
  ingress:
    - from:
        - podSelector: { matchExpressions: [{ key: app, operator: In, values: [web, db] }] }
        - podSelector: { matchLabels: { ap: db } }
`,
    found: [
      'selects-nothing spec.podSelector: did you mean app=web?',
      'dangling-selector spec.ingress[0].from[1]: did you mean the label app?',
    ],
  },
  {
    api: 'ClusterNetworkPolicy',
    text: `apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: p }
spec:
  tier: Admin
  priority: 10
  subject: { pods: { namespaceSelector: { matchLabels: { team: shop } }, podSelector: { matchLabels: { app: web } } } }
  ingress:
    - action: Accept
      from:
        - pods: { namespaceSelector: { matchLabels: { team: shop } }, podSelector: { matchLabels: { app: bd } } }
        - namespaces: { matchLabels: { team: shpo } }
`,
    found: [
      'dangling-selector spec.ingress[0].from[0]: did you mean app=db?',
      'unknown-namespace spec.ingress[0].from[1]: did you mean team=shop?',
    ],
  },
  {
    api: 'Calico',
    text: `apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: p, namespace: shop }
spec:
  selector: app == 'web'
  types: [Ingress]
  ingress:
    - action: Allow
      protocol: TCP
      source: { selector: app == 'dbb' }
      destination: { ports: [http, htpt] }
    - action: Allow
      source: { nets: [10.0.0.0/8] }
`,
    found: ['dangling-selector spec.ingress[0]: did you mean app=db?', 'unknown-port-name spec.ingress[0]: did you mean http?'],
  },
  {
    api: 'Cilium',
    profile: 'cilium',
    text: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: p, namespace: shop }
specs:
  - endpointSelector: { matchLabels: { app: web } }
    ingress:
      - fromEndpoints:
          - matchLabels: { app: db }
          - matchLabels: { app: db }
          - matchLabels: { k8s:app: dbb }
        toPorts: [{ ports: [{ port: "5432", protocol: TCP }] }]
    egress:
      - toEndpoints: [{ matchLabels: { app: db } }]
        toPorts: [{ ports: [{ port: "5432", protocol: TCP }] }]
`,
    found: [
      'duplicate-entry specs[0].ingress[0].fromEndpoints[1]: remove one of the two',
      'dangling-selector specs[0].ingress[0].fromEndpoints[2]: did you mean app=db?',
      'egress-without-dns : allow UDP and TCP 53 to the pods of the DNS, most often k8s-app=kube-dns in namespace kube-system',
      'unserved-port specs[0].ingress[0]: correct the port, or declare it in the containers',
    ],
  },
];

/** What all policies come to together, and what none of them is about, has tests of its own. */
const ofAll: ReadonlySet<string> = new Set([
  'redundant-rule',
  'redundant-policy',
  'one-sided-allowance',
  'unreachable-rule',
  'shadowed-rule',
  'unprotected-pod',
  'namespace-without-policy',
]);

describe('a mistake', () => {
  for (const { api, text, profile, found } of cases) {
    it(`is found in a policy of ${api}, at its place`, () => {
      const findings = lintText(pods + text, profile === undefined ? {} : { profile }).filter(({ rule }) => !ofAll.has(rule));
      expect(findings.map(({ rule, field = '', action }) => `${rule} ${field}: ${action}`).sort()).toEqual([...found].sort());
      const first = pods.split('\n').length;
      for (const { place } of findings) expect(place?.line).toBeGreaterThanOrEqual(first);
    });
  }
});

describe('what is not there', () => {
  const outward = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: p, namespace: shop }
spec:
  podSelector: { matchLabels: { app: later } }
  ingress:
    - from:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ingress-nginx } }
        - namespaceSelector: { matchLabels: { purpose: monitoring } }
          podSelector: { matchLabels: { app: prometheus } }
`;
  const rules = (text: string, isComplete: boolean): readonly string[] => lintText(text, { isComplete }).map(({ rule }) => rule);

  it('may be elsewhere as long as the objects are not all of a cluster', () => {
    expect(rules(outward, false)).toEqual([]);
  });

  it('is missing in a cluster of which everything is known', () => {
    expect(rules(outward, true)).toEqual(['selects-nothing', 'unknown-namespace', 'unknown-namespace']);
  });

  it('may be in a namespace that is not there, where a selector means all of them, unless it is a typo', () => {
    const cluster = (selector: string): string => `apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: p }
spec:
  namespaceSelector: team == 'shop'
  types: [Egress]
  egress: [{ action: Allow, protocol: UDP, destination: { selector: ${selector}, ports: [53] } }]
`;
    const found = (selector: string): readonly string[] =>
      lintText(pods + cluster(selector), { onlyRules: ['dangling-selector'] }).map(({ message }) => message);
    expect(found("k8s-app == 'kube-dns'")).toEqual([]);
    expect(found("app == 'dbb'")).toEqual(['this peer is nobody: no pod has the label app=dbb']);
  });

  it('counts as there where the labels of a namespace are not known', () => {
    const namespaced = pods.slice(pods.indexOf('---\n') + 4);
    const text = `${namespaced}apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: p, namespace: bank }
spec:
  podSelector: {}
  ingress:
    - from:
        - namespaceSelector: { matchLabels: { team: shop } }
          podSelector: { matchLabels: { app: web } }
`;
    expect(lintText(text).filter(({ rule }) => rule === 'unknown-namespace' || rule === 'dangling-selector')).toEqual([]);
  });
});

describe('a selector of another namespace', () => {
  const dns = `apiVersion: v1
kind: Pod
metadata: { name: coredns, namespace: kube-system, labels: { k8s-app: kube-dns } }
spec: { containers: [{ name: c, image: dns, ports: [{ containerPort: 53, protocol: UDP }] }] }
---
`;
  const advice = (text: string, profile: EngineName): readonly string[] =>
    lintText(pods + dns + text, { profile, onlyRules: ['dangling-selector', 'selects-nothing'] }).map(({ action }) => action);

  it.each<[EngineName, string]>([
    [
      'kubernetes',
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: p, namespace: shop }\nspec: { podSelector: {}, policyTypes: [Egress], egress: [{ to: [{ podSelector: { matchLabels: { k8s-app: kube-dns } } }] }] }\n',
    ],
    [
      'cilium',
      'apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: { name: p, namespace: shop }\nspec: { endpointSelector: {}, egress: [{ toEndpoints: [{ matchLabels: { k8s-app: kube-dns } }] }] }\n',
    ],
    [
      'calico',
      'apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: { name: p, namespace: shop }\nspec: { types: [Egress], egress: [{ action: Allow, destination: { selector: k8s-app == "kube-dns" } }] }\n',
    ],
  ])('is told where its pods are (%s)', (profile, text) => {
    expect(advice(text, profile)).toEqual([
      "select namespace kube-system too: without it a selector means pods of the policy's own namespace",
    ]);
  });

  it('is told where to put a policy that selects its pods', () => {
    const text =
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: p, namespace: shop }\nspec: { podSelector: { matchLabels: { k8s-app: kube-dns } } }\n';
    expect(advice(text, 'kubernetes')).toEqual(['put the policy into namespace kube-system, or correct the selector']);
  });
});
