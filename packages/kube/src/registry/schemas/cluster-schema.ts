/**
 * The types of policy/v1, scheduling.k8s.io/v1, node.k8s.io/v1 and of the quotas and claims of core/v1, in the notation
 * of `schema-notation.ts`. Source: the field lists of `k8s.io/api` v0.35.
 */

/** Type definitions; other tables may refer to them. */
export const clusterTypes = `
PodDisruptionBudget: apiVersion kind metadata:ObjectMeta spec:PodDisruptionBudgetSpec status:PodDisruptionBudgetStatus
PodDisruptionBudgetSpec: minAvailable:is selector:LabelSelector= maxUnavailable:is unhealthyPodEvictionPolicy
PodDisruptionBudgetStatus: observedGeneration:l disruptedPods:{t} disruptionsAllowed:i currentHealthy:i desiredHealthy:i
    expectedPods:i conditions:Condition[type]
PriorityClass: apiVersion kind metadata:ObjectMeta value:i globalDefault:b description preemptionPolicy
RuntimeClass: apiVersion kind metadata:ObjectMeta handler overhead:Overhead scheduling:Scheduling
Overhead: podFixed:{q}
Scheduling: nodeSelector:{s}~ tolerations:Toleration[]
ResourceQuota: apiVersion kind metadata:ObjectMeta spec:ResourceQuotaSpec status:ResourceQuotaStatus
ResourceQuotaSpec: hard:{q} scopes:s[] scopeSelector:ScopeSelector
ScopeSelector~: matchExpressions:ScopedResourceSelectorRequirement[]
ScopedResourceSelectorRequirement: scopeName operator values:s[]
ResourceQuotaStatus: hard:{q} used:{q}
LimitRange: apiVersion kind metadata:ObjectMeta spec:LimitRangeSpec
LimitRangeSpec: limits:LimitRangeItem[]
LimitRangeItem: type max:{q} min:{q} default:{q} defaultRequest:{q} maxLimitRequestRatio:{q}
PersistentVolumeClaim: apiVersion kind metadata:ObjectMeta spec:PersistentVolumeClaimSpec status:PersistentVolumeClaimStatus
PersistentVolumeClaimSpec: accessModes:s[] selector:LabelSelector resources+:VolumeResourceRequirements volumeName storageClassName
    volumeMode dataSource:TypedLocalObjectReference dataSourceRef:TypedObjectReference volumeAttributesClassName
VolumeResourceRequirements: limits:{q} requests:{q}
TypedObjectReference: apiGroup kind name namespace
PersistentVolumeClaimStatus: phase accessModes:s[] capacity:{q} conditions:PersistentVolumeClaimCondition[type] allocatedResources:{q}
    allocatedResourceStatuses:{s} currentVolumeAttributesClassName modifyVolumeStatus:any
PersistentVolumeClaimCondition: type status lastProbeTime:t lastTransitionTime:t reason message
`;
