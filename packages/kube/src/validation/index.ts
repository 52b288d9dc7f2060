/** Validation of objects in the words of the real API server. */
export * from './field-rules.ts';
export * from './validate-object-meta.ts';
export * from './validate-pod.ts';
export * from './validate-service.ts';
