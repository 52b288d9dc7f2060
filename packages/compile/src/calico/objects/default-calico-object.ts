/**
 * What Calico fills in when an object is written (`api/pkg/defaults`): the tier, the directions of a policy, the label of
 * its tier, and what a tier does at its end.
 */
import type { JsonObject } from '@weir/kube';
import { calicoPolicyTypes, calicoTierOrder, defaultCalicoTier } from './calico-policy.ts';

/** The label that every policy of a tier carries. */
export const calicoTierLabel = 'projectcalico.org/tier';

const tieredKinds: readonly unknown[] = ['NetworkPolicy', 'GlobalNetworkPolicy', 'StagedNetworkPolicy', 'StagedGlobalNetworkPolicy'];

/** Whether objects of a kind are policies in a tier. */
export function isTieredCalicoKind(kind: unknown): boolean {
  return tieredKinds.includes(kind);
}

/** The object with its defaults; of a shape that is not right, what can be filled in. The argument is not changed. */
export function defaultCalicoObject(object: Readonly<JsonObject>): JsonObject {
  const { kind, spec } = object;
  const given = spec ?? {};
  if (!isRecord(given)) return { ...object };
  if (isTieredCalicoKind(kind)) return defaultPolicy(object, given);
  switch (kind) {
    case 'StagedKubernetesNetworkPolicy':
      return { ...object, spec: defaultKubernetesPolicy(given) };
    case 'Tier':
      return { ...object, spec: { ...given, order: given['order'] ?? calicoTierOrder, defaultAction: given['defaultAction'] ?? 'Deny' } };
    default:
      return { ...object };
  }
}

function defaultPolicy(object: Readonly<JsonObject>, given: Readonly<JsonObject>): JsonObject {
  const tier = typeof given['tier'] === 'string' && given['tier'] !== '' ? given['tier'] : defaultCalicoTier;
  const metadata = isRecord(object['metadata']) ? object['metadata'] : {};
  const labels = isRecord(metadata['labels']) ? metadata['labels'] : {};
  const isStaged = String(object['kind']).startsWith('Staged');
  const spec: JsonObject = { ...given, tier, ...(isStaged ? { stagedAction: given['stagedAction'] ?? 'Set' } : {}) };
  // What is to be deleted says nothing else.
  if (spec['stagedAction'] !== 'Delete' && hasRuleLists(given)) spec['types'] = calicoPolicyTypes(given);
  return { ...object, metadata: { ...metadata, labels: { ...labels, [calicoTierLabel]: tier } }, spec };
}

/** Whether what decides about the directions can be read. */
function hasRuleLists({ types, ingress, egress }: Readonly<JsonObject>): boolean {
  return [types, ingress, egress].every((each) => each === undefined || Array.isArray(each));
}

/** As Kubernetes defaults its own. */
function defaultKubernetesPolicy(given: Readonly<JsonObject>): JsonObject {
  const stagedAction = given['stagedAction'] ?? 'Set';
  if (stagedAction === 'Delete') return { ...given, stagedAction };
  const { policyTypes, egress } = given;
  const isSaid = Array.isArray(policyTypes) && policyTypes.length > 0;
  const types = Array.isArray(egress) && egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  return { ...given, stagedAction, policyTypes: isSaid ? policyTypes : types };
}

function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
