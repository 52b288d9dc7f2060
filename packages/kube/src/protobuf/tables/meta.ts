/**
 * Protobuf field numbers of meta/v1 (`generated.proto` of k8s.io/apimachinery v0.35.2) as text.
 * The notation is explained in `message-table.ts`.
 */

/** Messages that all groups use. */
export const metaMessages = `
ObjectMeta: 1 name · 2 generateName · 3 namespace · 4 selfLink · 5 uid · 6 resourceVersion · 7 generation:i · 8 creationTimestamp:Time · 9 deletionTimestamp:Time? · 10 deletionGracePeriodSeconds:i? · 11 labels:{s} · 12 annotations:{s} · 13 ownerReferences:OwnerReference[] · 14 finalizers:s[] · 17 managedFields:ManagedFieldsEntry[]
OwnerReference: 1 kind · 3 name · 4 uid · 5 apiVersion · 6 controller:b? · 7 blockOwnerDeletion:b?
ManagedFieldsEntry: 1 manager · 2 operation · 3 apiVersion · 4 time:Time? · 6 fieldsType · 7 fieldsV1:FieldsV1? · 8 subresource
LabelSelector: 1 matchLabels:{s} · 2 matchExpressions:LabelSelectorRequirement[]
LabelSelectorRequirement: 1 key · 2 operator · 3 values:s[]
Condition: 1 type · 2 status · 3 observedGeneration:i · 4 lastTransitionTime:Time · 5 reason · 6 message
DeleteOptions: 1 gracePeriodSeconds:i? · 2 preconditions:Preconditions? · 3 orphanDependents:b? · 4 propagationPolicy? · 5 dryRun:s[] · 6 ignoreStoreReadErrorWithClusterBreakingPotential:b?
Preconditions: 1 uid? · 2 resourceVersion?
ListMeta: 1 selfLink · 2 resourceVersion · 3 continue · 4 remainingItemCount:i?
Status: 1 metadata:ListMeta · 2 status · 3 message · 4 reason · 5 details:StatusDetails? · 6 code:i
StatusDetails: 1 name · 2 group · 3 kind · 4 causes:StatusCause[] · 5 retryAfterSeconds:i · 6 uid
StatusCause: 1 reason · 2 message · 3 field
PartialObjectMetadata: 1 metadata:ObjectMeta
APIVersions: 1 versions:s[] · 2 serverAddressByClientCIDRs:ServerAddressByClientCIDR[]
ServerAddressByClientCIDR: 1 clientCIDR · 2 serverAddress
APIGroupList: 1 groups:APIGroup[]
APIGroup: 1 name · 2 versions:GroupVersionForDiscovery[] · 3 preferredVersion:GroupVersionForDiscovery · 4 serverAddressByClientCIDRs:ServerAddressByClientCIDR[]
GroupVersionForDiscovery: 1 groupVersion · 2 version
APIResourceList: 1 groupVersion · 2 resources:APIResource[]
APIResource: 1 name · 2 namespaced:b · 3 kind · 4 verbs:Verbs · 5 shortNames:s[] · 6 singularName · 7 categories:s[] · 8 group · 9 version · 10 storageVersionHash
`;
