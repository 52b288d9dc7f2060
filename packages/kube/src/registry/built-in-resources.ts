/** The kinds that every server of Weir serves. */
import { namespaceResource } from './kinds/namespace.ts';
import { networkPolicyResource } from './kinds/network-policy.ts';
import { podResource } from './kinds/pod.ts';
import type { ResourceDefinition } from './resource-definition.ts';

/** In the order in which discovery lists them. */
export const builtInResources: readonly ResourceDefinition[] = [namespaceResource, podResource, networkPolicyResource];
