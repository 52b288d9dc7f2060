/**
 * The types of the other kinds of core/v1, of discovery.k8s.io, coordination.k8s.io, events.k8s.io and policy,
 * in the notation of `schema-notation.ts`. Source: the field lists of `k8s.io/api` v0.35.
 */

/** Type definitions; other tables may refer to them. */
export const coreTypes = `
Namespace: apiVersion kind metadata:ObjectMeta spec:NamespaceSpec status:NamespaceStatus
NamespaceSpec: finalizers:s[]
NamespaceStatus: phase conditions:NamespaceCondition[type]
NamespaceCondition: type status lastTransitionTime:t reason message
Service: apiVersion kind metadata:ObjectMeta spec:ServiceSpec status:ServiceStatus
ServiceSpec: ports:ServicePort[port,protocol] selector:{s}~ clusterIP type externalIPs:s[] sessionAffinity loadBalancerIP
    loadBalancerSourceRanges:s[] externalName externalTrafficPolicy healthCheckNodePort:i publishNotReadyAddresses:b
    sessionAffinityConfig:SessionAffinityConfig ipFamilyPolicy clusterIPs:s[] ipFamilies:s[] allocateLoadBalancerNodePorts:b
    loadBalancerClass internalTrafficPolicy trafficDistribution
ServicePort: name protocol port:i targetPort:is nodePort:i appProtocol
SessionAffinityConfig: clientIP:ClientIPConfig
ClientIPConfig: timeoutSeconds:i
ServiceStatus: loadBalancer+:LoadBalancerStatus conditions:Condition[type]
LoadBalancerStatus: ingress:LoadBalancerIngress[]
LoadBalancerIngress: ip hostname ipMode ports:PortStatus[]
PortStatus: port:i protocol error
Endpoints: apiVersion kind metadata:ObjectMeta subsets:EndpointSubset[]
EndpointSubset: addresses:EndpointAddress[] notReadyAddresses:EndpointAddress[] ports:CoreEndpointPort[]
EndpointAddress~: ip hostname nodeName targetRef:ObjectReference
CoreEndpointPort~: name port:i protocol appProtocol
EndpointSlice: apiVersion kind metadata:ObjectMeta endpoints:Endpoint[] ports:EndpointPort[] addressType
Endpoint: addresses:s[set]= conditions:EndpointConditions hostname targetRef:ObjectReference deprecatedTopology:{s} nodeName zone
    hints:EndpointHints
EndpointConditions: ready:b serving:b terminating:b
EndpointHints: forZones:ForZone[] forNodes:ForNode[]
ForZone: name
ForNode: name
EndpointPort~: name protocol port:i appProtocol
Node: apiVersion kind metadata:ObjectMeta spec:NodeSpec status:NodeStatus
NodeSpec: podCIDR externalID providerID unschedulable:b taints:Taint[] configSource:NodeConfigSource podCIDRs:s[set]
Taint: key value effect timeAdded:t
NodeStatus: capacity:{q} allocatable:{q} phase conditions:NodeCondition[type] addresses:NodeAddress[type]
    daemonEndpoints+:NodeDaemonEndpoints nodeInfo+:NodeSystemInfo images:ContainerImage[] volumesInUse:s[]
    volumesAttached:AttachedVolume[] config:NodeConfigStatus runtimeHandlers:NodeRuntimeHandler[]
    features:NodeFeatures declaredFeatures:s[]
NodeConfigSource: configMap:ConfigMapNodeConfigSource
ConfigMapNodeConfigSource: namespace name uid resourceVersion kubeletConfigKey
NodeConfigStatus: assigned:NodeConfigSource active:NodeConfigSource lastKnownGood:NodeConfigSource error
NodeRuntimeHandler: name features:NodeRuntimeHandlerFeatures
NodeRuntimeHandlerFeatures: recursiveReadOnlyMounts:b userNamespaces:b
NodeFeatures: supplementalGroupsPolicy:b
NodeCondition: type status lastHeartbeatTime:t lastTransitionTime:t reason message
NodeAddress: type address
NodeDaemonEndpoints: kubeletEndpoint+:DaemonEndpoint
DaemonEndpoint: Port:i
NodeSystemInfo: machineID systemUUID bootID kernelVersion osImage containerRuntimeVersion kubeletVersion kubeProxyVersion
    operatingSystem architecture swap:NodeSwapStatus
NodeSwapStatus: capacity:l
ContainerImage: names:s[] sizeBytes:l
AttachedVolume: name devicePath
ServiceAccount: apiVersion kind metadata:ObjectMeta secrets:ObjectReference[name] imagePullSecrets:LocalObjectReference[]
    automountServiceAccountToken:b
ConfigMap: apiVersion kind metadata:ObjectMeta data:{s} binaryData:{bytes} immutable:b
Secret: apiVersion kind metadata:ObjectMeta data:{bytes} type stringData:{s} immutable:b
Event: apiVersion kind metadata:ObjectMeta involvedObject:ObjectReference reason message source:EventSource firstTimestamp:t
    lastTimestamp:t count:i type eventTime:mt series:EventSeries action related:ObjectReference reportingComponent reportingInstance
EventSource: component host
EventSeries: count:i lastObservedTime:mt
EventsEventSeries: count:i lastObservedTime:mt
EventsEvent: apiVersion kind metadata:ObjectMeta eventTime:mt series:EventsEventSeries reportingController reportingInstance action reason
    regarding:ObjectReference related:ObjectReference note type deprecatedSource:EventSource deprecatedFirstTimestamp:t
    deprecatedLastTimestamp:t deprecatedCount:i
Lease: apiVersion kind metadata:ObjectMeta spec:LeaseSpec
LeaseSpec: holderIdentity leaseDurationSeconds:i acquireTime:mt renewTime:mt leaseTransitions:i strategy preferredHolder
Binding: apiVersion kind metadata:ObjectMeta target:ObjectReference
Scale: apiVersion kind metadata:ObjectMeta spec:ScaleSpec status:ScaleStatus
ScaleSpec: replicas:i
ScaleStatus: replicas:i selector
Eviction: apiVersion kind metadata:ObjectMeta deleteOptions:DeleteOptions
`;
