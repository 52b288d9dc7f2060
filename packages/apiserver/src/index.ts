/**
 * The embedded Kubernetes-compatible API server.
 *
 * The only public door of the package.
 */
export type {};
