/** Kubernetes: NetworkPolicies into the model, pods into endpoints. */
export * from './closed-network-policy.ts';
export * from './compile-network-policy.ts';
export * from './compile-selector.ts';
export * from './default-tier.ts';
export * from './network-policy-compiler.ts';
export * from './pod-to-endpoint.ts';
export * from './unsupported-features.ts';
export { writeNetworkPolicy } from './write-network-policy.ts';
