/**
 * AdminNetworkPolicies and BaselineAdminNetworkPolicies into the form that the kinds of administrators have in common.
 *
 * They share their tiers with ClusterNetworkPolicies. The baseline, which has no priority, comes behind those of them.
 */
import type { KubeObject } from '@weir/kube';
import { defined } from '@weir/net';
import type {
  AdministratorPolicy,
  AdministratorPolicyKind,
  AdministratorPorts,
  AdministratorRule,
} from '../cluster-network-policy/administrator-policy.ts';
import { administratorGroup } from '../cluster-network-policy/cluster-network-policy.ts';
import type { AdminNetworkPolicy, AdminNetworkPolicyPort, AdminNetworkPolicyRule } from './admin-network-policy.ts';
import { adminNetworkPolicyDefinition, baselineAdminNetworkPolicyDefinition } from './admin-network-policy-definitions.ts';

const common = { allowing: 'Allow', portsField: 'ports' } as const;
const commonKind = { group: administratorGroup, versions: ['v1alpha1'], namespaced: false, condition: 'Accepted' } as const;

/** How AdminNetworkPolicies are read. */
export const adminNetworkPolicyKind: AdministratorPolicyKind = {
  ...common,
  policyKind: { ...commonKind, kind: 'AdminNetworkPolicy', plural: 'adminnetworkpolicies' },
  definition: adminNetworkPolicyDefinition,
  tier: 'Admin',
  read: (object) => read(object, 'Admin'),
};

/** How the BaselineAdminNetworkPolicy is read. */
export const baselineAdminNetworkPolicyKind: AdministratorPolicyKind = {
  ...common,
  policyKind: { ...commonKind, kind: 'BaselineAdminNetworkPolicy', plural: 'baselineadminnetworkpolicies' },
  definition: baselineAdminNetworkPolicyDefinition,
  tier: 'Baseline',
  read: (object) => read(object, 'Baseline'),
};

const actions = { Allow: 'allow', Deny: 'deny', Pass: 'pass' } as const;

function read(object: KubeObject, tier: 'Admin' | 'Baseline'): AdministratorPolicy {
  const { priority = Number.POSITIVE_INFINITY, subject, ingress = [], egress = [] } = (object as AdminNetworkPolicy).spec;
  return { tier, order: priority, subject, ingress: ingress.map(readRule), egress: egress.map(readRule) };
}

function readRule({ action, from, to, ports }: AdminNetworkPolicyRule): AdministratorRule {
  const selected = ports?.map(readPort);
  return { action: actions[action], peers: from ?? to ?? [], ...(selected === undefined ? {} : { ports: selected }) };
}

function readPort({ namedPort, portNumber, portRange }: AdminNetworkPolicyPort): AdministratorPorts {
  if (namedPort !== undefined) return { name: namedPort };
  if (portRange !== undefined) return { protocol: portRange.protocol, range: { first: portRange.start, last: portRange.end } };
  const { protocol, port } = defined(portNumber, 'the schema let a port without number, range and name through');
  return { protocol, range: { first: port, last: port } };
}
