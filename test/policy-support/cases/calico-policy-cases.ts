/** What is tried of Calico's policies, enforced and staged. */
import type { SupportCase, SupportedKind } from '../support-case.ts';
import { calicoFamilyCases, hostEndpoint } from './calico-host-cases.ts';
import { calicoRuleCases } from './calico-rule-cases.ts';

const apiVersion = 'projectcalico.org/v3';
const server = `selector: 'app == "server"'`;
const allowTcp = 'ingress: [{ action: Allow, protocol: TCP }]';
const denyAll = 'ingress: [{ action: Deny }]';

/** Another policy of the same kind, and perhaps the tier that it is in. */
function other(kind: string, name: string, spec: string): string {
  const namespace = kind.startsWith('Global') ? '' : ', namespace: shop';
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}${namespace} }\nspec: { ${server}, ${spec} }`;
}

const tier = (name: string, spec: string): string =>
  `apiVersion: ${apiVersion}\nkind: Tier\nmetadata: { name: ${name} }\nspec: { ${spec} }`;

const selectorCases: readonly SupportCase[] = [
  ['==, &&, has()', 'app == "server" && has(level)'],
  ['!=, not in, !has()', 'app != "a" && level not in { "front", "middle" } && !has(absent) && has(level)'],
  ['in, ||, ()', '(app in { "server", "x" } || app == "y") && level == "back"'],
  ['contains, starts with, ends with', 'app contains "erve" && app starts with "ser" && level ends with "ck"'],
].map(([feature = '', selector = '']) => ({
  feature: `selector: ${feature}`,
  spec: `selector: '${selector}'\n${allowTcp}`,
  allowed: ['a > server tcp 80', 'server > a udp 80'],
  denied: ['a > server udp 80'],
}));

/** What policies of namespaces and of the cluster have in common. */
function policyCases(kind: 'NetworkPolicy' | 'GlobalNetworkPolicy'): readonly SupportCase[] {
  return [
    ...selectorCases,
    {
      feature: 'serviceAccountSelector',
      spec: `serviceAccountSelector: 'duty == "store"'\n${allowTcp}`,
      allowed: ['a > server tcp 80', 'server > a udp 80'],
      denied: ['a > server udp 80'],
    },
    {
      feature: 'types: Ingress without rules',
      spec: `${server}\ntypes: [Ingress]`,
      allowed: ['server > a tcp 80'],
      denied: ['a > server tcp 80'],
    },
    {
      feature: 'types: Egress without rules',
      spec: `${server}\ntypes: [Egress]`,
      allowed: ['a > server tcp 80'],
      denied: ['server > a tcp 80', 'server > ext tcp 80'],
    },
    {
      feature: 'types by default: the directions that have rules',
      spec: `${server}\negress: [{ action: Allow, protocol: TCP }]`,
      allowed: ['a > server udp 80', 'server > a tcp 80'],
      denied: ['server > a udp 80'],
    },
    {
      feature: 'order: smaller ones first, none last',
      spec: `${server}\norder: 2\n${denyAll}`,
      others: `${other(kind, 'first', `order: 1, ${allowTcp}`)}\n---\n${other(kind, 'last', 'ingress: [{ action: Allow }]')}`,
      allowed: ['a > server tcp 80'],
      denied: ['a > server udp 80'],
    },
    {
      feature: 'tier: before the default tier; its end denies',
      spec: `${server}\ntier: early\n${allowTcp}`,
      others: `${tier('early', 'order: 10')}\n---\n${other(kind, 'late', denyAll)}`,
      allowed: ['a > server tcp 80'],
      denied: ['a > server udp 80'],
    },
    {
      feature: 'performanceHints, which mean nothing',
      spec: `${server}\nperformanceHints: [AssumeNeededOnEveryNode]\n${allowTcp}`,
      allowed: ['a > server tcp 80'],
      denied: ['a > server udp 80'],
    },
  ];
}

const globalCases: readonly SupportCase[] = [
  {
    feature: 'namespaceSelector',
    spec: `namespaceSelector: 'team == "blue"'\n${allowTcp}`,
    allowed: ['a > c tcp 80', 'a > server udp 80'],
    denied: ['a > c udp 80'],
  },
  {
    feature: 'applyOnForward; pods are meant as without it',
    spec: `${server}\napplyOnForward: true\n${allowTcp}`,
    allowed: ['a > server tcp 80'],
    denied: ['a > server udp 80'],
  },
  ...calicoFamilyCases,
];

const calico = { apiVersion, engine: 'calico' } as const;

/** A policy that is staged beside one that is enforced; one that is staged for deletion says nothing else. */
function stagedCases(spec: string): readonly SupportCase[] {
  return ['Set', 'Learn', 'Ignore', 'Delete'].map((action) => ({
    feature: `stagedAction: ${action}`,
    spec: `stagedAction: ${action}${action === 'Delete' ? '' : `\n${spec}`}`,
    others: other('NetworkPolicy', 'enforced', allowTcp),
    allowed: ['a > server tcp 80'],
    denied: ['a > server udp 80'],
  }));
}

const stagedRules = stagedCases(`${server}\n${denyAll}`);

/** Of the policies that have Calico's rules: as a whole, whatever it says. */
function everythingStaged(isGlobal: boolean): readonly SupportCase[] {
  const ends = (field: string): string =>
    `{ ${['nets', 'notNets'].map((name) => `${name}: [203.0.113.0/28]`).join(', ')}, selector: has(app), notSelector: has(x), namespaceSelector: all(), ${field} }`;
  const flags = isGlobal ? '\nnamespaceSelector: \'team == "red"\'\napplyOnForward: true' : '';
  return [
    {
      feature: 'every field of a policy: none of it is enforced',
      spec: `${server}${flags}
