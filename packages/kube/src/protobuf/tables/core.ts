/**
 * Protobuf field numbers of core/v1 (`generated.proto` of k8s.io/api v0.35.2) as text.
 * The notation is explained in `message-table.ts`.
 */

/** Messages of the core group. */
export const coreMessages = `
Namespace: 1 metadata:ObjectMeta · 2 spec:NamespaceSpec · 3 status:NamespaceStatus
Pod: 1 metadata:ObjectMeta · 2 spec:PodSpec · 3 status:PodStatus
Service: 1 metadata:ObjectMeta · 2 spec:ServiceSpec · 3 status:ServiceStatus
Node: 1 metadata:ObjectMeta · 2 spec:NodeSpec · 3 status:NodeStatus
ResourceQuota: 1 metadata:ObjectMeta · 2 spec:ResourceQuotaSpec · 3 status:ResourceQuotaStatus
PersistentVolumeClaim: 1 metadata:ObjectMeta · 2 spec:PersistentVolumeClaimSpec · 3 status:PersistentVolumeClaimStatus
NamespaceSpec: 1 finalizers:s[]
NamespaceStatus: 1 phase · 2 conditions:NamespaceCondition[]
ConfigMap: 1 metadata:ObjectMeta · 2 data:{s} · 3 binaryData:{bytes} · 4 immutable:b?
Secret: 1 metadata:ObjectMeta · 2 data:{bytes} · 3 type · 4 stringData:{s} · 5 immutable:b?
ServiceAccount: 1 metadata:ObjectMeta · 2 secrets:ObjectReference[] · 3 imagePullSecrets:LocalObjectReference[] · 4 automountServiceAccountToken:b?
ObjectReference: 1 kind · 2 namespace · 3 name · 4 uid · 5 apiVersion · 6 resourceVersion · 7 fieldPath
LocalObjectReference: 1 name
ServiceSpec: 1 ports:ServicePort[] · 2 selector:{s} · 3 clusterIP · 4 type · 5 externalIPs:s[] · 7 sessionAffinity · 8 loadBalancerIP · 9 loadBalancerSourceRanges:s[] · 10 externalName · 11 externalTrafficPolicy · 12 healthCheckNodePort:i · 13 publishNotReadyAddresses:b · 14 sessionAffinityConfig:SessionAffinityConfig? · 17 ipFamilyPolicy? · 18 clusterIPs:s[] · 19 ipFamilies:s[] · 20 allocateLoadBalancerNodePorts:b? · 21 loadBalancerClass? · 22 internalTrafficPolicy? · 23 trafficDistribution?
ServicePort: 1 name · 2 protocol · 3 port:i · 4 targetPort:IntOrString · 5 nodePort:i · 6 appProtocol?
SessionAffinityConfig: 1 clientIP:ClientIPConfig?
ClientIPConfig: 1 timeoutSeconds:i?
ResourceQuotaSpec: 1 hard:{Quantity} · 2 scopes:s[] · 3 scopeSelector:ScopeSelector?
ScopeSelector: 1 matchExpressions:ScopedResourceSelectorRequirement[]
ScopedResourceSelectorRequirement: 1 scopeName · 2 operator · 3 values:s[]
PodTemplateSpec: 1 metadata:ObjectMeta · 2 spec:PodSpec
PodSpec: 1 volumes:Volume[] · 2 containers:Container[] · 3 restartPolicy · 4 terminationGracePeriodSeconds:i? · 5 activeDeadlineSeconds:i? · 6 dnsPolicy · 7 nodeSelector:{s} · 8 serviceAccountName · 9 serviceAccount · 10 nodeName · 11 hostNetwork:b · 12 hostPID:b · 13 hostIPC:b · 14 securityContext:PodSecurityContext? · 15 imagePullSecrets:LocalObjectReference[] · 16 hostname · 17 subdomain · 18 affinity:Affinity? · 19 schedulerName · 20 initContainers:Container[] · 21 automountServiceAccountToken:b? · 22 tolerations:Toleration[] · 23 hostAliases:HostAlias[] · 24 priorityClassName · 25 priority:i? · 26 dnsConfig:PodDNSConfig? · 27 shareProcessNamespace:b? · 28 readinessGates:PodReadinessGate[] · 29 runtimeClassName? · 30 enableServiceLinks:b? · 31 preemptionPolicy? · 32 overhead:{Quantity} · 33 topologySpreadConstraints:TopologySpreadConstraint[] · 34 ephemeralContainers:EphemeralContainer[] · 35 setHostnameAsFQDN:b? · 36 os:PodOS? · 37 hostUsers:b? · 38 schedulingGates:PodSchedulingGate[] · 39 resourceClaims:PodResourceClaim[] · 40 resources:ResourceRequirements? · 41 hostnameOverride? · 42 workloadRef:WorkloadReference?
Container: 1 name · 2 image · 3 command:s[] · 4 args:s[] · 5 workingDir · 6 ports:ContainerPort[] · 7 env:EnvVar[] · 8 resources:ResourceRequirements · 9 volumeMounts:VolumeMount[] · 10 livenessProbe:Probe? · 11 readinessProbe:Probe? · 12 lifecycle:Lifecycle? · 13 terminationMessagePath · 14 imagePullPolicy · 15 securityContext:SecurityContext? · 16 stdin:b · 17 stdinOnce:b · 18 tty:b · 19 envFrom:EnvFromSource[] · 20 terminationMessagePolicy · 21 volumeDevices:VolumeDevice[] · 22 startupProbe:Probe? · 23 resizePolicy:ContainerResizePolicy[] · 24 restartPolicy? · 25 restartPolicyRules:ContainerRestartRule[]
ContainerPort: 1 name · 2 hostPort:i · 3 containerPort:i · 4 protocol · 5 hostIP
EnvVar: 1 name · 2 value · 3 valueFrom:EnvVarSource?
EnvVarSource: 1 fieldRef:ObjectFieldSelector? · 2 resourceFieldRef:ResourceFieldSelector? · 3 configMapKeyRef:ConfigMapKeySelector? · 4 secretKeyRef:SecretKeySelector? · 5 fileKeyRef:FileKeySelector?
ObjectFieldSelector: 1 apiVersion · 2 fieldPath
ResourceFieldSelector: 1 containerName · 2 resource · 3 divisor:Quantity
ConfigMapKeySelector: 1 localObjectReference:LocalObjectReference^ · 2 key · 3 optional:b?
SecretKeySelector: 1 localObjectReference:LocalObjectReference^ · 2 key · 3 optional:b?
EnvFromSource: 1 prefix · 2 configMapRef:ConfigMapEnvSource? · 3 secretRef:SecretEnvSource?
ConfigMapEnvSource: 1 localObjectReference:LocalObjectReference^ · 2 optional:b?
SecretEnvSource: 1 localObjectReference:LocalObjectReference^ · 2 optional:b?
ResourceRequirements: 1 limits:{Quantity} · 2 requests:{Quantity} · 3 claims:ResourceClaim[]
ResourceClaim: 1 name · 2 request
VolumeMount: 1 name · 2 readOnly:b · 3 mountPath · 4 subPath · 5 mountPropagation? · 6 subPathExpr · 7 recursiveReadOnly?
VolumeDevice: 1 name · 2 devicePath
EphemeralContainer: 1 ephemeralContainerCommon:EphemeralContainerCommon^ · 2 targetContainerName
Probe: 1 handler:ProbeHandler^ · 2 initialDelaySeconds:i · 3 timeoutSeconds:i · 4 periodSeconds:i · 5 successThreshold:i · 6 failureThreshold:i · 7 terminationGracePeriodSeconds:i?
ProbeHandler: 1 exec:ExecAction? · 2 httpGet:HTTPGetAction? · 3 tcpSocket:TCPSocketAction? · 4 grpc:GRPCAction?
ExecAction: 1 command:s[]
HTTPGetAction: 1 path · 2 port:IntOrString · 3 host · 4 scheme · 5 httpHeaders:HTTPHeader[]
HTTPHeader: 1 name · 2 value
TCPSocketAction: 1 port:IntOrString · 2 host
GRPCAction: 1 port:i · 2 service?
Lifecycle: 1 postStart:LifecycleHandler? · 2 preStop:LifecycleHandler? · 3 stopSignal?
LifecycleHandler: 1 exec:ExecAction? · 2 httpGet:HTTPGetAction? · 3 tcpSocket:TCPSocketAction? · 4 sleep:SleepAction?
SleepAction: 1 seconds:i
SecurityContext: 1 capabilities:Capabilities? · 2 privileged:b? · 3 seLinuxOptions:SELinuxOptions? · 4 runAsUser:i? · 5 runAsNonRoot:b? · 6 readOnlyRootFilesystem:b? · 7 allowPrivilegeEscalation:b? · 8 runAsGroup:i? · 9 procMount? · 10 windowsOptions:WindowsSecurityContextOptions? · 11 seccompProfile:SeccompProfile? · 12 appArmorProfile:AppArmorProfile?
PodSecurityContext: 1 seLinuxOptions:SELinuxOptions? · 2 runAsUser:i? · 3 runAsNonRoot:b? · 4 supplementalGroups:i[] · 5 fsGroup:i? · 6 runAsGroup:i? · 7 sysctls:Sysctl[] · 8 windowsOptions:WindowsSecurityContextOptions? · 9 fsGroupChangePolicy? · 10 seccompProfile:SeccompProfile? · 11 appArmorProfile:AppArmorProfile? · 12 supplementalGroupsPolicy? · 13 seLinuxChangePolicy?
Capabilities: 1 add:s[] · 2 drop:s[]
SELinuxOptions: 1 user · 2 role · 3 type · 4 level
SeccompProfile: 1 type · 2 localhostProfile?
AppArmorProfile: 1 type · 2 localhostProfile?
Sysctl: 1 name · 2 value
Toleration: 1 key · 2 operator · 3 value · 4 effect · 5 tolerationSeconds:i?
Affinity: 1 nodeAffinity:NodeAffinity? · 2 podAffinity:PodAffinity? · 3 podAntiAffinity:PodAntiAffinity?
NodeAffinity: 1 requiredDuringSchedulingIgnoredDuringExecution:NodeSelector? · 2 preferredDuringSchedulingIgnoredDuringExecution:PreferredSchedulingTerm[]
NodeSelector: 1 nodeSelectorTerms:NodeSelectorTerm[]
NodeSelectorTerm: 1 matchExpressions:NodeSelectorRequirement[] · 2 matchFields:NodeSelectorRequirement[]
NodeSelectorRequirement: 1 key · 2 operator · 3 values:s[]
PreferredSchedulingTerm: 1 weight:i · 2 preference:NodeSelectorTerm
PodAffinity: 1 requiredDuringSchedulingIgnoredDuringExecution:PodAffinityTerm[] · 2 preferredDuringSchedulingIgnoredDuringExecution:WeightedPodAffinityTerm[]
PodAntiAffinity: 1 requiredDuringSchedulingIgnoredDuringExecution:PodAffinityTerm[] · 2 preferredDuringSchedulingIgnoredDuringExecution:WeightedPodAffinityTerm[]
PodAffinityTerm: 1 labelSelector:LabelSelector? · 2 namespaces:s[] · 3 topologyKey · 4 namespaceSelector:LabelSelector? · 5 matchLabelKeys:s[] · 6 mismatchLabelKeys:s[]
WeightedPodAffinityTerm: 1 weight:i · 2 podAffinityTerm:PodAffinityTerm
HostAlias: 1 ip · 2 hostnames:s[]
PodDNSConfig: 1 nameservers:s[] · 2 searches:s[] · 3 options:PodDNSConfigOption[]
PodDNSConfigOption: 1 name · 2 value?
PodReadinessGate: 1 conditionType
PodSchedulingGate: 1 name
PodOS: 1 name
TopologySpreadConstraint: 1 maxSkew:i · 2 topologyKey · 3 whenUnsatisfiable · 4 labelSelector:LabelSelector? · 5 minDomains:i? · 6 nodeAffinityPolicy? · 7 nodeTaintsPolicy? · 8 matchLabelKeys:s[]
Volume: 1 name · 2 volumeSource:VolumeSource^
VolumeSource: 1 hostPath:HostPathVolumeSource? · 2 emptyDir:EmptyDirVolumeSource? · 6 secret:SecretVolumeSource? · 10 persistentVolumeClaim:PersistentVolumeClaimVolumeSource? · 16 downwardAPI:DownwardAPIVolumeSource? · 19 configMap:ConfigMapVolumeSource? · 26 projected:ProjectedVolumeSource? · 28 csi:CSIVolumeSource? · 3 gcePersistentDisk:GCEPersistentDiskVolumeSource? · 4 awsElasticBlockStore:AWSElasticBlockStoreVolumeSource? · 5 gitRepo:GitRepoVolumeSource? · 7 nfs:NFSVolumeSource? · 8 iscsi:ISCSIVolumeSource? · 9 glusterfs:GlusterfsVolumeSource? · 11 rbd:RBDVolumeSource? · 12 flexVolume:FlexVolumeSource? · 13 cinder:CinderVolumeSource? · 14 cephfs:CephFSVolumeSource? · 15 flocker:FlockerVolumeSource? · 17 fc:FCVolumeSource? · 18 azureFile:AzureFileVolumeSource? · 20 vsphereVolume:VsphereVirtualDiskVolumeSource? · 21 quobyte:QuobyteVolumeSource? · 22 azureDisk:AzureDiskVolumeSource? · 23 photonPersistentDisk:PhotonPersistentDiskVolumeSource? · 24 portworxVolume:PortworxVolumeSource? · 25 scaleIO:ScaleIOVolumeSource? · 27 storageos:StorageOSVolumeSource? · 29 ephemeral:EphemeralVolumeSource? · 30 image:ImageVolumeSource?
HostPathVolumeSource: 1 path · 2 type?
EmptyDirVolumeSource: 1 medium · 2 sizeLimit:Quantity?
SecretVolumeSource: 1 secretName · 2 items:KeyToPath[] · 3 defaultMode:i? · 4 optional:b?
ConfigMapVolumeSource: 1 localObjectReference:LocalObjectReference^ · 2 items:KeyToPath[] · 3 defaultMode:i? · 4 optional:b?
PersistentVolumeClaimVolumeSource: 1 claimName · 2 readOnly:b
CSIVolumeSource: 1 driver · 2 readOnly:b? · 3 fsType? · 4 volumeAttributes:{s} · 5 nodePublishSecretRef:LocalObjectReference?
DownwardAPIVolumeSource: 1 items:DownwardAPIVolumeFile[] · 2 defaultMode:i?
DownwardAPIVolumeFile: 1 path · 2 fieldRef:ObjectFieldSelector? · 3 resourceFieldRef:ResourceFieldSelector? · 4 mode:i?
ProjectedVolumeSource: 1 sources:VolumeProjection[] · 2 defaultMode:i?
VolumeProjection: 1 secret:SecretProjection? · 2 downwardAPI:DownwardAPIProjection? · 3 configMap:ConfigMapProjection? · 4 serviceAccountToken:ServiceAccountTokenProjection? · 5 clusterTrustBundle:ClusterTrustBundleProjection? · 6 podCertificate:PodCertificateProjection?
SecretProjection: 1 localObjectReference:LocalObjectReference^ · 2 items:KeyToPath[] · 4 optional:b?
ConfigMapProjection: 1 localObjectReference:LocalObjectReference^ · 2 items:KeyToPath[] · 4 optional:b?
DownwardAPIProjection: 1 items:DownwardAPIVolumeFile[]
ServiceAccountTokenProjection: 1 audience · 2 expirationSeconds:i? · 3 path
KeyToPath: 1 key · 2 path · 3 mode:i?
PodStatus: 1 phase · 2 conditions:PodCondition[] · 3 message · 4 reason · 5 hostIP · 6 podIP · 7 startTime:Time? · 8 containerStatuses:ContainerStatus[] · 9 qosClass · 10 initContainerStatuses:ContainerStatus[] · 11 nominatedNodeName · 12 podIPs:PodIP[] · 13 ephemeralContainerStatuses:ContainerStatus[] · 14 resize · 15 resourceClaimStatuses:PodResourceClaimStatus[] · 16 hostIPs:HostIP[] · 17 observedGeneration:i · 18 extendedResourceClaimStatus:PodExtendedResourceClaimStatus? · 19 allocatedResources:{Quantity} · 20 resources:ResourceRequirements?
PodCondition: 1 type · 2 status · 3 lastProbeTime:Time · 4 lastTransitionTime:Time · 5 reason · 6 message · 7 observedGeneration:i
PodIP: 1 ip
HostIP: 1 ip
ContainerStatus: 1 name · 2 state:ContainerState · 3 lastState:ContainerState · 4 ready:b · 5 restartCount:i · 6 image · 7 imageID · 8 containerID · 9 started:b? · 10 allocatedResources:{Quantity} · 11 resources:ResourceRequirements? · 12 volumeMounts:VolumeMountStatus[] · 13 user:ContainerUser? · 14 allocatedResourcesStatus:ResourceStatus[] · 15 stopSignal?
ContainerState: 1 waiting:ContainerStateWaiting? · 2 running:ContainerStateRunning? · 3 terminated:ContainerStateTerminated?
ContainerStateWaiting: 1 reason · 2 message
ContainerStateRunning: 1 startedAt:Time
ContainerStateTerminated: 1 exitCode:i · 2 signal:i · 3 reason · 4 message · 5 startedAt:Time · 6 finishedAt:Time · 7 containerID
NodeSpec: 1 podCIDR · 2 externalID · 3 providerID · 4 unschedulable:b · 5 taints:Taint[] · 6 configSource:NodeConfigSource? · 7 podCIDRs:s[]
Taint: 1 key · 2 value · 3 effect · 4 timeAdded:Time?
NodeStatus: 1 capacity:{Quantity} · 2 allocatable:{Quantity} · 3 phase · 4 conditions:NodeCondition[] · 5 addresses:NodeAddress[] · 6 daemonEndpoints:NodeDaemonEndpoints · 7 nodeInfo:NodeSystemInfo · 8 images:ContainerImage[] · 9 volumesInUse:s[] · 10 volumesAttached:AttachedVolume[] · 11 config:NodeConfigStatus? · 12 runtimeHandlers:NodeRuntimeHandler[] · 13 features:NodeFeatures? · 14 declaredFeatures:s[]
NodeCondition: 1 type · 2 status · 3 lastHeartbeatTime:Time · 4 lastTransitionTime:Time · 5 reason · 6 message
NodeAddress: 1 type · 2 address
NodeSystemInfo: 1 machineID · 2 systemUUID · 3 bootID · 4 kernelVersion · 5 osImage · 6 containerRuntimeVersion · 7 kubeletVersion · 8 kubeProxyVersion · 9 operatingSystem · 10 architecture · 11 swap:NodeSwapStatus?
Binding: 1 metadata:ObjectMeta · 2 target:ObjectReference
Event: 1 metadata:ObjectMeta · 2 involvedObject:ObjectReference · 3 reason · 4 message · 5 source:EventSource · 6 firstTimestamp:Time · 7 lastTimestamp:Time · 8 count:i · 9 type · 10 eventTime:MicroTime · 11 series:EventSeries? · 12 action · 13 related:ObjectReference? · 14 reportingComponent · 15 reportingInstance
EventSource: 1 component · 2 host
EventSeries: 1 count:i · 2 lastObservedTime:MicroTime
EphemeralContainerCommon: 1 name · 2 image · 3 command:s[] · 4 args:s[] · 5 workingDir · 6 ports:ContainerPort[] · 7 env:EnvVar[] · 8 resources:ResourceRequirements · 9 volumeMounts:VolumeMount[] · 10 livenessProbe:Probe? · 11 readinessProbe:Probe? · 12 lifecycle:Lifecycle? · 13 terminationMessagePath · 14 imagePullPolicy · 15 securityContext:SecurityContext? · 16 stdin:b · 17 stdinOnce:b · 18 tty:b · 19 envFrom:EnvFromSource[] · 20 terminationMessagePolicy · 21 volumeDevices:VolumeDevice[] · 22 startupProbe:Probe? · 23 resizePolicy:ContainerResizePolicy[] · 24 restartPolicy? · 25 restartPolicyRules:ContainerRestartRule[]
NamespaceCondition: 1 type · 2 status · 4 lastTransitionTime:Time · 5 reason · 6 message
PersistentVolumeClaimSpec: 1 accessModes:s[] · 2 resources:VolumeResourceRequirements · 3 volumeName · 4 selector:LabelSelector? · 5 storageClassName? · 6 volumeMode? · 7 dataSource:TypedLocalObjectReference? · 8 dataSourceRef:TypedObjectReference? · 9 volumeAttributesClassName?
PersistentVolumeClaimTemplate: 1 metadata:ObjectMeta · 2 spec:PersistentVolumeClaimSpec
VolumeResourceRequirements: 1 limits:{Quantity} · 2 requests:{Quantity}
TypedLocalObjectReference: 1 apiGroup? · 2 kind · 3 name
TypedObjectReference: 1 apiGroup? · 2 kind · 3 name · 4 namespace?
ContainerResizePolicy: 1 resourceName · 2 restartPolicy
WindowsSecurityContextOptions: 1 gmsaCredentialSpecName? · 2 gmsaCredentialSpec? · 3 runAsUserName? · 4 hostProcess:b?
NFSVolumeSource: 1 server · 2 path · 3 readOnly:b
EphemeralVolumeSource: 1 volumeClaimTemplate:PersistentVolumeClaimTemplate?
ImageVolumeSource: 1 reference · 2 pullPolicy
VolumeMountStatus: 1 name · 2 mountPath · 3 readOnly:b · 4 recursiveReadOnly?
ContainerUser: 1 linux:LinuxContainerUser?
LinuxContainerUser: 1 uid:i · 2 gid:i · 3 supplementalGroups:i[]
ContainerImage: 1 names:s[] · 2 sizeBytes:i
NodeDaemonEndpoints: 1 kubeletEndpoint:DaemonEndpoint
DaemonEndpoint: 1 Port:i
AttachedVolume: 1 name · 2 devicePath
NodeSwapStatus: 1 capacity:i?
NodeFeatures: 1 supplementalGroupsPolicy:b?
NodeRuntimeHandler: 1 name · 2 features:NodeRuntimeHandlerFeatures?
NodeRuntimeHandlerFeatures: 1 recursiveReadOnlyMounts:b? · 2 userNamespaces:b?
ServiceStatus: 1 loadBalancer:LoadBalancerStatus · 2 conditions:Condition[]
LoadBalancerStatus: 1 ingress:LoadBalancerIngress[]
LoadBalancerIngress: 1 ip · 2 hostname · 3 ipMode? · 4 ports:PortStatus[]
PortStatus: 1 port:i · 2 protocol · 3 error?
ResourceQuotaStatus: 1 hard:{Quantity} · 2 used:{Quantity}
PersistentVolumeClaimStatus: 1 phase · 2 accessModes:s[] · 3 capacity:{Quantity} · 4 conditions:PersistentVolumeClaimCondition[] · 5 allocatedResources:{Quantity} · 7 allocatedResourceStatuses:{s} · 8 currentVolumeAttributesClassName? · 9 modifyVolumeStatus:ModifyVolumeStatus?
PersistentVolumeClaimCondition: 1 type · 2 status · 3 lastProbeTime:Time · 4 lastTransitionTime:Time · 5 reason · 6 message
ModifyVolumeStatus: 1 targetVolumeAttributesClassName · 2 status
PodResourceClaimStatus: 1 name · 2 resourceClaimName?
PodExtendedResourceClaimStatus: 1 requestMappings:ContainerExtendedResourceRequest[] · 2 resourceClaimName
ContainerExtendedResourceRequest: 1 containerName · 2 resourceName · 3 requestName
ResourceStatus: 1 name · 2 resources:ResourceHealth[]
ResourceHealth: 1 resourceID · 2 health
Endpoints: 1 metadata:ObjectMeta · 2 subsets:EndpointSubset[]
EndpointSubset: 1 addresses:EndpointAddress[] · 2 notReadyAddresses:EndpointAddress[] · 3 ports:EndpointPort[]
EndpointAddress: 1 ip · 2 targetRef:ObjectReference? · 3 hostname · 4 nodeName?
EndpointPort: 1 name · 2 port:i · 3 protocol · 4 appProtocol?
LimitRange: 1 metadata:ObjectMeta · 2 spec:LimitRangeSpec
LimitRangeSpec: 1 limits:LimitRangeItem[]
LimitRangeItem: 1 type · 2 max:{Quantity} · 3 min:{Quantity} · 4 default:{Quantity} · 5 defaultRequest:{Quantity} · 6 maxLimitRequestRatio:{Quantity}
PersistentVolume: 1 metadata:ObjectMeta · 2 spec:PersistentVolumeSpec · 3 status:PersistentVolumeStatus
PersistentVolumeSpec: 1 capacity:{Quantity} · 2 persistentVolumeSource:PersistentVolumeSource^ · 3 accessModes:s[] · 4 claimRef:ObjectReference? · 5 persistentVolumeReclaimPolicy · 6 storageClassName · 7 mountOptions:s[] · 8 volumeMode? · 9 nodeAffinity:VolumeNodeAffinity? · 10 volumeAttributesClassName?
PersistentVolumeSource: 1 gcePersistentDisk:GCEPersistentDiskVolumeSource? · 2 awsElasticBlockStore:AWSElasticBlockStoreVolumeSource? · 3 hostPath:HostPathVolumeSource? · 4 glusterfs:GlusterfsPersistentVolumeSource? · 5 nfs:NFSVolumeSource? · 6 rbd:RBDPersistentVolumeSource? · 7 iscsi:ISCSIPersistentVolumeSource? · 8 cinder:CinderPersistentVolumeSource? · 9 cephfs:CephFSPersistentVolumeSource? · 10 fc:FCVolumeSource? · 11 flocker:FlockerVolumeSource? · 12 flexVolume:FlexPersistentVolumeSource? · 13 azureFile:AzureFilePersistentVolumeSource? · 14 vsphereVolume:VsphereVirtualDiskVolumeSource? · 15 quobyte:QuobyteVolumeSource? · 16 azureDisk:AzureDiskVolumeSource? · 17 photonPersistentDisk:PhotonPersistentDiskVolumeSource? · 18 portworxVolume:PortworxVolumeSource? · 19 scaleIO:ScaleIOPersistentVolumeSource? · 20 local:LocalVolumeSource? · 21 storageos:StorageOSPersistentVolumeSource? · 22 csi:CSIPersistentVolumeSource?
SecretReference: 1 name · 2 namespace
LocalVolumeSource: 1 path · 2 fsType?
CSIPersistentVolumeSource: 1 driver · 2 volumeHandle · 3 readOnly:b · 4 fsType · 5 volumeAttributes:{s} · 6 controllerPublishSecretRef:SecretReference? · 7 nodeStageSecretRef:SecretReference? · 8 nodePublishSecretRef:SecretReference? · 9 controllerExpandSecretRef:SecretReference? · 10 nodeExpandSecretRef:SecretReference?
VolumeNodeAffinity: 1 required:NodeSelector?
PersistentVolumeStatus: 1 phase · 2 message · 3 reason · 4 lastPhaseTransitionTime:Time?
TopologySelectorTerm: 1 matchLabelExpressions:TopologySelectorLabelRequirement[]
TopologySelectorLabelRequirement: 1 key · 2 values:s[]
PodResourceClaim: 1 name · 3 resourceClaimName? · 4 resourceClaimTemplateName?
WorkloadReference: 1 name · 2 podGroup · 3 podGroupReplicaKey
ContainerRestartRule: 1 action · 2 exitCodes:ContainerRestartRuleOnExitCodes?
FileKeySelector: 1 volumeName · 2 path · 3 key · 4 optional:b?
ClusterTrustBundleProjection: 1 name? · 2 signerName? · 3 labelSelector:LabelSelector? · 4 path · 5 optional:b?
PodCertificateProjection: 1 signerName · 2 keyType · 3 maxExpirationSeconds:i? · 4 credentialBundlePath · 5 keyPath · 6 certificateChainPath · 7 userAnnotations:{s}
NodeConfigSource: 2 configMap:ConfigMapNodeConfigSource?
NodeConfigStatus: 1 assigned:NodeConfigSource? · 2 active:NodeConfigSource? · 3 lastKnownGood:NodeConfigSource? · 4 error
ContainerRestartRuleOnExitCodes: 1 operator · 2 values:i[]
ConfigMapNodeConfigSource: 1 namespace · 2 name · 3 uid · 4 resourceVersion · 5 kubeletConfigKey
`;
