/** What people read about workloads and what goes with them, in the notation of `type-documentation.ts`. */

/** Descriptions of types and fields. */
export const workloadDocumentation = `
# io.k8s.api.apps.v1
Deployment: Replicas of a pod, replaced step by step when its template changes.
DeploymentSpec: Which pods there are to be, and how they are replaced.
  replicas: How many pods there are to be.
  selector!: Which pods belong to it; it must select the template's labels and cannot be changed.
  template!: What the pods are made from.
  strategy: How old pods are replaced.
  minReadySeconds: How many seconds a pod must be ready before it counts.
  revisionHistoryLimit: How many old ReplicaSets are kept for going back.
  paused: Whether changes of the template wait.
  progressDeadlineSeconds: After how many seconds without progress a change has failed.
DeploymentStrategy: How old pods are replaced.
  type(Recreate|RollingUpdate): Step by step, or all at once.
  rollingUpdate: How large the steps are.
RollingUpdateDeployment: How large the steps of a replacement are.
  maxUnavailable: How many pods, or which part, may be missing meanwhile.
  maxSurge: How many pods, or which part, may be there in addition.
DeploymentStatus: What is known of a deployment.
  replicas: How many pods there are.
  updatedReplicas: How many of them are of the present template.
  readyReplicas: How many are ready.
  availableReplicas: How many have been ready long enough.
  unavailableReplicas: How many are missing.
  terminatingReplicas: How many are going.
  conditions: What is true of it now.
  collisionCount: How many names of ReplicaSets were taken already.
DeploymentCondition: One condition of a deployment.
  type!:
  status!:
  lastUpdateTime: When it was looked at last.
ReplicaSet: A number of pods that are alike.
ReplicaSetSpec: Which pods there are to be.
  replicas: How many pods there are to be.
  selector!: Which pods belong to it; it must select the template's labels and cannot be changed.
  template: What the pods are made from.
  minReadySeconds: How many seconds a pod must be ready before it counts.
ReplicaSetStatus: What is known of a ReplicaSet.
  replicas!: How many pods there are.
  fullyLabeledReplicas: How many have all labels of the template.
  readyReplicas: How many are ready.
  availableReplicas: How many have been ready long enough.
  terminatingReplicas: How many are going.
  conditions: What is true of it now.
ReplicaSetCondition: One condition of a ReplicaSet.
  type!:
  status!:
StatefulSet: Pods with names, and volumes, that stay theirs.
StatefulSetSpec: Which pods there are to be, and how they are replaced.
  replicas: How many pods there are to be.
  selector!: Which pods belong to it; it must select the template's labels and cannot be changed.
  template!: What the pods are made from.
  volumeClaimTemplates: Claims that each pod gets for itself.
  serviceName: The service that gives the pods their names in the DNS.
  podManagementPolicy(OrderedReady|Parallel): Whether pods are made one after the other or all at once.
  updateStrategy: How old pods are replaced.
  revisionHistoryLimit: How many old templates are kept for going back.
  minReadySeconds: How many seconds a pod must be ready before it counts.
  persistentVolumeClaimRetentionPolicy: What becomes of the claims of pods that have gone.
  ordinals: With which number names begin.
StatefulSetUpdateStrategy: How old pods are replaced.
  type(OnDelete|RollingUpdate): By the controller, or when somebody deletes them.
  rollingUpdate: Which pods, and how many at a time.
RollingUpdateStatefulSetStrategy: Which pods are replaced.
  partition: Pods with a lower number stay as they are.
  maxUnavailable: How many pods, or which part, may be missing meanwhile.
StatefulSetPersistentVolumeClaimRetentionPolicy: What becomes of claims: 'Retain' or 'Delete'.
  whenDeleted: When the set is deleted.
  whenScaled: When the set gets smaller.
StatefulSetOrdinals: The numbers of pods.
  start: The first number.
StatefulSetStatus: What is known of a StatefulSet.
  replicas!: How many pods there are.
  readyReplicas: How many are ready.
  currentReplicas: How many are of the old template.
  updatedReplicas: How many are of the new template.
  currentRevision: The old template.
  updateRevision: The new template.
  collisionCount: How many names of revisions were taken already.
  conditions: What is true of it now.
  availableReplicas: How many have been ready long enough.
StatefulSetCondition: One condition of a StatefulSet.
  type!:
  status!:
DaemonSet: One pod on every node.
DaemonSetSpec: Which pod runs on which nodes, and how it is replaced.
  selector!: Which pods belong to it; it must select the template's labels and cannot be changed.
  template!: What the pods are made from; its node selector says on which nodes.
  updateStrategy: How old pods are replaced.
  minReadySeconds: How many seconds a pod must be ready before it counts.
  revisionHistoryLimit: How many old templates are kept for going back.
DaemonSetUpdateStrategy: How old pods are replaced.
  type(OnDelete|RollingUpdate): By the controller, or when somebody deletes them.
  rollingUpdate: How many at a time.
RollingUpdateDaemonSet: How many pods are replaced at a time.
  maxUnavailable: How many pods, or which part, may be missing meanwhile.
  maxSurge: How many nodes, or which part, may have an old and a new pod.
DaemonSetStatus: What is known of a DaemonSet.
  currentNumberScheduled!: How many nodes have its pod and should.
  numberMisscheduled!: How many nodes have its pod and should not.
  desiredNumberScheduled!: How many nodes should have its pod.
  numberReady!: On how many it is ready.
  updatedNumberScheduled: On how many it is of the present template.
  numberAvailable: On how many it has been ready long enough.
  numberUnavailable: On how many it is missing or not ready.
  collisionCount: How many names of revisions were taken already.
  conditions: What is true of it now.
DaemonSetCondition: One condition of a DaemonSet.
  type!:
  status!:
ControllerRevision: A template as it was, for going back.
  data: The template.
  revision!: Its number; a higher one is newer.
# io.k8s.api.batch.v1
Job: Pods that are to end, and to succeed.
JobSpec: What is to be done, how often, and when it has failed.
  parallelism: How many pods may run at a time.
  completions: How many must succeed.
  activeDeadlineSeconds: After how many seconds it has failed.
  podFailurePolicy: What the failure of a pod means.
  successPolicy: When it has succeeded before all have.
  backoffLimit: How many failures it bears.
  backoffLimitPerIndex: How many failures each index bears.
  maxFailedIndexes: How many indexes may fail.
  selector: Which pods belong to it; made by the server.
  manualSelector: Whether 'selector' is the client's own.
  template!: What the pods are made from.
  ttlSecondsAfterFinished: How many seconds after its end it is deleted.
  completionMode(Indexed|NonIndexed): Whether each pod has an index.
  suspend: Whether it has no pods for now.
  podReplacementPolicy(Failed|TerminatingOrFailed): Whether a pod is replaced when it begins to go, or when it has gone.
  managedBy: Which controller works on it.
PodFailurePolicy: What the failure of a pod means.
  rules!: The first one that fits counts.
PodFailurePolicyRule: What some failures mean.
  action!(Count|FailIndex|FailJob|Ignore): What is done.
  onExitCodes: Failures with these exit codes.
  onPodConditions: Failures with these conditions of the pod.
PodFailurePolicyOnExitCodesRequirement: Exit codes of containers.
  containerName: The container; any when nothing is said.
  operator!(In|NotIn): Whether the code is in the values or not.
  values!: The exit codes.
PodFailurePolicyOnPodConditionsPattern: A condition of a pod.
  type!: The type of the condition.
  status: The status that it must have.
SuccessPolicy: When a job has succeeded early.
  rules!: One that fits is enough.
SuccessPolicyRule: What is enough.
  succeededIndexes: These indexes must have succeeded.
  succeededCount: So many indexes must have succeeded.
JobStatus: What is known of a job.
  conditions: What is true of it now.
  startTime: When it began.
  completionTime: When it was done.
  active: How many pods run or wait.
  succeeded: How many have succeeded.
  failed: How many have failed.
  terminating: How many are going.
  completedIndexes: Indexes that have succeeded.
  failedIndexes: Indexes that have failed.
  uncountedTerminatedPods: Pods that have ended and are not counted yet.
  ready: How many are ready.
JobCondition: One condition of a job.
  type!:
  status!:
UncountedTerminatedPods: Pods that have ended and are not counted yet.
  succeeded: Identities of those that succeeded.
  failed: Identities of those that failed.
CronJob: Jobs at set times.
CronJobSpec: Which jobs, and when.
  schedule!: The times, as cron writes them.
  timeZone: The zone of the times.
  startingDeadlineSeconds: How many seconds late a job may begin.
  concurrencyPolicy(Allow|Forbid|Replace): What happens when the one before still runs.
  suspend: Whether no more jobs begin for now.
  jobTemplate!: What the jobs are made from.
  successfulJobsHistoryLimit: How many jobs that succeeded are kept.
  failedJobsHistoryLimit: How many jobs that failed are kept.
JobTemplateSpec: From what jobs are made.
CronJobStatus: What is known of a cron job.
  active: Jobs that run.
  lastScheduleTime: When a job began last.
  lastSuccessfulTime: When a job succeeded last.
# io.k8s.api.policy.v1
PodDisruptionBudget: How many pods may be taken away on purpose.
PodDisruptionBudgetSpec: Which pods, and how many of them must stay.
  minAvailable: How many, or which part, must stay.
  selector: Which pods are meant.
  maxUnavailable: How many, or which part, may be missing.
  unhealthyPodEvictionPolicy(AlwaysAllow|IfHealthyBudget): Whether pods that are not ready may always be evicted.
PodDisruptionBudgetStatus: What is known of a budget.
  disruptedPods: Pods that were evicted a moment ago.
  disruptionsAllowed!: How many more may be evicted now.
  currentHealthy!: How many are ready.
  desiredHealthy!: How many must be ready.
  expectedPods!: How many there should be.
  conditions: What is true of it now.
Eviction: Asks a pod to go, as far as budgets allow.
  deleteOptions: How it is to be deleted.
# io.k8s.api.scheduling.v1
PriorityClass: A name for a priority of pods.
  value!: The priority; the higher, the sooner a pod is placed.
  globalDefault: Whether pods that name no class are of this one.
  description: When to use it, for people.
  preemptionPolicy: Whether pods of lower priority may be ended to make room.
# io.k8s.api.node.v1
RuntimeClass: A way of running containers.
  handler!: How nodes call the runtime.
  overhead: What the runtime itself needs.
  scheduling: Which nodes have the runtime.
Overhead: What a runtime itself needs.
  podFixed: For each pod.
Scheduling: Which nodes have a runtime.
  nodeSelector: Labels of the nodes that have it.
  tolerations: Taints that pods of the class bear.
`;
