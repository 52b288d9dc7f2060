/** The types of ObjectMeta and the other types that every API group shares (meta/v1), in the notation of `schema-notation.ts`. Source: the field lists of `k8s.io/api` v0.35. */

/** Type definitions; other tables may refer to them. */
export const metaTypes = `
ObjectMeta: name generateName namespace selfLink uid resourceVersion generation:l creationTimestamp:t deletionTimestamp:t
    deletionGracePeriodSeconds:l labels:{s} annotations:{s} ownerReferences:OwnerReference[uid] finalizers:s[set]
    managedFields:ManagedFieldsEntry[]
ListMeta: selfLink resourceVersion continue remainingItemCount:l
OwnerReference~: kind name uid apiVersion controller:b blockOwnerDeletion:b
ManagedFieldsEntry: manager operation apiVersion time:t fieldsType fieldsV1:any subresource
LabelSelector~: matchLabels:{s} matchExpressions:LabelSelectorRequirement[]
LabelSelectorRequirement: key operator values:s[]
Condition: type status observedGeneration:l lastTransitionTime:t reason message
DeleteOptions: apiVersion kind gracePeriodSeconds:l preconditions:Preconditions orphanDependents:b propagationPolicy dryRun:s[]
    ignoreStoreReadErrorWithClusterBreakingPotential:b
Preconditions: uid resourceVersion
ObjectReference~: kind namespace name uid apiVersion resourceVersion fieldPath
LocalObjectReference~: name
TypedLocalObjectReference~: apiGroup kind name
`;
