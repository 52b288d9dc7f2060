/** Protobuf request bodies of Kubernetes clients, decoded to JSON. */
export * from './decode-object.ts';
export * from './protobuf-error.ts';
