/** The types of the workloads of apps/v1 and batch/v1, in the notation of `schema-notation.ts`. Source: the field lists of `k8s.io/api` v0.35. */

/** Type definitions; other tables may refer to them. */
export const workloadTypes = `
Deployment: apiVersion kind metadata:ObjectMeta spec:DeploymentSpec status:DeploymentStatus
DeploymentSpec: replicas:i selector:LabelSelector template+:PodTemplateSpec strategy+:DeploymentStrategy! minReadySeconds:i
    revisionHistoryLimit:i paused:b progressDeadlineSeconds:i
PodTemplateSpec: metadata+:ObjectMeta spec+:PodSpec
DeploymentStrategy: type rollingUpdate:RollingUpdateDeployment
RollingUpdateDeployment: maxUnavailable:is maxSurge:is
DeploymentStatus: observedGeneration:l replicas:i updatedReplicas:i readyReplicas:i availableReplicas:i unavailableReplicas:i
    terminatingReplicas:i conditions:DeploymentCondition[type] collisionCount:i
DeploymentCondition: type status lastUpdateTime:t lastTransitionTime:t reason message
ReplicaSet: apiVersion kind metadata:ObjectMeta spec:ReplicaSetSpec status:ReplicaSetStatus
ReplicaSetSpec: replicas:i selector:LabelSelector template+:PodTemplateSpec minReadySeconds:i
ReplicaSetStatus: replicas:i fullyLabeledReplicas:i readyReplicas:i availableReplicas:i terminatingReplicas:i observedGeneration:l
    conditions:ReplicaSetCondition[type]
ReplicaSetCondition: type status lastTransitionTime:t reason message
StatefulSet: apiVersion kind metadata:ObjectMeta spec:StatefulSetSpec status:StatefulSetStatus
StatefulSetSpec: replicas:i selector:LabelSelector template+:PodTemplateSpec volumeClaimTemplates:PersistentVolumeClaim[] serviceName
    podManagementPolicy updateStrategy+:StatefulSetUpdateStrategy revisionHistoryLimit:i minReadySeconds:i
    persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy ordinals:StatefulSetOrdinals
StatefulSetUpdateStrategy: type rollingUpdate:RollingUpdateStatefulSetStrategy
RollingUpdateStatefulSetStrategy: partition:i maxUnavailable:is
StatefulSetPersistentVolumeClaimRetentionPolicy: whenDeleted whenScaled
StatefulSetOrdinals: start:i
StatefulSetStatus: observedGeneration:l replicas:i readyReplicas:i currentReplicas:i updatedReplicas:i currentRevision updateRevision
    collisionCount:i conditions:StatefulSetCondition[type] availableReplicas:i
StatefulSetCondition: type status lastTransitionTime:t reason message
DaemonSet: apiVersion kind metadata:ObjectMeta spec:DaemonSetSpec status:DaemonSetStatus
DaemonSetSpec: selector:LabelSelector template+:PodTemplateSpec updateStrategy+:DaemonSetUpdateStrategy minReadySeconds:i
    revisionHistoryLimit:i
DaemonSetUpdateStrategy: type rollingUpdate:RollingUpdateDaemonSet
RollingUpdateDaemonSet: maxUnavailable:is maxSurge:is
DaemonSetStatus: currentNumberScheduled:i numberMisscheduled:i desiredNumberScheduled:i numberReady:i observedGeneration:l
    updatedNumberScheduled:i numberAvailable:i numberUnavailable:i collisionCount:i conditions:DaemonSetCondition[type]
DaemonSetCondition: type status lastTransitionTime:t reason message
ControllerRevision: apiVersion kind metadata:ObjectMeta data:any revision:l
Job: apiVersion kind metadata:ObjectMeta spec:JobSpec status:JobStatus
JobSpec: parallelism:i completions:i activeDeadlineSeconds:l podFailurePolicy:PodFailurePolicy successPolicy:SuccessPolicy
    backoffLimit:i backoffLimitPerIndex:i maxFailedIndexes:i selector:LabelSelector manualSelector:b template+:PodTemplateSpec
    ttlSecondsAfterFinished:i completionMode suspend:b podReplacementPolicy managedBy
PodFailurePolicy: rules:PodFailurePolicyRule[]
PodFailurePolicyRule: action onExitCodes:PodFailurePolicyOnExitCodesRequirement
    onPodConditions:PodFailurePolicyOnPodConditionsPattern[]
PodFailurePolicyOnExitCodesRequirement: containerName operator values:i[set]=
PodFailurePolicyOnPodConditionsPattern: type status
SuccessPolicy: rules:SuccessPolicyRule[]
SuccessPolicyRule: succeededIndexes succeededCount:i
JobStatus: conditions:JobCondition[type]~ startTime:t completionTime:t active:i succeeded:i failed:i terminating:i completedIndexes
    failedIndexes uncountedTerminatedPods:UncountedTerminatedPods ready:i
JobCondition: type status lastProbeTime:t lastTransitionTime:t reason message
UncountedTerminatedPods: succeeded:s[set]= failed:s[set]=
CronJob: apiVersion kind metadata:ObjectMeta spec:CronJobSpec status:CronJobStatus
CronJobSpec: schedule timeZone startingDeadlineSeconds:l concurrencyPolicy suspend:b jobTemplate+:JobTemplateSpec
    successfulJobsHistoryLimit:i failedJobsHistoryLimit:i
JobTemplateSpec: metadata+:ObjectMeta spec+:JobSpec
CronJobStatus: active:ObjectReference[] lastScheduleTime:t lastSuccessfulTime:t
`;
