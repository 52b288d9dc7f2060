/** The public door of this folder: the policies of Cilium. */
export { ciliumCompiler } from './cilium-compiler.ts';
export { ciliumDefinitions } from './definitions/cilium-definitions.ts';
export {
  type CiliumCidrGroup,
  type CiliumPolicy,
  type CiliumSpec,
  ciliumCidrGroupKind,
  ciliumClusterwideNetworkPolicyKind,
  ciliumNetworkPolicyKind,
} from './objects/cilium-policy.ts';
export { closedCiliumPolicy } from './policies/closed-cilium-policy.ts';
export { compileCiliumPolicy } from './policies/compile-cilium-policy.ts';
export { writeCiliumPolicy } from './policies/write-cilium-policy.ts';
