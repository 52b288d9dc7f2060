/**
 * A client for any Kubernetes API server: requests, informers, kubeconfig.
 *
 * The only public door of the package.
 */
export type {};
