/** Resource groups: what they are, and which names and locations they may have. */
import { type JsonObject, textAt } from '@weir/kube';
import { gatewayError } from '../arm/arm-error.ts';
import { groupId } from '../arm/resource-id.ts';
import { regionOf } from './regions.ts';
import type { ListedResource } from './resource-filter.ts';
import { tagsOf } from './tags.ts';

/** A group. */
export interface ResourceGroup {
  readonly name: string;
  readonly location: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** The managed cluster whose nodes are in it, for a group that AKS made. */
  readonly managedBy?: string;
  readonly provisioningState: 'Succeeded' | 'Deleting';
}

const nameForm = /^[-\w().\p{L}\p{N}]{1,90}$/u;

/** The group that a PUT asks for; throws 400 and 409. */
export function readGroup(name: string, body: JsonObject, existing: ResourceGroup | undefined): ResourceGroup {
  if (!nameForm.test(name) || name.endsWith('.')) {
    throw gatewayError(
      400,
      'InvalidResourceGroup',
      `The provided resource group name '${name.slice(0, 100)}' has these invalid characters or is too long: a name has at most 90 letters, digits, '-', '_', '(', ')' and '.', and does not end with '.'.`,
    );
  }
  const text = textAt(body, 'location');
  if (text === '') throw gatewayError(400, 'LocationRequired', 'The location property is required for this definition.');
  const region = regionOf(text);
  if (region === undefined) {
    throw gatewayError(
      400,
      'LocationNotAvailableForResourceGroup',
      `The provided location '${text.slice(0, 80)}' is not available for resource group.`,
    );
  }
  if (existing !== undefined && existing.location !== region.name) {
    throw gatewayError(
      409,
      'InvalidResourceGroupLocation',
      `Invalid resource group location '${region.name}'. The Resource group already exists in location '${existing.location}'.`,
    );
  }
  const tags = tagsOf(body);
  return { name: existing?.name ?? name, location: region.name, ...(tags === undefined ? {} : { tags }), provisioningState: 'Succeeded' };
}

/** A group as answers show it. */
export function describeGroup(subscription: string, group: ResourceGroup): ListedResource & { readonly properties: object } {
  return {
    id: groupId(subscription, group.name),
    name: group.name,
    type: 'Microsoft.Resources/resourceGroups',
    location: group.location,
    ...(group.managedBy === undefined ? {} : { managedBy: group.managedBy }),
    ...(group.tags === undefined ? {} : { tags: group.tags }),
    properties: { provisioningState: group.provisioningState },
  };
}

/** The refusal of what is in a group that is not there. */
export function groupNotFound(name: string): Error {
  return gatewayError(404, 'ResourceGroupNotFound', `Resource group '${name.slice(0, 100)}' could not be found.`);
}

/** Throws 409 for a group in which nothing may begin any more. */
export function checkGroup({ name, provisioningState, managedBy }: ResourceGroup): void {
  if (provisioningState === 'Deleting') {
    const message = `The resource group '${name}' is in deprovisioning state and cannot perform this operation.`;
    throw gatewayError(409, 'ResourceGroupBeingDeleted', message);
  }
  if (managedBy !== undefined) {
    const message = `The resource group '${name}' holds the nodes of '${managedBy}' and goes with it: nothing is made or deleted in it by hand.`;
    throw gatewayError(409, 'ResourceGroupManagedByAnother', message);
  }
}
