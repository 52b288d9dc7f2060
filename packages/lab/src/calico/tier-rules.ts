/** Tiers and the policies in them: a policy needs its tier, a tier stays as long as it has policies, and rights are given by tier. */
import { builtInCalicoTiers, calicoTierLabel, defaultCalicoTier } from '@weir/compile';
import { type Enclosure, type FieldError, type JsonObject, objectAt, objectName, type StoredObjects, textAt } from '@weir/kube';
import { calicoGroup } from './calico-definitions.ts';

const tiersKey = `tiers.${calicoGroup}`;
/** The resources of the policies that are in tiers. */
export const tieredPolicyPlurals: readonly string[] = [
  'networkpolicies',
  'globalnetworkpolicies',
  'stagednetworkpolicies',
  'stagedglobalnetworkpolicies',
];
const policyKeys: readonly string[] = tieredPolicyPlurals.map((plural) => `${plural}.${calicoGroup}`);

/** Tiers of Calico up to 3.31, in the place of kube-admin and kube-baseline. */
const formerTiers: readonly string[] = ['adminnetworkpolicy', 'baselineadminnetworkpolicy'];

/** A new policy, or one that goes into another tier, is refused when there is no such tier. */
export function policyTierErrors(policy: JsonObject, stored: StoredObjects, old?: Readonly<JsonObject>): readonly FieldError[] {
  const tier = tierOf(policy);
  if (old !== undefined && tierOf(old) === tier) return [];
  return stored.get(tiersKey, tier) === undefined ? [{ reason: 'FieldValueNotFound', field: 'spec.tier', value: tier, message: '' }] : [];
}

/** Why a tier may not be deleted; undefined when it may. */
export function reasonToKeepTier(tier: Readonly<JsonObject>, stored: StoredObjects): string | undefined {
  const name = objectName(tier);
  if (Object.hasOwn(builtInCalicoTiers, name) || formerTiers.includes(name)) return `Cannot delete ${name} tier`;
  for (const key of policyKeys) for (const policy of stored.list(key)) if (tierOf(policy) === name) return 'Cannot delete a non-empty tier';
  return undefined;
}

/** Policies stand in tiers, which users must be allowed to work in. */
export const inTiers: Enclosure = {
  word: 'tier',
  plural: 'tiers',
  storageKey: tiersKey,
  field: 'spec.tier',
  label: calicoTierLabel,
  containerOf: tierOf,
};

function tierOf(policy: Readonly<JsonObject>): string {
  return textAt(objectAt(policy, 'spec'), 'tier') || defaultCalicoTier;
}
