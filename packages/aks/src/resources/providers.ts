/** Resource providers and whether the subscription is registered with them. */
import { containerService, subscriptionId } from '../arm/resource-id.ts';
import { regions } from './regions.ts';

/** What is kept of a provider. */
export interface ProviderRegistration {
  readonly namespace: string;
  readonly isRegistered: boolean;
  /** Features that were Registered when the provider was registered last: only these count. */
  readonly features: readonly string[];
}

interface ResourceType {
  readonly resourceType: string;
  readonly capabilities: string;
}

/** The providers of this cloud. */
const resourceTypes: Readonly<Record<string, readonly ResourceType[]>> = {
  [containerService]: [
    {
      resourceType: 'managedClusters',
      capabilities: 'CrossResourceGroupResourceMove, SystemAssignedResourceIdentity, SupportsTags, SupportsLocation',
    },
    { resourceType: 'managedClusters/agentPools', capabilities: 'None' },
    { resourceType: 'locations/operations', capabilities: 'None' },
    { resourceType: 'locations/kubernetesVersions', capabilities: 'None' },
  ],
  'Microsoft.Resources': [{ resourceType: 'resourceGroups', capabilities: 'SupportsTags, SupportsLocation' }],
  'Microsoft.Features': [{ resourceType: 'features', capabilities: 'None' }],
  'Microsoft.ManagedIdentity': [{ resourceType: 'userAssignedIdentities', capabilities: 'SupportsTags, SupportsLocation' }],
  'Microsoft.Authorization': [{ resourceType: 'roleAssignments', capabilities: 'None' }],
};

/** The namespace as it is written, for any writing of it; undefined for one that this cloud does not have. */
export function providerNamed(text: string): string | undefined {
  return Object.keys(resourceTypes).find((each) => each.toLowerCase() === text.toLowerCase());
}

/** All namespaces. */
export function providerNamespaces(): readonly string[] {
  return Object.keys(resourceTypes);
}

/** A provider as answers show it. */
export function describeProvider(subscription: string, namespace: string, registration: ProviderRegistration | undefined): object {
  const isBuiltIn = namespace !== containerService;
  return {
    id: `${subscriptionId(subscription)}/providers/${namespace}`,
    namespace,
    registrationState: isBuiltIn || registration?.isRegistered === true ? 'Registered' : 'NotRegistered',
    registrationPolicy: isBuiltIn ? 'RegistrationFree' : 'RegistrationRequired',
    resourceTypes: (resourceTypes[namespace] ?? []).map((type) => ({
      ...type,
      locations: regions.map(({ displayName }) => displayName),
      apiVersions: ['2026-07-01', '2025-03-01', '2024-05-01', '2022-11-01'],
    })),
    authorizations: [],
  };
}
