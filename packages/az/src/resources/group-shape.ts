/** Resource groups, providers and features as az's models know them. */
import { holds, type ResourceShape, shape } from '../models/resource-shape.ts';

/** The version of Resource Manager's API. */
export const resourcesVersion = '2021-04-01';
/** The version of the API of preview features. */
export const featuresVersion = '2021-07-01';

export const groupShape: ResourceShape = shape('id name type properties location managedBy tags', {
  properties: holds.one(shape('provisioningState')),
});

const location = shape('location type extendedLocations');

export const providerShape: ResourceShape = shape(
  'id namespace registrationState registrationPolicy resourceTypes providerAuthorizationConsentState',
  {
    resourceTypes: holds.list(
      shape(
        'resourceType locations locationMappings aliases apiVersions defaultApiVersion zoneMappings apiProfiles capabilities properties',
        { locationMappings: holds.list(location) },
      ),
    ),
  },
);

export const featureShape: ResourceShape = shape('name properties id type', { properties: holds.one(shape('state')) });
