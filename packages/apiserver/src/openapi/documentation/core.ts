/** What people read about services, endpoints, nodes, settings and what else the core has, in the notation of `type-documentation.ts`. */

/** Descriptions of types and fields. */
export const coreDocumentation = `
# io.k8s.api.core.v1
ObjectReference: Names an object, or a part of one.
  kind: The kind of the object.
  namespace: The namespace of the object.
  name: The name of the object.
  uid: The identity of the object.
  apiVersion: The version of the API of its kind.
  resourceVersion: The version of the object that was meant.
  fieldPath: The part of the object that is meant.
LocalObjectReference: Names an object in the same namespace.
  name: The name of the object.
TypedLocalObjectReference: Names an object of any kind in the same namespace.
  apiGroup: The group of its kind; empty for the core.
  kind!: The kind of the object.
  name!: The name of the object.
TypedObjectReference: Names an object of any kind.
  apiGroup: The group of its kind; empty for the core.
  kind!: The kind of the object.
  name!: The name of the object.
  namespace: The namespace of the object.
Namespace: A place for objects, whose names must differ only inside it.
NamespaceSpec: What keeps a namespace.
  finalizers: What must be done before it can go.
NamespaceStatus: What is known of a namespace.
  phase(Active|Terminating): Whether it is in use or going.
  conditions: What keeps it from going.
NamespaceCondition: One condition of a namespace.
  type!:
  status!:
Service: One address for a set of pods.
ServiceSpec: Where a service is, and what is behind it.
  ports: Its ports.
  selector: Labels of the pods behind it; without any, endpoints are written by somebody else.
  clusterIP: Its address in the cluster; 'None' for a service without one.
  type(ClusterIP|ExternalName|LoadBalancer|NodePort): From where it can be reached.
  externalIPs: Addresses from outside whose traffic is taken as well.
  sessionAffinity(ClientIP|None): Whether a client comes to the same pod again.
  loadBalancerIP: The address that is wanted of the load balancer.
  loadBalancerSourceRanges: From where the load balancer takes traffic.
  externalName: The name that stands behind a service of type 'ExternalName'.
  externalTrafficPolicy(Cluster|Local): Whether traffic from outside goes to pods of its own node only.
  healthCheckNodePort: The port at which nodes tell whether they have pods of it.
  publishNotReadyAddresses: Whether pods that are not ready count.
  sessionAffinityConfig: For how long it does.
  ipFamilyPolicy(PreferDualStack|RequireDualStack|SingleStack): Whether it has addresses of one family or two.
  clusterIPs: Its addresses in the cluster, at most one of each family.
  ipFamilies(|IPv4|IPv6): The families of its addresses, the first one first.
  allocateLoadBalancerNodePorts: Whether a service with a load balancer gets ports of the nodes.
  loadBalancerClass: Which load balancer.
  internalTrafficPolicy(Cluster|Local): Whether traffic from inside goes to pods of its own node only.
  trafficDistribution: Which endpoints are preferred, by their place.
ServicePort: One port of a service.
  name: What it is called; needed when there are several.
  protocol(SCTP|TCP|UDP)=TCP: Its protocol.
  port!: Its number.
  targetPort: The number or name of the pods' port; the same number by default.
  nodePort: The port of every node that leads to it.
  appProtocol: The protocol above it.
SessionAffinityConfig: For how long a client comes to the same pod.
  clientIP: By the address of the client.
ClientIPConfig: Sessions by the address of the client.
  timeoutSeconds: How many seconds a session lasts after its last packet.
ServiceStatus: What is known of a service.
  loadBalancer: What the load balancer has given it.
  conditions: What is true of the service now.
LoadBalancerStatus: What a load balancer has given.
  ingress: Where it takes traffic.
LoadBalancerIngress: Where a load balancer takes traffic.
  ip: The address.
  hostname: The name.
  ipMode: Whether the address is that of the load balancer ('VIP') or a proxy's.
  ports: What is known of its ports.
PortStatus: What is known of a port.
  port!: The number.
  protocol!(SCTP|TCP|UDP): The protocol.
  error: Why it does not work.
Endpoints: The addresses behind a service; EndpointSlices have taken their place.
  subsets: Addresses with the ports that they have.
EndpointSubset: Addresses that have the same ports.
  addresses: Those that are ready.
  notReadyAddresses: Those that are not.
  ports: The ports.
EndpointAddress: One address.
  ip!: The address.
  hostname: Its name.
  nodeName: The node that it is on.
  targetRef: The pod that has it.
CoreEndpointPort=EndpointPort: One port.
  name: The name of the service's port.
  port!: The number.
  protocol(SCTP|TCP|UDP): The protocol.
  appProtocol: The protocol above it.
Node: A machine that runs pods.
NodeSpec: How a node is used.
  podCIDR: The addresses of its pods.
  externalID: Not used any more.
  providerID: How its provider calls it.
  unschedulable: Whether it gets no new pods.
  taints: What keeps pods away that do not bear it.
  configSource: Not used any more.
  podCIDRs: The addresses of its pods, at most one range of each family.
Taint: What keeps pods away from a node.
  key!: What it is called.
  value: Its value.
  effect!(NoExecute|NoSchedule|PreferNoSchedule): What it does to pods that do not bear it.
  timeAdded: Since when it is there.
NodeStatus: What is known of a node.
  capacity: What it has.
  allocatable: What it has for pods.
  phase(Pending|Running|Terminated): Not used any more.
  conditions: What is true of the node now.
  addresses: How it can be reached.
  daemonEndpoints: Where its own programs listen.
  nodeInfo: What it runs.
  images: Images that it has.
  volumesInUse: Volumes that it uses.
  volumesAttached: Volumes that are attached to it.
  config: Not used any more.
  runtimeHandlers: The runtimes that it has.
  features: What its runtime can do.
  declaredFeatures: What it says that it can do.
NodeCondition: One condition of a node.
  type!:
  status!:
NodeAddress: How a node can be reached.
  type!: What kind of address it is.
  address!: The address or the name.
NodeDaemonEndpoints: Where a node's own programs listen.
  kubeletEndpoint: Where the kubelet listens.
DaemonEndpoint: A port.
  Port!: The number.
NodeSystemInfo: What a node runs.
  machineID!: The machine's identity.
  systemUUID!: The hardware's identity.
  bootID!: The identity of its last start.
  kernelVersion!: The kernel.
  osImage!: The system.
  containerRuntimeVersion!: The runtime of containers.
  kubeletVersion!: The kubelet.
  kubeProxyVersion!: Not used any more.
  operatingSystem!: The operating system.
  architecture!: The processor.
  swap: Its swap space.
NodeSwapStatus: Swap space.
  capacity: How many bytes.
ContainerImage: An image that a node has.
  names: What it is called.
  sizeBytes: How many bytes it has.
AttachedVolume: A volume that is attached to a node.
  name!: The volume.
  devicePath!: Where its device is.
NodeConfigSource: Where a node has its configuration from; nothing reads it any more.
  configMap: A ConfigMap.
ConfigMapNodeConfigSource: A ConfigMap with the configuration of a node.
  namespace!: Its namespace.
  name!: Its name.
  uid: Its uid.
  resourceVersion: Its version.
  kubeletConfigKey!: The key of the configuration.
NodeConfigStatus: The configuration that a node runs with; nothing writes it any more.
  assigned: What it is to use.
  active: What it uses.
  lastKnownGood: What it falls back to.
  error: What is wrong with it.
NodeRuntimeHandler: A container runtime of a node.
  name: The name, empty for the usual one.
  features: What it can do.
NodeRuntimeHandlerFeatures: What a container runtime can do.
  recursiveReadOnlyMounts: Whether mounts below a mount can be read-only, too.
  userNamespaces: Whether pods can have users of their own.
NodeFeatures: What the software of a node can do.
  supplementalGroupsPolicy: Whether pods can say which groups of the image count.
ServiceAccount: An identity for pods.
  secrets: Secrets that pods of it may use.
  imagePullSecrets: Secrets to fetch images with.
  automountServiceAccountToken: Whether pods of it get a token.
ConfigMap: Settings, as texts by name.
  data: Texts by name.
  binaryData: Bytes by name, in base64.
  immutable: Whether nothing of it can be changed any more.
Secret: Secrets, as bytes by name.
  data: Bytes by name, in base64.
  type: What the entries are for.
  stringData: Texts by name, for writing only; they go to 'data'.
  immutable: Whether nothing of it can be changed any more.
Event: Something that happened to an object.
  metadata!:
  involvedObject!: What it happened to.
  reason: Why it happened, in one word.
  message: What happened, for people.
  source: Who tells.
  firstTimestamp: When it happened first.
  lastTimestamp: When it happened last.
  count: How many times it happened.
  type: 'Normal' or 'Warning'.
  eventTime: When it was observed first.
  series: How it goes on, when it happens again and again.
  action: What was done about it.
  related: Another object that it concerns.
  reportingComponent: The controller that tells.
  reportingInstance: Which instance of the controller tells.
EventSource: Who tells of an event.
  component: The program.
  host: The node that it runs on.
EventSeries: How an event goes on.
  count: How many times it happened.
  lastObservedTime: When it happened last.
ResourceQuota: What a namespace may use in all.
ResourceQuotaSpec: The bounds of a namespace.
  hard: How much of each resource.
  scopes(BestEffort|CrossNamespacePodAffinity|NotBestEffort|NotTerminating|PriorityClass|Terminating|VolumeAttributesClass): Which objects are counted.
  scopeSelector: Which objects are counted, by expressions.
ScopeSelector: Which objects are counted.
  matchExpressions: Requirements that must all be met.
ScopedResourceSelectorRequirement: One requirement of a scope.
  scopeName!(BestEffort|CrossNamespacePodAffinity|NotBestEffort|NotTerminating|PriorityClass|Terminating|VolumeAttributesClass): The scope.
  operator!(DoesNotExist|Exists|In|NotIn): How it is compared.
  values: What it is compared with.
ResourceQuotaStatus: What a namespace uses.
  hard: The bounds that are enforced.
  used: How much of each is used.
LimitRange: Bounds and defaults for each object of a namespace.
LimitRangeSpec: The bounds.
  limits!: Bounds, by the type of what they are about.
LimitRangeItem: Bounds for one type of things.
  type!: 'Pod', 'Container' or 'PersistentVolumeClaim'.
  max: At most this much of each resource.
  min: At least this much of each resource.
  default: The limits of containers that say nothing.
  defaultRequest: The requests of containers that say nothing.
  maxLimitRequestRatio: By how much a limit may exceed the request.
# io.k8s.api.discovery.v1
EndpointSlice: Some of the addresses behind a service.
  endpoints!: The endpoints, at most 1000.
  ports: The ports that all of them have; none means all ports.
  addressType!(FQDN|IPv4|IPv6): What the addresses are.
Endpoint: One of the ends behind a service.
  addresses!: Its addresses; the first one is used.
  conditions: Whether it can be used.
  hostname: Its name.
  targetRef: The pod that it is.
  deprecatedTopology: Where it is, as older versions said it.
  nodeName: The node that it is on.
  zone: The zone that it is in.
  hints: Who should use it.
EndpointConditions: Whether an endpoint can be used.
  ready: Whether it takes new connections; unknown counts as yes.
  serving: Whether it still serves, going or not.
  terminating: Whether it is going.
EndpointHints: Who should use an endpoint.
  forZones: Clients of these zones.
  forNodes: Clients on these nodes.
ForZone: A zone.
  name!: The name of the zone.
ForNode: A node.
  name!: The name of the node.
EndpointPort: A port of endpoints.
  name: The name of the service's port.
  protocol(SCTP|TCP|UDP): The protocol.
  port: The number.
  appProtocol: The protocol above it.
# io.k8s.api.events.v1
EventsEvent=Event: Something that happened to an object.
  eventTime!: When it was observed first.
  series: How it goes on, when it happens again and again.
  reportingController: The controller that tells.
  reportingInstance: Which instance of the controller tells.
  action: What was done about it.
  reason: Why it happened, in one word.
  regarding: What it happened to.
  related: Another object that it concerns.
  note: What happened, for people.
  type: 'Normal' or 'Warning'.
  deprecatedSource: Who tells, in core/v1.
  deprecatedFirstTimestamp: When it happened first, in core/v1.
  deprecatedLastTimestamp: When it happened last, in core/v1.
  deprecatedCount: How many times it happened, in core/v1.
EventsEventSeries=EventSeries: How an event goes on.
  count!: How many times it happened.
  lastObservedTime!: When it happened last.
# io.k8s.api.coordination.v1
Lease: Who has something, and until when.
LeaseSpec: Who has it.
  holderIdentity: Who has it now.
  leaseDurationSeconds: How many seconds after its renewal others must wait.
  acquireTime: Since when its holder has it.
  renewTime: When its holder renewed it last.
  leaseTransitions: How many times it went from one holder to another.
  strategy: How the next holder is chosen.
  preferredHolder: Who should have it.
`;
