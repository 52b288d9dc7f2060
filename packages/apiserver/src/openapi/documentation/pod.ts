/** What people read about pods, in the notation of `type-documentation.ts`. */

/** Descriptions of types and fields. */
export const podDocumentation = `
# io.k8s.api.core.v1
Pod: A group of containers that run together on one node and share its network and volumes.
PodSpec: What a pod is to run, where, and with which rights.
  volumes: What containers of the pod can mount.
  containers!: What runs in the pod; at least one.
  restartPolicy(Always|Never|OnFailure): When containers that have ended are started again.
  terminationGracePeriodSeconds: How many seconds the containers have to end before they are killed.
  activeDeadlineSeconds: After how many seconds on its node the pod has failed.
  dnsPolicy(ClusterFirst|ClusterFirstWithHostNet|Default|None): Which name servers containers ask.
  nodeSelector: Labels that the pod's node must have.
  serviceAccountName: The service account that the pod acts as.
  serviceAccount: An older name of 'serviceAccountName'.
  nodeName: The node that the pod runs on; the scheduler sets it.
  hostNetwork: Whether the pod uses the network of its node in place of its own.
  hostPID: Whether containers see the processes of the node.
  hostIPC: Whether containers share inter-process communication with the node.
  securityContext: Rights and identities of all containers.
  imagePullSecrets: Secrets to fetch images with.
  hostname: The name that the pod has for itself; its own name by default.
  subdomain: With a hostname it gives the pod a name in the cluster's DNS.
  affinity: Rules about nodes and other pods that the scheduler heeds.
  schedulerName: Which scheduler places the pod.
  initContainers: What runs, one after the other, before the containers; those with restartPolicy 'Always' keep running beside them.
  automountServiceAccountToken: Whether containers get a token of the service account.
  tolerations: Taints of nodes that do not keep the pod away.
  hostAliases: Lines for the containers' hosts file.
  priorityClassName: The priority class that gives the pod its priority.
  priority: The higher, the sooner it is placed; set from its class.
  dnsConfig: Name servers and search domains beside those of 'dnsPolicy'.
  shareProcessNamespace: Whether containers see each other's processes.
  readinessGates: Conditions that must be true as well before the pod is ready.
  runtimeClassName: The runtime class that its containers run under.
  enableServiceLinks: Whether services of the namespace are told to containers in variables.
  preemptionPolicy(Never|PreemptLowerPriority): Whether pods of lower priority may be ended to make room for it.
  overhead: What the runtime itself needs; set from the runtime class.
  topologySpreadConstraints: How pods are to be spread over nodes and zones.
  ephemeralContainers: Containers for debugging, added to a running pod through its subresource.
  setHostnameAsFQDN: Whether the hostname is the full name in the DNS.
  os: The operating system that the pod is for.
  hostUsers: Whether users in the pod are those of the node.
  schedulingGates: While there is one, the pod is not placed.
  resourceClaims: Claims of devices that containers can refer to.
  resources: What all containers together request and may use.
  hostnameOverride: A name that takes the place of every other hostname.
  workloadRef: The workload that the pod is scheduled with.
PodStatus: What is known of a pod.
  phase(Failed|Pending|Running|Succeeded|Unknown): Where the pod is in its life.
  conditions: What is true of the pod now.
  message: Why it is as it is, for people.
  reason: Why it is as it is, in one word.
  hostIP: The address of its node.
  podIP: Its address.
  startTime: When its node took it.
  containerStatuses: What is known of each container.
  qosClass(BestEffort|Burstable|Guaranteed): How its requests and limits rank it when resources are short.
  initContainerStatuses: What is known of each init container.
  nominatedNodeName: The node where room is being made for it.
  podIPs: Its addresses, at most one of each family.
  ephemeralContainerStatuses: What is known of each ephemeral container.
  resize: Where a change of its resources is.
  resourceClaimStatuses: The claims that were made for it.
  hostIPs: All addresses of its node.
  observedGeneration: The generation that the node has acted upon.
  extendedResourceClaimStatus: The claim that backs its extended resources.
  allocatedResources: What its node has set aside for it.
  resources: What it requests and is limited to now.
PodCondition: One condition of a pod.
  type!:
  status!:
ContainerStatus: What is known of a container.
  name!: The name of the container.
  state: What it is doing.
  lastState: How it ended the last time.
  ready!: Whether its probes say that it can serve.
  restartCount!: How many times it was started again.
  image!: The image that it runs.
  imageID!: The exact image that it runs.
  containerID: How the runtime calls it.
  started: Whether its start has been completed.
  allocatedResources: What its node has set aside for it.
  resources: What it requests and is limited to now.
  volumeMounts: Its mounts as they are.
  user: Who its first process runs as.
  allocatedResourcesStatus: The health of devices given to it.
  stopSignal(SIGABRT|SIGALRM|SIGBUS|SIGCHLD|SIGCLD|SIGCONT|SIGFPE|SIGHUP|SIGILL|SIGINT|SIGIO|SIGIOT|SIGKILL|SIGPIPE|SIGPOLL|SIGPROF|SIGPWR|SIGQUIT|SIGRTMAX|SIGRTMAX-1|SIGRTMAX-10|SIGRTMAX-11|SIGRTMAX-12|SIGRTMAX-13|SIGRTMAX-14|SIGRTMAX-2|SIGRTMAX-3|SIGRTMAX-4|SIGRTMAX-5|SIGRTMAX-6|SIGRTMAX-7|SIGRTMAX-8|SIGRTMAX-9|SIGRTMIN|SIGRTMIN+1|SIGRTMIN+10|SIGRTMIN+11|SIGRTMIN+12|SIGRTMIN+13|SIGRTMIN+14|SIGRTMIN+15|SIGRTMIN+2|SIGRTMIN+3|SIGRTMIN+4|SIGRTMIN+5|SIGRTMIN+6|SIGRTMIN+7|SIGRTMIN+8|SIGRTMIN+9|SIGSEGV|SIGSTKFLT|SIGSTOP|SIGSYS|SIGTERM|SIGTRAP|SIGTSTP|SIGTTIN|SIGTTOU|SIGURG|SIGUSR1|SIGUSR2|SIGVTALRM|SIGWINCH|SIGXCPU|SIGXFSZ): The signal that it is asked to end with.
ContainerState: What a container is doing: one of the three.
  waiting: It has not started yet.
  running: It runs.
  terminated: It has ended.
ContainerStateWaiting: A container that has not started.
  reason: Why it waits, in one word.
  message: Why it waits, for people.
ContainerStateRunning: A container that runs.
  startedAt: Since when it runs.
ContainerStateTerminated: A container that has ended.
  exitCode!: The exit status of its first process.
  signal: The signal that ended it.
  reason: Why it ended, in one word.
  message: Why it ended, for people.
  startedAt: When it started.
  finishedAt: When it ended.
  containerID: How the runtime calls it.
VolumeMountStatus: A mount of a container as it is.
  name!:
  mountPath!: Where it is mounted.
  readOnly: Whether it cannot be written.
  recursiveReadOnly: Whether mounts below it cannot be written either.
ContainerUser: Who the first process of a container runs as.
  linux: The same on Linux.
LinuxContainerUser: User and groups of a process on Linux.
  uid!: The user.
  gid!: The group.
  supplementalGroups: The other groups.
PodIP: An address of a pod.
  ip!: The address.
HostIP: An address of a node.
  ip!: The address.
PodResourceClaimStatus: A claim that was made for a pod.
  name!: The claim's name in the pod.
  resourceClaimName: The name of the claim that was made.
PodTemplateSpec: From what pods are made.
PodOS: An operating system.
  name!: 'linux' or 'windows'.
PodSchedulingGate: A reason not to place a pod yet.
  name!: What it is called.
PodResourceClaim: A claim of devices that containers can refer to.
  name!:
  resourceClaimName: A claim that is there.
  resourceClaimTemplateName: A template from which a claim is made.
WorkloadReference: The group of pods that a pod is scheduled with.
  name!: The workload's name.
  podGroup!: The group in the workload.
  podGroupReplicaKey: Which replica of the group.
PodReadinessGate: A condition that a ready pod must have.
  conditionType!: The type of the condition.
PodDNSConfig: Settings for resolving names.
  nameservers: Addresses of name servers.
  searches: Domains to look for short names in.
  options: Options of the resolver.
PodDNSConfigOption: An option of the resolver.
HostAlias: An address with names for it.
  ip!: The address.
  hostnames: The names.
Affinity: Rules of attraction for the scheduler.
  nodeAffinity: Which nodes.
  podAffinity: Near which pods.
  podAntiAffinity: Away from which pods.
NodeAffinity: Which nodes a pod may or should run on.
  requiredDuringSchedulingIgnoredDuringExecution: What must hold when the pod is placed.
  preferredDuringSchedulingIgnoredDuringExecution: What counts for a node, by weight.
PodAffinity: Near which pods a pod must or should run.
  requiredDuringSchedulingIgnoredDuringExecution: What must hold when the pod is placed.
  preferredDuringSchedulingIgnoredDuringExecution: What counts for a node, by weight.
PodAntiAffinity: Away from which pods a pod must or should run.
  requiredDuringSchedulingIgnoredDuringExecution: What must hold when the pod is placed.
  preferredDuringSchedulingIgnoredDuringExecution: What counts for a node, by weight.
PreferredSchedulingTerm: A preference for nodes.
  weight!: How much it counts, 1 to 100.
  preference!: Which nodes are meant.
WeightedPodAffinityTerm: A preference about pods.
  weight!: How much it counts, 1 to 100.
  podAffinityTerm!: Which pods are meant.
PodAffinityTerm: Pods, and how near is near.
  labelSelector: Which pods, by their labels.
  namespaces: In which namespaces; the pod's own when nothing is said.
  topologyKey!: The label of nodes whose value is shared by what is near each other.
  namespaceSelector: In which namespaces, by their labels.
  matchLabelKeys: Labels of the pod itself whose values the other pods must have.
  mismatchLabelKeys: Labels of the pod itself whose values the other pods must not have.
NodeSelector: Nodes that meet one of the terms.
  nodeSelectorTerms!: The terms; one is enough.
NodeSelectorTerm: Requirements that must all be met.
  matchExpressions: Requirements on the node's labels.
  matchFields: Requirements on the node's fields.
NodeSelectorRequirement: A requirement on a label or field of a node.
  key!: The label or field.
  operator!(DoesNotExist|Exists|Gt|In|Lt|NotIn): How it is compared.
  values: What it is compared with.
Toleration: A taint that does not keep the pod away.
  key: The taint's key; empty for any.
  operator(Equal|Exists|Gt|Lt): Whether the value counts ('Equal') or not ('Exists').
  value: The taint's value.
  effect(NoExecute|NoSchedule|PreferNoSchedule): The taint's effect; empty for any.
  tolerationSeconds: For how long a taint is borne that ends pods.
TopologySpreadConstraint: How evenly pods are spread.
  maxSkew!: By how many pods places may differ.
  topologyKey!: The label of nodes whose value makes a place.
  whenUnsatisfiable!(DoNotSchedule|ScheduleAnyway): What happens when it cannot be kept.
  labelSelector: Which pods are counted.
  minDomains: How many places there should be at least.
  nodeAffinityPolicy(Honor|Ignore): Whether nodes that the pod may not run on count.
  nodeTaintsPolicy(Honor|Ignore): Whether nodes whose taints it does not bear count.
  matchLabelKeys: Labels of the pod itself by whose values pods are counted as well.
Binding: Puts a pod on a node.
  target!: The node.
`;
