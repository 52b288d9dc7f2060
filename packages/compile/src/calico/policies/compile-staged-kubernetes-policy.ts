/** A Kubernetes NetworkPolicy that Calico holds back: compiled like one, and never enforced. */

import type { PolicyRef } from '@weir/model';
import { compileNetworkPolicy, type PositionLookup } from '../../kubernetes/compile-network-policy.ts';
import { defaultTier } from '../../kubernetes/default-tier.ts';
import type { CompiledObject } from '../../policy-api.ts';
import { calicoStagedActions, type StagedKubernetesNetworkPolicy } from '../objects/calico-policy.ts';
import { calicoGroup } from '../objects/stored-form.ts';

const { policies: _none, ...tier } = defaultTier([]);

/** Compiles one in its v3 form. */
export function compileStagedKubernetesPolicy(object: StagedKubernetesNetworkPolicy, positionOf?: PositionLookup): CompiledObject {
  const { stagedAction = 'Set', ...spec } = object.spec ?? {};
  if (!calicoStagedActions.includes(stagedAction)) {
    return {
      policies: [],
      diagnostics: [
        {
          code: 'invalid-policy',
          severity: 'error',
          message: `stagedAction ${JSON.stringify(stagedAction)} is none of ${calicoStagedActions.join(', ')}`,
          action: 'correct the field',
          object: nameOf(object),
          field: 'spec.stagedAction',
        },
      ],
    };
  }
  if (stagedAction === 'Delete') return { policies: [], diagnostics: [] };
  const { policy, diagnostics } = compileNetworkPolicy({ ...object, spec }, positionOf === undefined ? {} : { positionOf });
  if (policy === undefined) return { policies: [], diagnostics: diagnostics.map((each) => ({ ...each, object: nameOf(object) })) };
  const ref: PolicyRef = { ...policy.ref, apiVersion: calicoGroup, kind: object.kind };
  const renamed = (rules: NonNullable<typeof policy.ingress> | undefined): typeof rules =>
    rules === undefined
      ? undefined
      : { ...rules, rules: rules.rules.map((rule) => ({ ...rule, origin: { ...rule.origin, policy: ref } })) };
  const [ingress, egress] = [renamed(policy.ingress), renamed(policy.egress)];
  const { ingress: _ingress, egress: _egress, ...rest } = policy;
  const staged = { ...rest, ref, staged: true, ...(ingress === undefined ? {} : { ingress }), ...(egress === undefined ? {} : { egress }) };
  return { policies: [{ tier, policy: staged }], diagnostics: [] };
}

function nameOf({ kind, metadata: { namespace = 'default', name = '' } }: StagedKubernetesNetworkPolicy): string {
  return `${kind} ${namespace}/${name}`;
}
