/**
 * The embedded Kubernetes-compatible API server.
 *
 * The only public door of the package.
 */
export * from './errors/api-error.ts';
export type * from './server/api-message.ts';
