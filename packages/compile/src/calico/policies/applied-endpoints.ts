/**
 * Which endpoints a policy selects among, by its flags: pods, and interfaces of hosts in a family of policies.
 *
 * Only policies of the cluster select host endpoints, which are in no namespace: one that selects namespaces or service
 * accounts means pods alone.
 */
import type { Policy } from '@weir/model';
import type { CalicoPolicy } from '../objects/calico-policy.ts';
import { isGlobalPolicy } from '../validation/validate-calico-policy.ts';

/** What a policy applies to; absent: to pods alone. */
export function appliedEndpoints(policy: CalicoPolicy): Pick<Policy, 'appliesTo'> {
  if (!isGlobalPolicy(policy)) return {};
  const { doNotTrack, preDNAT, applyOnForward, namespaceSelector = '', serviceAccountSelector = '' } = policy.spec;
  if (doNotTrack === true) return { appliesTo: ['untracked'] };
  if (preDNAT === true) return { appliesTo: ['preDNAT'] };
  if (namespaceSelector !== '' || serviceAccountSelector !== '') return {};
  return { appliesTo: applyOnForward === true ? ['pods', 'normal', 'forward'] : ['pods', 'normal'] };
}
