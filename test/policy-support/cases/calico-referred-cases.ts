/** What is tried of the kinds that Calico's policies refer to: tiers and network sets. */

import type { SupportCase, SupportedKind } from '../support-case.ts';
import { endAddresses } from '../support-world.ts';

const apiVersion = 'projectcalico.org/v3';
const { ext, far } = endAddresses;

function policy(name: string, spec: string): string {
  return `apiVersion: ${apiVersion}
kind: NetworkPolicy
metadata: { name: ${name}, namespace: shop }
spec: { selector: 'app == "server"', ${spec} }`;
}

const allowTcp = 'ingress: [{ action: Allow, protocol: TCP }]';
const denyAll = 'ingress: [{ action: Deny }]';

const tierCases: readonly SupportCase[] = [
  {
    feature: 'order: smaller ones first',
    spec: 'order: 10',
    others: `${policy('early', `tier: tried, ${allowTcp}`)}\n---\n${policy('late', denyAll)}`,
    allowed: ['a > server tcp 80'],
    denied: ['a > server udp 80'],
  },
  {
    feature: 'order by default: that of the default tier, by name behind it',
    spec: 'defaultAction: Deny',
    others: `${policy('behind', `tier: tried, ingress: [{ action: Allow }]`)}\n---\n${policy('before', allowTcp)}`,
    allowed: ['a > server tcp 80'],
    denied: ['a > server udp 80'],
  },
  {
    feature: 'defaultAction: Pass',
    spec: 'order: 10\ndefaultAction: Pass',
    others: `${policy('early', 'tier: tried, ingress: [{ action: Deny, protocol: UDP }]')}\n---\n${policy('late', allowTcp)}`,
    allowed: ['a > server tcp 80'],
    denied: ['a > server udp 80', 'a > server icmp'],
  },
  {
    feature: 'defaultAction: Deny',
    spec: 'order: 10\ndefaultAction: Deny',
    others: `${policy('early', 'tier: tried, ingress: [{ action: Pass, protocol: TCP }]')}\n---\n${policy('late', 'ingress: [{ action: Allow }]')}`,
    allowed: ['a > server tcp 80'],
    denied: ['a > server udp 80'],
  },
];

/** Network sets, as selectors of rules find them. */
function setCases(namespaceSelector: string): readonly SupportCase[] {
  const rule = (action: string, more = ''): string =>
    `{ action: ${action}, source: { selector: 'role == "partner"'${namespaceSelector}${more} } }`;
  const labelled = 'labels: { role: partner }';
  return [
    {
      feature: 'nets: found by labels, of a rule that allows',
      metadata: labelled,
      spec: `nets: ["${ext[4]}/32", "2001:db8::/64"]`,
      others: policy('allow', `ingress: [${rule('Allow')}]`),
      allowed: ['ext > server tcp 80'],
      denied: ['far > server tcp 80', 'a > server tcp 80'],
    },
    {
      feature: 'nets: found by labels, of a rule that denies',
      metadata: labelled,
      spec: `nets: ["${far[4]}/32"]`,
      others: policy('deny', `ingress: [${rule('Deny')}, { action: Allow }]`),
      allowed: ['ext > server tcp 80', 'a > server tcp 80', 'far > server tcp 80 [6]'],
      denied: ['far > server tcp 80 [4]'],
    },
    {
      feature: 'nets: single addresses, and blocks with bits behind their prefix',
      metadata: labelled,
      spec: `nets: ["${ext[4]}", "203.0.113.77/26"]`,
      others: policy('allow', `ingress: [${rule('Allow')}]`),
      allowed: ['ext > server tcp 80 [4]', 'far > server tcp 80 [4]'],
      denied: ['a > server tcp 80', 'far > server tcp 80 [6]'],
    },
  ];
}

const calico = { apiVersion, engine: 'calico' } as const;

/** Kinds that are nothing without a policy that refers to them. */
export const calicoReferredCases: readonly SupportedKind[] = [
  { ...calico, kind: 'Tier', isNamespaced: false, cases: tierCases },
  { ...calico, kind: 'NetworkSet', isNamespaced: true, cases: setCases('') },
  { ...calico, kind: 'GlobalNetworkSet', isNamespaced: false, cases: setCases(', namespaceSelector: global()') },
];
