/**
 * Calico's policies as one policy API among others: each in the tier that it names, from either stored form; and the host
 * endpoints that they select beside pods.
 *
 * Staged policies are compiled and never enforced. A policy of a tier that is not there comes after all other tiers, as
 * with Calico, and is never widened by that: such a tier denies at its end.
 */
import type { KubeObject } from '@weir/kube';
import type { HostEndpoint } from '@weir/model';
import { endpointSliceKind, namespaceKind } from '../core-kinds.ts';
import type { CompiledObject, PlacedPolicy, PolicyCompiler, PolicyKind, ReferredObjects } from '../policy-api.ts';
import type { PolicyDiagnostic } from '../policy-diagnostic.ts';
import { namedAction } from '../unknown-fields/rule-form.ts';
import { compileFelixConfiguration } from './hosts/compile-felix-configuration.ts';
import { closedHostEndpoint, compileHostEndpoint } from './hosts/compile-host-endpoint.ts';
import {
  builtInCalicoTiers,
  type CalicoPolicy,
  type CalicoTier,
  calicoTierOrder,
  type StagedKubernetesNetworkPolicy,
} from './objects/calico-policy.ts';
import { readStoredForm, storedCalicoGroup } from './objects/stored-form.ts';
import { closedCalicoPolicy } from './policies/closed-calico-policy.ts';
import { compileCalicoPolicy } from './policies/compile-calico-policy.ts';
import { calicoActions } from './policies/compile-calico-rule.ts';
import { compileStagedKubernetesPolicy } from './policies/compile-staged-kubernetes-policy.ts';
import { networkSetBlocks } from './policies/network-set-blocks.ts';
import { validateCalicoObject } from './validation/validate-calico-object.ts';

function calicoKind(kind: string, plural: string, namespaced: boolean): PolicyKind {
  return {
    group: 'crd.projectcalico.org',
    versions: ['v1'],
    kind,
    plural,
    namespaced,
    writtenAs: {
      group: 'projectcalico.org',
      versions: ['v3'],
      nameOf: (stored) => writtenName({ apiVersion: storedCalicoGroup, kind, ...stored }),
    },
  };
}

/** Objects in lists do not say of which version and kind they are. */
function writtenName(stored: KubeObject): string {
  const { name = '' } = stored.metadata;
  const read = readStoredForm(stored);
  return 'problem' in read ? name : (read.object.metadata.name ?? name);
}

const tierKind = calicoKind('Tier', 'tiers', false);
const hostEndpointKind: PolicyKind = { ...calicoKind('HostEndpoint', 'hostendpoints', false), holds: 'hosts' };
const felixConfigurationKind: PolicyKind = { ...calicoKind('FelixConfiguration', 'felixconfigurations', false), holds: 'settings' };
/** What selectors of rules find beside pods. */
const blockKinds = [
  calicoKind('NetworkSet', 'networksets', true),
  calicoKind('GlobalNetworkSet', 'globalnetworksets', false),
  hostEndpointKind,
];

/** Compiles them. */
export const calicoCompiler: PolicyCompiler = {
  api: 'Calico',
  policyKinds: [
    calicoKind('NetworkPolicy', 'networkpolicies', true),
    calicoKind('GlobalNetworkPolicy', 'globalnetworkpolicies', false),
    calicoKind('StagedNetworkPolicy', 'stagednetworkpolicies', true),
    calicoKind('StagedGlobalNetworkPolicy', 'stagedglobalnetworkpolicies', false),
    calicoKind('StagedKubernetesNetworkPolicy', 'stagedkubernetesnetworkpolicies', true),
    hostEndpointKind,
    felixConfigurationKind,
  ],
  // The slices are told to whoever keeps the groups of services.
  referredKinds: [tierKind, ...blockKinds, namespaceKind, endpointSliceKind],
  rules: {
    sections: ['ingress', 'egress'],
    actionOf: (_section, rule) => namedAction(rule, calicoActions),
    narrows: (within) => !within.startsWith('notICMP.'),
  },
  compile(object, referred, { positionOf } = {}): CompiledObject {
    const read = readStoredForm(object);
    if ('problem' in read) return { policies: [], diagnostics: [damaged(object, read.problem)] };
    if (object.kind === 'HostEndpoint') return compileHostEndpoint(read.object, referred, positionOf);
    if (object.kind === 'FelixConfiguration') return compileFelixConfiguration(read.object, positionOf);
    if (isStagedKubernetes(read.object)) return compileStagedKubernetesPolicy(read.object, positionOf);
    const { tier, policy, diagnostics } = compileCalicoPolicy(withSpec(read.object), positionOf, () =>
      networkSetBlocks(referred, blockKinds),
    );
    return { policies: policy === undefined ? [] : [{ tier: tierPlace(tier, referred), policy }], diagnostics };
  },
  closed(object, referred): readonly PlacedPolicy[] {
    if (object.kind !== 'NetworkPolicy' && object.kind !== 'GlobalNetworkPolicy') return [];
    const read = readStoredForm(object);
    const { tier, policy } = closedCalicoPolicy(withSpec('problem' in read ? object : read.object));
    return [{ tier: tierPlace(tier, referred), policy }];
  },
  closedHosts(object): readonly HostEndpoint[] {
    if (object.kind !== 'HostEndpoint') return [];
    const read = readStoredForm(object);
    return closedHostEndpoint('problem' in read ? object : read.object);
  },
};

/** A policy without a spec is one whose spec says nothing. */
function withSpec(object: KubeObject): CalicoPolicy {
  return { spec: {}, ...object } as CalicoPolicy;
}

function isStagedKubernetes(object: KubeObject): object is StagedKubernetesNetworkPolicy {
  return object.kind === 'StagedKubernetesNetworkPolicy';
}

/** Where a tier is; what nobody may change of the built-in ones is as it always is. */
function tierPlace(name: string, referred: ReferredObjects): PlacedPolicy['tier'] {
  const builtIn = Object.hasOwn(builtInCalicoTiers, name) ? builtInCalicoTiers[name] : undefined;
  if (builtIn !== undefined) return placeOf(name, builtIn);
  const tier = referred.get(tierKind, name);
  if (tier === undefined || validateCalicoObject({ ...tier, kind: 'Tier' }).length > 0)
    return { name, order: Number.POSITIVE_INFINITY, end: 'deny' };
  return placeOf(name, (tier as CalicoTier).spec);
}

function placeOf(name: string, { order = calicoTierOrder, defaultAction = 'Deny' }: CalicoTier['spec'] = {}): PlacedPolicy['tier'] {
  return { name, order, end: defaultAction === 'Pass' ? 'pass' : 'deny' };
}

function damaged({ kind = '', metadata: { namespace, name = '' } }: KubeObject, message: string): PolicyDiagnostic {
  return {
    code: 'invalid-policy',
    severity: 'error',
    message,
    action: 'write the object anew with calicoctl or as projectcalico.org/v3; until then no part of this version of the policy is applied',
    object: `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`,
  };
}
