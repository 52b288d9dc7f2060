/** Custom resources: their schemas, and what a definition makes of them. */
export { customResources, storageVersionOf, storedResource } from './custom-resource.ts';
export { valueAt } from './custom-scale.ts';
export { openApiName } from './open-api.ts';
