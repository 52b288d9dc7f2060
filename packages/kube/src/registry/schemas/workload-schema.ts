/** The types of networking.k8s.io/v1 NetworkPolicy and the workloads of apps/v1, in the notation of `schema-notation.ts`. Source: the field lists of `k8s.io/api` v0.35. */

/** Type definitions; other tables may refer to them. */
export const workloadTypes = `
NetworkPolicy: apiVersion kind metadata:ObjectMeta spec:NetworkPolicySpec status:any
NetworkPolicySpec: podSelector:LabelSelector ingress:NetworkPolicyIngressRule[] egress:NetworkPolicyEgressRule[] policyTypes:s[]
NetworkPolicyIngressRule: ports:NetworkPolicyPort[] from:NetworkPolicyPeer[]
NetworkPolicyPort: protocol port:is endPort:i
NetworkPolicyPeer: podSelector:LabelSelector namespaceSelector:LabelSelector ipBlock:IPBlock
IPBlock: cidr except:s[]
NetworkPolicyEgressRule: ports:NetworkPolicyPort[] to:NetworkPolicyPeer[]
Deployment: apiVersion kind metadata:ObjectMeta spec:DeploymentSpec status:DeploymentStatus
DeploymentSpec: replicas:i selector:LabelSelector template:PodTemplateSpec strategy:DeploymentStrategy! minReadySeconds:i
    revisionHistoryLimit:i paused:b progressDeadlineSeconds:i
PodTemplateSpec: metadata:ObjectMeta spec:PodSpec
DeploymentStrategy: type rollingUpdate:RollingUpdateDeployment
RollingUpdateDeployment: maxUnavailable:is maxSurge:is
DeploymentStatus: observedGeneration:i replicas:i updatedReplicas:i readyReplicas:i availableReplicas:i unavailableReplicas:i
    terminatingReplicas:i conditions:DeploymentCondition[type] collisionCount:i
DeploymentCondition: type status lastUpdateTime:t lastTransitionTime:t reason message
ReplicaSet: apiVersion kind metadata:ObjectMeta spec:ReplicaSetSpec status:ReplicaSetStatus
ReplicaSetSpec: replicas:i selector:LabelSelector template:PodTemplateSpec minReadySeconds:i
ReplicaSetStatus: replicas:i fullyLabeledReplicas:i readyReplicas:i availableReplicas:i terminatingReplicas:i observedGeneration:i
    conditions:ReplicaSetCondition[type]
ReplicaSetCondition: type status lastTransitionTime:t reason message
`;
