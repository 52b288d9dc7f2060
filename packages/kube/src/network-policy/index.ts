/** Defaulting, validation and shape of networking.k8s.io/v1 NetworkPolicy. */
export * from './api-cidr.ts';
export * from './default-network-policy.ts';
export * from './network-policy-shape.ts';
export * from './validate-network-policy.ts';
