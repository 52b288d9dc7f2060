/** Custom resources: their schemas, and what a definition makes of them. */
export { customResources, storageVersionOf, storedResource } from './custom-resource.ts';
export { valueAt } from './custom-scale.ts';
export { openApiName } from './open-api.ts';
export { type CustomObjectReading, customObjectReader } from './read-custom-object.ts';
export * as schemaWords from './schema-words.ts';
