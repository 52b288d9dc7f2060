/** Which fields objects from outside have, and of which type. */
export * from './object-identity.ts';
export * from './object-shape.ts';
export * from './pod-shape.ts';
