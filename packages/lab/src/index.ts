/**
 * A Kubernetes cluster on one machine from network namespaces.
 *
 * The only public door of the package.
 */
export type {};
