/** The kinds that every server of Weir serves. */
import { admissionPolicyResources } from './kinds/admission-policy.ts';
import { configMapResource, secretResource, serviceAccountResource } from './kinds/configuration.ts';
import { controllerRevisionResource } from './kinds/controller-revision.ts';
import { cronJobResource } from './kinds/cron-job.ts';
import { customResourceDefinitionResource } from './kinds/custom-resource-definition.ts';
import { daemonSetResource } from './kinds/daemon-set.ts';
import { deploymentResource } from './kinds/deployment.ts';
import { endpointSliceResource, endpointsResource } from './kinds/endpoints.ts';
import { eventResource, eventsEventResource } from './kinds/event.ts';
import { ingressClassResource, ingressResource } from './kinds/ingress.ts';
import { jobResource } from './kinds/job.ts';
import { leaseResource } from './kinds/lease.ts';
import { limitRangeResource, resourceQuotaResource } from './kinds/limits.ts';
import { namespaceResource } from './kinds/namespace.ts';
import { networkPolicyResource } from './kinds/network-policy.ts';
import { nodeResource } from './kinds/node.ts';
import { persistentVolumeResource } from './kinds/persistent-volume.ts';
import { persistentVolumeClaimResource } from './kinds/persistent-volume-claim.ts';
import { podResource } from './kinds/pod.ts';
import { priorityClassResource, runtimeClassResource } from './kinds/pod-class.ts';
import { podDisruptionBudgetResource } from './kinds/pod-disruption-budget.ts';
import { rbacResources } from './kinds/rbac.ts';
import { replicaSetResource } from './kinds/replica-set.ts';
import { reviewResources } from './kinds/review.ts';
import { serviceResource } from './kinds/service.ts';
import { statefulSetResource } from './kinds/stateful-set.ts';
import { storageClassResource } from './kinds/storage-class.ts';
import { webhookResources } from './kinds/webhook-configuration.ts';
import type { ResourceDefinition } from './resource-definition.ts';

/** In the order in which discovery lists them. */
export const builtInResources: readonly ResourceDefinition[] = [
  configMapResource,
  endpointsResource,
  eventResource,
  limitRangeResource,
  namespaceResource,
  nodeResource,
  persistentVolumeClaimResource,
  persistentVolumeResource,
  podResource,
  resourceQuotaResource,
  secretResource,
  serviceAccountResource,
  serviceResource,
  ...webhookResources,
  ...admissionPolicyResources,
  controllerRevisionResource,
  daemonSetResource,
  deploymentResource,
  replicaSetResource,
  statefulSetResource,
  ...reviewResources,
  cronJobResource,
  jobResource,
  ingressClassResource,
  ingressResource,
  networkPolicyResource,
  runtimeClassResource,
  podDisruptionBudgetResource,
  ...rbacResources,
  priorityClassResource,
  storageClassResource,
  endpointSliceResource,
  leaseResource,
  eventsEventResource,
  customResourceDefinitionResource,
];
