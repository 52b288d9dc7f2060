/** Validation of objects in the words of the real API server. */
export * from './validate-object-meta.ts';
