/** What people read about containers, in the notation of `type-documentation.ts`. */

/** Descriptions of types and fields. */
export const containerDocumentation = `
# io.k8s.api.core.v1
Container: One process with its image, mounts and rights.
  name!: What it is called in the pod; a DNS label.
  image: The image that it runs.
  command: The program and its first arguments, in place of the image's.
  args: Arguments, in place of the image's.
  workingDir: Where it starts, in place of the image's directory.
  ports: Ports that it listens on; others can be reached as well.
  env: Variables of its environment.
  resources: What it needs and may use of CPU, memory and more.
  volumeMounts: Where it sees which volumes.
  livenessProbe: When this fails the container is started again.
  readinessProbe: While this fails the container is not served to.
  lifecycle: What is done after its start and before its end.
  terminationMessagePath: The file whose contents become the message of its end.
  imagePullPolicy(Always|IfNotPresent|Never): When the image is fetched.
  securityContext: Its rights and identity, in place of the pod's.
  stdin: Whether it has an input that stays open.
  stdinOnce: Whether its input ends with the first client that was attached.
  tty: Whether it has a terminal.
  envFrom: ConfigMaps and Secrets whose entries become variables.
  terminationMessagePolicy(FallbackToLogsOnError|File): Whether the end of its log stands in for an empty file.
  volumeDevices: Volumes that it gets as block devices.
  startupProbe: Until this succeeds the other probes wait.
  resizePolicy: Whether it must be restarted when its resources change.
  restartPolicy: When it is started again, in place of the pod's policy.
  restartPolicyRules: Exit codes that decide whether it is started again.
EphemeralContainer<Container: A container for debugging, beside those of the pod.
  name!:
  targetContainerName: The container whose processes it sees.
ContainerPort: A port that a container listens on.
  name: What services can call the port.
  hostPort: A port of the node that leads to it.
  containerPort!: Its number, 1 to 65535.
  protocol(SCTP|TCP|UDP)=TCP: Its protocol.
  hostIP: The address of the node that 'hostPort' is bound to.
EnvVar: A variable of the environment.
  name!: Its name.
  value: Its value; '$(NAME)' stands for a variable before it.
  valueFrom: Where its value comes from.
EnvVarSource: Where the value of a variable comes from.
  fieldRef: A field of the pod.
  resourceFieldRef: A request or limit of a container.
  configMapKeyRef: An entry of a ConfigMap.
  secretKeyRef: An entry of a Secret.
  fileKeyRef: An entry of a file in a volume.
EnvFromSource: Where variables come from.
  prefix: What stands before each name.
  configMapRef: A ConfigMap.
  secretRef: A Secret.
ConfigMapEnvSource: A ConfigMap whose entries become variables.
SecretEnvSource: A Secret whose entries become variables.
ConfigMapKeySelector: An entry of a ConfigMap.
  key!: Which entry.
SecretKeySelector: An entry of a Secret.
  key!: Which entry.
FileKeySelector: An entry of a file of variables.
  volumeName!: The volume.
  path!: The file in the volume.
  key!: Which variable.
ObjectFieldSelector: A field of the pod.
  apiVersion: The version of the API in which the path is written.
  fieldPath!: The path, for example 'metadata.name'.
ResourceFieldSelector: A request or limit of a container.
  containerName: The container; its own in variables.
  resource!: For example 'limits.cpu'.
  divisor: The unit in which it is told.
ResourceRequirements: What is needed and what may be used.
  limits: What may be used at most.
  requests: What is needed at least; the limits when nothing is said.
  claims: Claims of the pod that are used.
ResourceClaim: A claim of the pod that a container uses.
  name!: The claim's name in the pod.
  request: Which request of the claim; all when empty.
VolumeMount: Where a container sees a volume.
  name!: The volume's name.
  readOnly: Whether it cannot be written.
  mountPath!: Where it is mounted.
  subPath: The path in the volume that is mounted.
  mountPropagation(Bidirectional|HostToContainer|None): Whether mounts made on one side show on the other.
  subPathExpr: The same, with variables in it.
  recursiveReadOnly: Whether mounts below it cannot be written either.
VolumeDevice: A volume as a block device.
  name!: The name of the claim's volume.
  devicePath!: Where the device is in the container.
Probe: How it is found out whether a container is well.
  exec: Runs a command in the container.
  httpGet: Asks over HTTP.
  tcpSocket: Opens a TCP connection.
  grpc: Asks the health service over gRPC.
  initialDelaySeconds: How many seconds to wait after the start.
  timeoutSeconds: After how many seconds an attempt has failed.
  periodSeconds: How many seconds lie between attempts.
  successThreshold: How many successes in a row make it well.
  failureThreshold: How many failures in a row make it unwell.
  terminationGracePeriodSeconds: How many seconds it has to end after failing, in place of the pod's.
ExecAction: A command.
  command: The program and its arguments; no shell is involved.
HTTPGetAction: A request over HTTP.
  path: The path to ask for.
  port!: The port's number or name.
  host: The host; the pod's address by default.
  scheme(HTTP|HTTPS): Plain or with TLS; the certificate is not checked.
  httpHeaders: Headers to send.
HTTPHeader: A header.
  name!: The name of the header.
  value!:
TCPSocketAction: A TCP connection.
  port!: The port's number or name.
  host: The host; the pod's address by default.
GRPCAction: A question to the health service.
  port!: The port's number.
  service: The service to ask about.
Lifecycle: What is done around a container's life.
  postStart: Done right after its start; when it fails the container is killed.
  preStop: Done before it is asked to end.
  stopSignal(SIGABRT|SIGALRM|SIGBUS|SIGCHLD|SIGCLD|SIGCONT|SIGFPE|SIGHUP|SIGILL|SIGINT|SIGIO|SIGIOT|SIGKILL|SIGPIPE|SIGPOLL|SIGPROF|SIGPWR|SIGQUIT|SIGRTMAX|SIGRTMAX-1|SIGRTMAX-10|SIGRTMAX-11|SIGRTMAX-12|SIGRTMAX-13|SIGRTMAX-14|SIGRTMAX-2|SIGRTMAX-3|SIGRTMAX-4|SIGRTMAX-5|SIGRTMAX-6|SIGRTMAX-7|SIGRTMAX-8|SIGRTMAX-9|SIGRTMIN|SIGRTMIN+1|SIGRTMIN+10|SIGRTMIN+11|SIGRTMIN+12|SIGRTMIN+13|SIGRTMIN+14|SIGRTMIN+15|SIGRTMIN+2|SIGRTMIN+3|SIGRTMIN+4|SIGRTMIN+5|SIGRTMIN+6|SIGRTMIN+7|SIGRTMIN+8|SIGRTMIN+9|SIGSEGV|SIGSTKFLT|SIGSTOP|SIGSYS|SIGTERM|SIGTRAP|SIGTSTP|SIGTTIN|SIGTTOU|SIGURG|SIGUSR1|SIGUSR2|SIGVTALRM|SIGWINCH|SIGXCPU|SIGXFSZ): The signal that it is asked to end with.
LifecycleHandler: One thing to do.
  exec: Runs a command in the container.
  httpGet: Asks over HTTP.
  tcpSocket: Not supported; kept for old clients.
  sleep: Waits.
SleepAction: A pause.
  seconds!: How many seconds.
SecurityContext: Rights and identity of a container.
  capabilities: Capabilities that are added and taken away.
  privileged: Whether it has all the rights of root on the node.
  seLinuxOptions: Its label for SELinux.
  runAsUser: The user of its first process.
  runAsNonRoot: Whether it may not run as root.
  readOnlyRootFilesystem: Whether its root file system cannot be written.
  allowPrivilegeEscalation: Whether a process can get more rights than its parent has.
  runAsGroup: The group of its first process.
  procMount(Default|Unmasked): How '/proc' is mounted.
  windowsOptions: Settings for Windows.
  seccompProfile: Which system calls it may use.
  appArmorProfile: Its AppArmor profile.
PodSecurityContext: Rights and identities of all containers of a pod.
  seLinuxOptions: The label for SELinux.
  runAsUser: The user of their first processes.
  runAsNonRoot: Whether they may not run as root.
  supplementalGroups: Other groups of their first processes.
  fsGroup: A group that owns the volumes.
  runAsGroup: The group of their first processes.
  sysctls: Kernel parameters of the pod's namespaces.
  windowsOptions: Settings for Windows.
  fsGroupChangePolicy(Always|OnRootMismatch): When the group of a volume's files is changed.
  seccompProfile: Which system calls they may use.
  appArmorProfile: Their AppArmor profile.
  supplementalGroupsPolicy(Merge|Strict): Whether groups of the image count as well.
  seLinuxChangePolicy: How volumes get their label for SELinux.
Capabilities: POSIX capabilities.
  add: Those that are added.
  drop: Those that are taken away; 'ALL' for all.
SELinuxOptions: A label for SELinux.
  user: Its user.
  role: Its role.
  type: Its type.
  level: Its level.
WindowsSecurityContextOptions: Settings for containers on Windows.
  gmsaCredentialSpecName: The name of a credential specification.
  gmsaCredentialSpec: A credential specification.
  runAsUserName: The user of its first process.
  hostProcess: Whether it runs as a process of the node.
SeccompProfile: Which system calls may be used.
  type!(Localhost|RuntimeDefault|Unconfined): Which kind of profile.
  localhostProfile: The file of a profile on the node.
AppArmorProfile: An AppArmor profile.
  type!(Localhost|RuntimeDefault|Unconfined): Which kind of profile.
  localhostProfile: The name of a profile that the node has loaded.
Sysctl: A kernel parameter.
  name!:
  value!:
ContainerResizePolicy: What a change of a resource means for the container.
  resourceName!: The resource.
  restartPolicy!: Whether the container is restarted.
ContainerRestartRule: What an exit code means.
  action!: What is done; 'Restart' is the only action.
  exitCodes: Which exit codes.
ContainerRestartRuleOnExitCodes: A set of exit codes.
  operator!: Whether the code is 'In' the values or 'NotIn' them.
  values: The exit codes.
`;
