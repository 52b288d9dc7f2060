/**
 * Protobuf field numbers of the named groups (`generated.proto` of k8s.io/api v0.35.2) as text.
 * The notation is explained in `message-table.ts`.
 */

/** Messages of the groups other than core; a line `# group/version` starts each. */
export const groupMessages = `
# apps/v1
Deployment: 1 metadata:ObjectMeta · 2 spec:DeploymentSpec · 3 status:DeploymentStatus
ReplicaSet: 1 metadata:ObjectMeta · 2 spec:ReplicaSetSpec · 3 status:ReplicaSetStatus
StatefulSet: 1 metadata:ObjectMeta · 2 spec:StatefulSetSpec · 3 status:StatefulSetStatus
DaemonSet: 1 metadata:ObjectMeta · 2 spec:DaemonSetSpec · 3 status:DaemonSetStatus
DeploymentSpec: 1 replicas:i? · 2 selector:LabelSelector? · 3 template:PodTemplateSpec · 4 strategy:DeploymentStrategy · 5 minReadySeconds:i · 6 revisionHistoryLimit:i? · 7 paused:b · 9 progressDeadlineSeconds:i?
DeploymentStrategy: 1 type · 2 rollingUpdate:RollingUpdateDeployment?
RollingUpdateDeployment: 1 maxUnavailable:IntOrString? · 2 maxSurge:IntOrString?
ReplicaSetSpec: 1 replicas:i? · 2 selector:LabelSelector? · 3 template:PodTemplateSpec · 4 minReadySeconds:i
StatefulSetSpec: 1 replicas:i? · 2 selector:LabelSelector? · 3 template:PodTemplateSpec · 4 volumeClaimTemplates:PersistentVolumeClaim[] · 5 serviceName · 6 podManagementPolicy · 7 updateStrategy:StatefulSetUpdateStrategy · 8 revisionHistoryLimit:i? · 9 minReadySeconds:i · 10 persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy? · 11 ordinals:StatefulSetOrdinals?
StatefulSetUpdateStrategy: 1 type · 2 rollingUpdate:RollingUpdateStatefulSetStrategy?
RollingUpdateStatefulSetStrategy: 1 partition:i? · 2 maxUnavailable:IntOrString?
StatefulSetOrdinals: 1 start:i
DaemonSetSpec: 1 selector:LabelSelector? · 2 template:PodTemplateSpec · 3 updateStrategy:DaemonSetUpdateStrategy · 4 minReadySeconds:i · 6 revisionHistoryLimit:i?
DaemonSetUpdateStrategy: 1 type · 2 rollingUpdate:RollingUpdateDaemonSet?
RollingUpdateDaemonSet: 1 maxUnavailable:IntOrString? · 2 maxSurge:IntOrString?
StatefulSetPersistentVolumeClaimRetentionPolicy: 1 whenDeleted · 2 whenScaled
DeploymentStatus: 1 observedGeneration:i · 2 replicas:i · 3 updatedReplicas:i · 4 availableReplicas:i · 5 unavailableReplicas:i · 6 conditions:DeploymentCondition[] · 7 readyReplicas:i · 8 collisionCount:i? · 9 terminatingReplicas:i?
DeploymentCondition: 1 type · 2 status · 4 reason · 5 message · 6 lastUpdateTime:Time · 7 lastTransitionTime:Time
ReplicaSetStatus: 1 replicas:i · 2 fullyLabeledReplicas:i · 3 observedGeneration:i · 4 readyReplicas:i · 5 availableReplicas:i · 6 conditions:ReplicaSetCondition[] · 7 terminatingReplicas:i?
ReplicaSetCondition: 1 type · 2 status · 3 lastTransitionTime:Time · 4 reason · 5 message
StatefulSetStatus: 1 observedGeneration:i · 2 replicas:i · 3 readyReplicas:i · 4 currentReplicas:i · 5 updatedReplicas:i · 6 currentRevision · 7 updateRevision · 9 collisionCount:i? · 10 conditions:StatefulSetCondition[] · 11 availableReplicas:i
StatefulSetCondition: 1 type · 2 status · 3 lastTransitionTime:Time · 4 reason · 5 message
DaemonSetStatus: 1 currentNumberScheduled:i · 2 numberMisscheduled:i · 3 desiredNumberScheduled:i · 4 numberReady:i · 5 observedGeneration:i · 6 updatedNumberScheduled:i · 7 numberAvailable:i · 8 numberUnavailable:i · 9 collisionCount:i? · 10 conditions:DaemonSetCondition[]
DaemonSetCondition: 1 type · 2 status · 3 lastTransitionTime:Time · 4 reason · 5 message
ControllerRevision: 1 metadata:ObjectMeta · 2 data:RawExtension · 3 revision:i
# batch/v1
Job: 1 metadata:ObjectMeta · 2 spec:JobSpec · 3 status:JobStatus
CronJob: 1 metadata:ObjectMeta · 2 spec:CronJobSpec · 3 status:CronJobStatus
JobSpec: 1 parallelism:i? · 2 completions:i? · 3 activeDeadlineSeconds:i? · 4 selector:LabelSelector? · 5 manualSelector:b? · 6 template:PodTemplateSpec · 7 backoffLimit:i? · 8 ttlSecondsAfterFinished:i? · 9 completionMode? · 10 suspend:b? · 11 podFailurePolicy:PodFailurePolicy? · 12 backoffLimitPerIndex:i? · 13 maxFailedIndexes:i? · 14 podReplacementPolicy? · 15 managedBy? · 16 successPolicy:SuccessPolicy?
JobTemplateSpec: 1 metadata:ObjectMeta · 2 spec:JobSpec
CronJobSpec: 1 schedule · 2 startingDeadlineSeconds:i? · 3 concurrencyPolicy · 4 suspend:b? · 5 jobTemplate:JobTemplateSpec · 6 successfulJobsHistoryLimit:i? · 7 failedJobsHistoryLimit:i? · 8 timeZone?
PodFailurePolicy: 1 rules:PodFailurePolicyRule[]
PodFailurePolicyRule: 1 action · 2 onExitCodes:PodFailurePolicyOnExitCodesRequirement? · 3 onPodConditions:PodFailurePolicyOnPodConditionsPattern[]
PodFailurePolicyOnExitCodesRequirement: 1 containerName? · 2 operator · 3 values:i[]
PodFailurePolicyOnPodConditionsPattern: 1 type · 2 status
SuccessPolicy: 1 rules:SuccessPolicyRule[]
SuccessPolicyRule: 1 succeededIndexes? · 2 succeededCount:i?
JobStatus: 1 conditions:JobCondition[] · 2 startTime:Time? · 3 completionTime:Time? · 4 active:i · 5 succeeded:i · 6 failed:i · 7 completedIndexes · 8 uncountedTerminatedPods:UncountedTerminatedPods? · 9 ready:i? · 10 failedIndexes? · 11 terminating:i?
JobCondition: 1 type · 2 status · 3 lastProbeTime:Time · 4 lastTransitionTime:Time · 5 reason · 6 message
UncountedTerminatedPods: 1 succeeded:s[] · 2 failed:s[]
CronJobStatus: 1 active:ObjectReference[] · 4 lastScheduleTime:Time? · 5 lastSuccessfulTime:Time?
# networking.k8s.io/v1
NetworkPolicy: 1 metadata:ObjectMeta · 2 spec:NetworkPolicySpec
Ingress: 1 metadata:ObjectMeta · 2 spec:IngressSpec · 3 status:IngressStatus
IngressClass: 1 metadata:ObjectMeta · 2 spec:IngressClassSpec
NetworkPolicySpec: 1 podSelector:LabelSelector · 2 ingress:NetworkPolicyIngressRule[] · 3 egress:NetworkPolicyEgressRule[] · 4 policyTypes:s[]
NetworkPolicyIngressRule: 1 ports:NetworkPolicyPort[] · 2 from:NetworkPolicyPeer[]
NetworkPolicyEgressRule: 1 ports:NetworkPolicyPort[] · 2 to:NetworkPolicyPeer[]
NetworkPolicyPeer: 1 podSelector:LabelSelector? · 2 namespaceSelector:LabelSelector? · 3 ipBlock:IPBlock?
NetworkPolicyPort: 1 protocol? · 2 port:IntOrString? · 3 endPort:i?
IPBlock: 1 cidr · 2 except:s[]
IngressSpec: 1 defaultBackend:IngressBackend? · 2 tls:IngressTLS[] · 3 rules:IngressRule[] · 4 ingressClassName?
IngressBackend: 3 resource:TypedLocalObjectReference? · 4 service:IngressServiceBackend?
IngressServiceBackend: 1 name · 2 port:ServiceBackendPort
ServiceBackendPort: 1 name · 2 number:i
IngressTLS: 1 hosts:s[] · 2 secretName
IngressRule: 1 host · 2 ingressRuleValue:IngressRuleValue^
IngressRuleValue: 1 http:HTTPIngressRuleValue?
HTTPIngressRuleValue: 1 paths:HTTPIngressPath[]
HTTPIngressPath: 1 path · 2 backend:IngressBackend · 3 pathType?
IngressClassSpec: 1 controller · 2 parameters:IngressClassParametersReference?
IngressClassParametersReference: 1 apiGroup? · 2 kind · 3 name · 4 scope? · 5 namespace?
IngressStatus: 1 loadBalancer:IngressLoadBalancerStatus
IngressLoadBalancerStatus: 1 ingress:IngressLoadBalancerIngress[]
IngressLoadBalancerIngress: 1 ip · 2 hostname · 4 ports:IngressPortStatus[]
IngressPortStatus: 1 port:i · 2 protocol · 3 error?
# rbac.authorization.k8s.io/v1
Role: 1 metadata:ObjectMeta · 2 rules:PolicyRule[]
ClusterRole: 1 metadata:ObjectMeta · 2 rules:PolicyRule[] · 3 aggregationRule:AggregationRule?
PolicyRule: 1 verbs:s[] · 2 apiGroups:s[] · 3 resources:s[] · 4 resourceNames:s[] · 5 nonResourceURLs:s[]
AggregationRule: 1 clusterRoleSelectors:LabelSelector[]
RoleBinding: 1 metadata:ObjectMeta · 2 subjects:Subject[] · 3 roleRef:RoleRef
ClusterRoleBinding: 1 metadata:ObjectMeta · 2 subjects:Subject[] · 3 roleRef:RoleRef
Subject: 1 kind · 2 apiGroup · 3 name · 4 namespace
RoleRef: 1 apiGroup · 2 kind · 3 name
# policy/v1
PodDisruptionBudget: 1 metadata:ObjectMeta · 2 spec:PodDisruptionBudgetSpec · 3 status:PodDisruptionBudgetStatus
Eviction: 1 metadata:ObjectMeta · 2 deleteOptions:DeleteOptions?
PodDisruptionBudgetSpec: 1 minAvailable:IntOrString? · 2 selector:LabelSelector? · 3 maxUnavailable:IntOrString? · 4 unhealthyPodEvictionPolicy?
PodDisruptionBudgetStatus: 1 observedGeneration:i · 2 disruptedPods:{Time} · 3 disruptionsAllowed:i · 4 currentHealthy:i · 5 desiredHealthy:i · 6 expectedPods:i · 7 conditions:Condition[]
# scheduling.k8s.io/v1
PriorityClass: 1 metadata:ObjectMeta · 2 value:i · 3 globalDefault:b · 4 description · 5 preemptionPolicy?
# authorization.k8s.io/v1
SelfSubjectAccessReview: 1 metadata:ObjectMeta · 2 spec:SelfSubjectAccessReviewSpec · 3 status:SubjectAccessReviewStatus
SubjectAccessReview: 1 metadata:ObjectMeta · 2 spec:SubjectAccessReviewSpec · 3 status:SubjectAccessReviewStatus
SelfSubjectRulesReview: 1 metadata:ObjectMeta · 2 spec:SelfSubjectRulesReviewSpec · 3 status:SubjectRulesReviewStatus
SelfSubjectAccessReviewSpec: 1 resourceAttributes:ResourceAttributes? · 2 nonResourceAttributes:NonResourceAttributes?
SubjectAccessReviewSpec: 1 resourceAttributes:ResourceAttributes? · 2 nonResourceAttributes:NonResourceAttributes? · 3 user · 4 groups:s[] · 5 extra:{ExtraValue} · 6 uid
ResourceAttributes: 1 namespace · 2 verb · 3 group · 4 version · 5 resource · 6 subresource · 7 name · 8 fieldSelector:FieldSelectorAttributes? · 9 labelSelector:LabelSelectorAttributes?
NonResourceAttributes: 1 path · 2 verb
SelfSubjectRulesReviewSpec: 1 namespace
SubjectAccessReviewStatus: 1 allowed:b · 2 reason · 3 evaluationError · 4 denied:b
FieldSelectorAttributes: 1 rawSelector · 2 requirements:FieldSelectorRequirement[]
FieldSelectorRequirement: 1 key · 2 operator · 3 values:s[]
LabelSelectorAttributes: 1 rawSelector · 2 requirements:LabelSelectorRequirement[]
SubjectRulesReviewStatus: 1 resourceRules:ResourceRule[] · 2 nonResourceRules:NonResourceRule[] · 3 incomplete:b · 4 evaluationError
ResourceRule: 1 verbs:s[] · 2 apiGroups:s[] · 3 resources:s[] · 4 resourceNames:s[]
NonResourceRule: 1 verbs:s[] · 2 nonResourceURLs:s[]
LocalSubjectAccessReview: 1 metadata:ObjectMeta · 2 spec:SubjectAccessReviewSpec · 3 status:SubjectAccessReviewStatus
# authentication.k8s.io/v1
TokenRequest: 1 metadata:ObjectMeta · 2 spec:TokenRequestSpec · 3 status:TokenRequestStatus
TokenReview: 1 metadata:ObjectMeta · 2 spec:TokenReviewSpec · 3 status:TokenReviewStatus
SelfSubjectReview: 1 metadata:ObjectMeta · 2 status:SelfSubjectReviewStatus
UserInfo: 1 username · 2 uid · 3 groups:s[] · 4 extra:{ExtraValue}
TokenRequestSpec: 1 audiences:s[] · 3 boundObjectRef:BoundObjectReference? · 4 expirationSeconds:i?
BoundObjectReference: 1 kind · 2 apiVersion · 3 name · 4 uid
TokenRequestStatus: 1 token · 2 expirationTimestamp:Time
TokenReviewSpec: 1 token · 2 audiences:s[]
SelfSubjectReviewStatus: 1 userInfo:UserInfo
TokenReviewStatus: 1 authenticated:b · 2 user:UserInfo · 3 error · 4 audiences:s[]
# discovery.k8s.io/v1
EndpointSlice: 1 metadata:ObjectMeta · 2 endpoints:Endpoint[] · 3 ports:EndpointPort[] · 4 addressType
Endpoint: 1 addresses:s[] · 2 conditions:EndpointConditions · 3 hostname? · 4 targetRef:ObjectReference? · 5 deprecatedTopology:{s} · 6 nodeName? · 7 zone? · 8 hints:EndpointHints?
EndpointConditions: 1 ready:b? · 2 serving:b? · 3 terminating:b?
EndpointPort: 1 name? · 2 protocol? · 3 port:i? · 4 appProtocol?
EndpointHints: 1 forZones:ForZone[] · 2 forNodes:ForNode[]
ForZone: 1 name
ForNode: 1 name
# coordination.k8s.io/v1
Lease: 1 metadata:ObjectMeta · 2 spec:LeaseSpec
LeaseSpec: 1 holderIdentity? · 2 leaseDurationSeconds:i? · 3 acquireTime:MicroTime? · 4 renewTime:MicroTime? · 5 leaseTransitions:i? · 6 strategy? · 7 preferredHolder?
# events.k8s.io/v1
Event: 1 metadata:ObjectMeta · 2 eventTime:MicroTime · 3 series:EventSeries? · 4 reportingController · 5 reportingInstance · 6 action · 7 reason · 8 regarding:ObjectReference · 9 related:ObjectReference? · 10 note · 11 type · 12 deprecatedSource:EventSource · 13 deprecatedFirstTimestamp:Time · 14 deprecatedLastTimestamp:Time · 15 deprecatedCount:i
EventSeries: 1 count:i · 2 lastObservedTime:MicroTime
# autoscaling/v1
Scale: 1 metadata:ObjectMeta · 2 spec:ScaleSpec · 3 status:ScaleStatus
ScaleSpec: 1 replicas:i
ScaleStatus: 1 replicas:i · 2 selector
`;