tier: default
order: 1
serviceAccountSelector: has(duty)
types: [Ingress, Egress]
performanceHints: [AssumeNeededOnEveryNode]
ingress:
  - { action: Deny, ipVersion: 4, protocol: TCP, source: ${ends('ports: ["1000:1999"], notPorts: [81]')}, metadata: { annotations: { a: b } } }
  - { action: Log, notProtocol: UDP }
  - { action: Deny, protocol: ICMP, icmp: { type: 8, code: 0 }, notICMP: { type: 3, code: 1 } }
  - { action: Deny, source: { services: { name: web, namespace: shop } } }
  - { action: Pass, source: { serviceAccounts: { names: [till], selector: has(duty) } } }
egress:
  - { action: Deny, protocol: TCP, destination: ${ends('ports: [80, web], notPorts: [81]')} }
  - { action: Deny, destination: { services: { name: web, namespace: shop } } }
  - { action: Deny, destination: { serviceAccounts: { names: [till], selector: has(duty) } } }`,
      others: other('NetworkPolicy', 'enforced', allowTcp),
      allowed: ['a > server tcp 80', 'server > ext tcp 80', 'server > a icmp'],
      denied: ['a > server udp 80'],
    },
    {
      feature: 'http: refused, and not enforced either way',
      spec: `${server}\ningress: [{ action: Allow, protocol: TCP, http: { methods: [GET], paths: [{ exact: /a }, { prefix: /b }] } }]`,
      others: other('NetworkPolicy', 'enforced', allowTcp),
      allowed: ['a > server tcp 80'],
      denied: ['a > server udp 80'],
      isRefused: true,
    },
    ...(isGlobal ? ['preDNAT', 'doNotTrack'] : []).map(
      (flag): SupportCase => ({
        feature: `${flag}: about host endpoints, and not enforced either`,
        spec: `selector: 'role == "host"'\n${flag}: true\napplyOnForward: true\n${denyAll}`,
        others: `${other('NetworkPolicy', 'enforced', allowTcp)}\n---\n${hostEndpoint('interfaceName: eth0, profiles: [projectcalico-default-allow]')}`,
        allowed: ['a > server tcp 80', 'ext > n1 tcp 80'],
        denied: ['a > server udp 80'],
      }),
    ),
  ];
}

const stagedKubernetes = `podSelector: { matchLabels: { level: back }, matchExpressions: [{ key: app, operator: In, values: [server] }] }
policyTypes: [Ingress, Egress]
ingress:
  - from: [{ podSelector: {}, namespaceSelector: {} }, { ipBlock: { cidr: 203.0.113.0/24, except: [203.0.113.64/26] } }]
    ports: [{ protocol: UDP, port: 80, endPort: 81 }]
egress: [{ to: [{ podSelector: {}, namespaceSelector: {} }, { ipBlock: { cidr: 203.0.113.0/24, except: [203.0.113.64/26] } }], ports: [{ port: 80 }] }]`;

/** Policies that are enforced. */
export const calicoPolicyCases: readonly SupportedKind[] = [
  { ...calico, kind: 'NetworkPolicy', isNamespaced: true, cases: [...policyCases('NetworkPolicy'), ...calicoRuleCases] },
  {
    ...calico,
    kind: 'GlobalNetworkPolicy',
    isNamespaced: false,
    cases: [...policyCases('GlobalNetworkPolicy'), ...globalCases, ...calicoRuleCases],
  },
];

const stagedAbout = 'Packets never obey it; what it would change is told by `weir staged report`.';

/** Policies that are computed and never enforced. */
export const calicoStagedCases: readonly SupportedKind[] = [
  { ...calico, kind: 'StagedNetworkPolicy', isNamespaced: true, about: stagedAbout, cases: [...stagedRules, ...everythingStaged(false)] },
  {
    ...calico,
    kind: 'StagedGlobalNetworkPolicy',
    isNamespaced: false,
    about: stagedAbout,
    cases: [...stagedRules, ...everythingStaged(true)],
  },
  {
    ...calico,
    kind: 'StagedKubernetesNetworkPolicy',
    isNamespaced: true,
    about: stagedAbout,
    cases: stagedCases(stagedKubernetes),
  },
];
