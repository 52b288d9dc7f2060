/** The types of core/v1 Pod and everything below it, in the notation of `schema-notation.ts`. Source: the field lists of `k8s.io/api` v0.35. */

/** Type definitions; other tables may refer to them. */
export const podTypes = `
Pod: apiVersion kind metadata:ObjectMeta spec:PodSpec status:PodStatus
PodSpec: volumes:Volume![name] containers+:Container[name] restartPolicy terminationGracePeriodSeconds:l activeDeadlineSeconds:l
    dnsPolicy nodeSelector:{s}~ serviceAccountName serviceAccount nodeName hostNetwork:b hostPID:b hostIPC:b
    securityContext:PodSecurityContext imagePullSecrets:LocalObjectReference[name] hostname subdomain affinity:Affinity schedulerName
    initContainers:Container[name] automountServiceAccountToken:b tolerations:Toleration[] hostAliases:HostAlias[ip] priorityClassName
    priority:i dnsConfig:PodDNSConfig shareProcessNamespace:b readinessGates:PodReadinessGate[] runtimeClassName enableServiceLinks:b
    preemptionPolicy overhead:{q} topologySpreadConstraints:TopologySpreadConstraint[topologyKey,whenUnsatisfiable]
    ephemeralContainers:EphemeralContainer[name] setHostnameAsFQDN:b os:PodOS hostUsers:b schedulingGates:PodSchedulingGate[name]
    resourceClaims:PodResourceClaim![name] resources:ResourceRequirements hostnameOverride workloadRef:WorkloadReference
Volume: name hostPath:HostPathVolumeSource emptyDir:EmptyDirVolumeSource secret:SecretVolumeSource
    persistentVolumeClaim:PersistentVolumeClaimVolumeSource downwardAPI:DownwardAPIVolumeSource configMap:ConfigMapVolumeSource
    projected:ProjectedVolumeSource csi:CSIVolumeSource gcePersistentDisk:any awsElasticBlockStore:any gitRepo:any nfs:NFSVolumeSource
    iscsi:any glusterfs:any rbd:any flexVolume:any cinder:any cephfs:any flocker:any fc:any azureFile:any vsphereVolume:any
    quobyte:any azureDisk:any photonPersistentDisk:any portworxVolume:any scaleIO:any storageos:any
    ephemeral:EphemeralVolumeSource image:ImageVolumeSource
HostPathVolumeSource: path type
EmptyDirVolumeSource: medium sizeLimit:q
SecretVolumeSource: secretName items:KeyToPath[] defaultMode:i optional:b
KeyToPath: key path mode:i
PersistentVolumeClaimVolumeSource: claimName readOnly:b
DownwardAPIVolumeSource: items:DownwardAPIVolumeFile[] defaultMode:i
DownwardAPIVolumeFile: path fieldRef:ObjectFieldSelector resourceFieldRef:ResourceFieldSelector mode:i
ObjectFieldSelector~: apiVersion fieldPath
ResourceFieldSelector~: containerName resource divisor:q
ConfigMapVolumeSource: name items:KeyToPath[] defaultMode:i optional:b
ProjectedVolumeSource: sources:VolumeProjection[] defaultMode:i
VolumeProjection: secret:SecretProjection downwardAPI:DownwardAPIProjection configMap:ConfigMapProjection
    serviceAccountToken:ServiceAccountTokenProjection clusterTrustBundle:ClusterTrustBundleProjection
    podCertificate:PodCertificateProjection
SecretProjection: name items:KeyToPath[] optional:b
DownwardAPIProjection: items:DownwardAPIVolumeFile[]
ConfigMapProjection: name items:KeyToPath[] optional:b
ServiceAccountTokenProjection: audience expirationSeconds:l path
ClusterTrustBundleProjection: name signerName labelSelector:LabelSelector optional:b path
PodCertificateProjection: signerName keyType maxExpirationSeconds:i credentialBundlePath keyPath certificateChainPath
    userAnnotations:{s}
CSIVolumeSource: driver readOnly:b fsType volumeAttributes:{s} nodePublishSecretRef:LocalObjectReference
NFSVolumeSource: server path readOnly:b
ImageVolumeSource: reference pullPolicy
Container: name image command:s[] args:s[] workingDir ports:ContainerPort[containerPort,protocol] env:EnvVar[name]
    resources:ResourceRequirements volumeMounts:VolumeMount[mountPath] livenessProbe:Probe readinessProbe:Probe lifecycle:Lifecycle
    terminationMessagePath imagePullPolicy securityContext:SecurityContext stdin:b stdinOnce:b tty:b envFrom:EnvFromSource[]
    terminationMessagePolicy volumeDevices:VolumeDevice[devicePath] startupProbe:Probe resizePolicy:ContainerResizePolicy[]
    restartPolicy restartPolicyRules:ContainerRestartRule[]
ContainerPort: name hostPort:i containerPort:i protocol hostIP
EnvVar: name value valueFrom:EnvVarSource
EnvVarSource: fieldRef:ObjectFieldSelector resourceFieldRef:ResourceFieldSelector configMapKeyRef:ConfigMapKeySelector
    secretKeyRef:SecretKeySelector fileKeyRef:FileKeySelector
ConfigMapKeySelector~: name key optional:b
SecretKeySelector~: name key optional:b
FileKeySelector~: volumeName path key optional:b
ResourceRequirements: limits:{q} requests:{q} claims:ResourceClaim[name]=
ResourceClaim: name request
VolumeMount: name readOnly:b mountPath subPath mountPropagation subPathExpr recursiveReadOnly
Probe: exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction grpc:GRPCAction initialDelaySeconds:i timeoutSeconds:i
    periodSeconds:i successThreshold:i failureThreshold:i terminationGracePeriodSeconds:l
ExecAction: command:s[]
HTTPGetAction: path port:is host scheme httpHeaders:HTTPHeader[]
HTTPHeader: name value
TCPSocketAction: port:is host
GRPCAction: port:i service
Lifecycle: postStart:LifecycleHandler preStop:LifecycleHandler stopSignal
LifecycleHandler: exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction sleep:SleepAction
SleepAction: seconds:l
SecurityContext: capabilities:Capabilities privileged:b seLinuxOptions:SELinuxOptions runAsUser:l runAsNonRoot:b
    readOnlyRootFilesystem:b allowPrivilegeEscalation:b runAsGroup:l procMount windowsOptions:WindowsSecurityContextOptions
    seccompProfile:SeccompProfile appArmorProfile:AppArmorProfile
Capabilities: add:s[] drop:s[]
SELinuxOptions: user role type level
WindowsSecurityContextOptions: gmsaCredentialSpecName gmsaCredentialSpec runAsUserName hostProcess:b
SeccompProfile: type localhostProfile
AppArmorProfile: type localhostProfile
EnvFromSource: prefix configMapRef:ConfigMapEnvSource secretRef:SecretEnvSource
ConfigMapEnvSource: name optional:b
SecretEnvSource: name optional:b
VolumeDevice: name devicePath
ContainerResizePolicy: resourceName restartPolicy
ContainerRestartRule: action exitCodes:ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes: operator values:i[set]=
PodSecurityContext: seLinuxOptions:SELinuxOptions runAsUser:l runAsNonRoot:b supplementalGroups:l[] fsGroup:l runAsGroup:l
    sysctls:Sysctl[] windowsOptions:WindowsSecurityContextOptions fsGroupChangePolicy seccompProfile:SeccompProfile
    appArmorProfile:AppArmorProfile supplementalGroupsPolicy seLinuxChangePolicy
Sysctl: name value
Affinity: nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity
NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution:NodeSelector
    preferredDuringSchedulingIgnoredDuringExecution:PreferredSchedulingTerm[]
NodeSelector~: nodeSelectorTerms:NodeSelectorTerm[]
NodeSelectorTerm~: matchExpressions:NodeSelectorRequirement[] matchFields:NodeSelectorRequirement[]
NodeSelectorRequirement: key operator values:s[]
PreferredSchedulingTerm: weight:i preference:NodeSelectorTerm
PodAffinity: requiredDuringSchedulingIgnoredDuringExecution:PodAffinityTerm[]
    preferredDuringSchedulingIgnoredDuringExecution:WeightedPodAffinityTerm[]
PodAffinityTerm: labelSelector:LabelSelector namespaces:s[] topologyKey namespaceSelector:LabelSelector matchLabelKeys:s[]
    mismatchLabelKeys:s[]
WeightedPodAffinityTerm: weight:i podAffinityTerm:PodAffinityTerm
PodAntiAffinity: requiredDuringSchedulingIgnoredDuringExecution:PodAffinityTerm[]
    preferredDuringSchedulingIgnoredDuringExecution:WeightedPodAffinityTerm[]
Toleration: key operator value effect tolerationSeconds:l
HostAlias: ip hostnames:s[]
PodDNSConfig: nameservers:s[] searches:s[] options:PodDNSConfigOption[]
PodDNSConfigOption: name value
PodReadinessGate: conditionType
TopologySpreadConstraint: maxSkew:i topologyKey whenUnsatisfiable labelSelector:LabelSelector minDomains:i nodeAffinityPolicy
    nodeTaintsPolicy matchLabelKeys:s[]
EphemeralContainer: name image command:s[] args:s[] workingDir ports:ContainerPort[containerPort,protocol] env:EnvVar[name]
    resources:ResourceRequirements volumeMounts:VolumeMount[mountPath] livenessProbe:Probe readinessProbe:Probe lifecycle:Lifecycle
    terminationMessagePath imagePullPolicy securityContext:SecurityContext stdin:b stdinOnce:b tty:b envFrom:EnvFromSource[]
    terminationMessagePolicy volumeDevices:VolumeDevice[devicePath] startupProbe:Probe resizePolicy:ContainerResizePolicy[]
    restartPolicy restartPolicyRules:ContainerRestartRule[] targetContainerName
PodOS: name
PodSchedulingGate: name
PodResourceClaim: name resourceClaimName resourceClaimTemplateName
WorkloadReference: name podGroup podGroupReplicaKey
PodStatus: phase conditions:PodCondition[type] message reason hostIP podIP startTime:t containerStatuses:ContainerStatus[] qosClass
    initContainerStatuses:ContainerStatus[] nominatedNodeName podIPs:PodIP[ip] ephemeralContainerStatuses:ContainerStatus[] resize
    resourceClaimStatuses:PodResourceClaimStatus![name] hostIPs:HostIP[ip]~ observedGeneration:l extendedResourceClaimStatus:any
    allocatedResources:{q} resources:ResourceRequirements
PodCondition: type status lastProbeTime:t lastTransitionTime:t reason message observedGeneration:l
ContainerStatus: name state:ContainerState lastState:ContainerState ready:b restartCount:i image imageID containerID started:b
    allocatedResources:{q} resources:ResourceRequirements volumeMounts:VolumeMountStatus[mountPath] user:ContainerUser
    allocatedResourcesStatus:any stopSignal
ContainerState: waiting:ContainerStateWaiting running:ContainerStateRunning terminated:ContainerStateTerminated
ContainerStateWaiting: reason message
ContainerStateRunning: startedAt:t
ContainerStateTerminated: exitCode:i signal:i reason message startedAt:t finishedAt:t containerID
VolumeMountStatus: name mountPath readOnly:b recursiveReadOnly
ContainerUser: linux:LinuxContainerUser
LinuxContainerUser: uid:l gid:l supplementalGroups:l[]
PodIP: ip
PodResourceClaimStatus: name resourceClaimName
HostIP: ip
`;
