/** What is tried of Calico's policies, enforced and staged. */
import type { SupportCase, SupportedKind } from '../support-case.ts';
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
  {
    feature: 'preDNAT',
    spec: `${server}\npreDNAT: true\napplyOnForward: true\n${allowTcp}`,
    allowed: ['server > a tcp 80'],
    denied: ['a > server tcp 80', 'a > server udp 80'],
    isRefused: true,
  },
  {
    feature: 'doNotTrack',
    spec: `${server}\ndoNotTrack: true\napplyOnForward: true\n${allowTcp}`,
    allowed: ['server > a tcp 80'],
    denied: ['a > server tcp 80', 'a > server udp 80'],
    isRefused: true,
  },
];

const calico = { apiVersion, engine: 'calico' } as const;

const stagedActions: readonly SupportCase[] = ['Set', 'Learn', 'Ignore', 'Delete'].map((action) => ({
  feature: `stagedAction: ${action}`,
  spec: action === 'Delete' ? 'stagedAction: Delete' : `stagedAction: ${action}\n${server}\n${denyAll}`,
  others: other('NetworkPolicy', 'enforced', allowTcp),
  allowed: ['a > server tcp 80'],
  denied: ['a > server udp 80'],
}));

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
  { ...calico, kind: 'StagedNetworkPolicy', isNamespaced: true, about: stagedAbout, cases: stagedActions },
  { ...calico, kind: 'StagedGlobalNetworkPolicy', isNamespaced: false, about: stagedAbout, cases: stagedActions },
  {
    ...calico,
    kind: 'StagedKubernetesNetworkPolicy',
    isNamespaced: true,
    about: stagedAbout,
    cases: stagedActions.map((each) => ({
      ...each,
      spec: each.spec.includes('Delete')
        ? each.spec
        : `${each.spec.split('\n')[0] ?? ''}\npodSelector: { matchLabels: { app: server } }\npolicyTypes: [Ingress]`,
    })),
  },
];
