/** Every policy API that can be read. */
import type { EngineProfile } from '@weir/policy';
import { adminNetworkPolicyCompiler } from './admin-network-policy/index.ts';
import { ciliumCompiler } from './cilium/cilium-compiler.ts';
import { clusterNetworkPolicyCompiler } from './cluster-network-policy/index.ts';
import { networkPolicyCompiler } from './kubernetes/network-policy-compiler.ts';
import type { PolicyCompiler } from './policy-api.ts';

/** One line an API. */
export const policyCompilers: readonly PolicyCompiler[] = [
  networkPolicyCompiler,
  clusterNetworkPolicyCompiler,
  adminNetworkPolicyCompiler,
  ciliumCompiler,
];

/** The compilers of the APIs that an engine reads. */
export function policyCompilersOf({ policyApis }: Pick<EngineProfile, 'policyApis'>): readonly PolicyCompiler[] {
  return policyCompilers.filter(({ api }) => policyApis.includes(api));
}
