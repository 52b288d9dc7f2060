/** Ids of resources: paths, equal without regard to case, shown in the case in which they were made. */

/** The namespace of managed clusters. */
export const containerService = 'Microsoft.ContainerService';

/** `/subscriptions/S`. */
export function subscriptionId(subscription: string): string {
  return `/subscriptions/${subscription}`;
}

/** `/subscriptions/S/resourceGroups/G`. */
export function groupId(subscription: string, group: string): string {
  return `${subscriptionId(subscription)}/resourceGroups/${group}`;
}

/** A managed cluster's, with the spelling of the real service. */
export function clusterId(subscription: string, group: string, cluster: string): string {
  return `${subscriptionId(subscription)}/resourcegroups/${group}/providers/${containerService}/managedClusters/${cluster}`;
}

/** What two ids have in common that are the same. */
export function keyOf(id: string): string {
  return id.toLowerCase();
}
