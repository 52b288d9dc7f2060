/** The kinds that every server of Weir serves. */
import { configMapResource, secretResource, serviceAccountResource } from './kinds/configuration.ts';
import { endpointSliceResource, endpointsResource } from './kinds/endpoints.ts';
import { eventResource, eventsEventResource } from './kinds/event.ts';
import { leaseResource } from './kinds/lease.ts';
import { namespaceResource } from './kinds/namespace.ts';
import { networkPolicyResource } from './kinds/network-policy.ts';
import { nodeResource } from './kinds/node.ts';
import { podResource } from './kinds/pod.ts';
import {
  selfSubjectAccessReviewResource,
  selfSubjectReviewResource,
  selfSubjectRulesReviewResource,
  subjectAccessReviewResource,
} from './kinds/review.ts';
import { serviceResource } from './kinds/service.ts';
import { deploymentResource, replicaSetResource } from './kinds/workload.ts';
import type { ResourceDefinition } from './resource-definition.ts';

/** In the order in which discovery lists them. */
export const builtInResources: readonly ResourceDefinition[] = [
  configMapResource,
  endpointsResource,
  eventResource,
  namespaceResource,
  nodeResource,
  podResource,
  secretResource,
  serviceAccountResource,
  serviceResource,
  deploymentResource,
  replicaSetResource,
  selfSubjectReviewResource,
  selfSubjectAccessReviewResource,
  selfSubjectRulesReviewResource,
  subjectAccessReviewResource,
  networkPolicyResource,
  endpointSliceResource,
  leaseResource,
  eventsEventResource,
];
