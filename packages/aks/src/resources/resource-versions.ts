/** The api-versions of what is not AKS's own. */
import type { ApiVersions } from '../arm/arm-message.ts';

const newest = '2026-12-31';

/** Subscriptions, groups, providers. */
export const resourcesVersions: ApiVersions = { namespace: 'Microsoft.Resources', type: 'resources', first: '2016-02-01', last: newest };

/** Preview features. */
export const featuresVersions: ApiVersions = { namespace: 'Microsoft.Features', type: 'features', first: '2015-12-01', last: newest };

/** Role assignments. */
export const authorizationVersions: ApiVersions = {
  namespace: 'Microsoft.Authorization',
  type: 'roleAssignments',
  first: '2015-07-01',
  last: newest,
};
