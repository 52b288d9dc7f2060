/** Every policy API that can be read. */
import type { EngineProfile } from '@weir/model';
import { adminNetworkPolicyCompiler } from './admin-network-policy/index.ts';
import { calicoCompiler } from './calico/calico-compiler.ts';
import { ciliumCompiler } from './cilium/cilium-compiler.ts';
import { clusterNetworkPolicyCompiler } from './cluster-network-policy/index.ts';
import { networkPolicyCompiler } from './kubernetes/network-policy-compiler.ts';
import type { PolicyCompiler, PolicyKind } from './policy-api.ts';
import { policyKindName } from './policy-kind.ts';

/** One line an API. */
export const policyCompilers: readonly PolicyCompiler[] = [
  networkPolicyCompiler,
  clusterNetworkPolicyCompiler,
  adminNetworkPolicyCompiler,
  ciliumCompiler,
  calicoCompiler,
];

/** The compilers of the APIs that an engine reads. */
export function policyCompilersOf({ policyApis }: Pick<EngineProfile, 'policyApis'>): readonly PolicyCompiler[] {
  return policyCompilers.filter(({ api }) => policyApis.includes(api));
}

/** Every kind of every policy API, and the kinds that their policies refer to, each once. */
export function policyApiKinds(): readonly PolicyKind[] {
  const kinds = policyCompilers.flatMap(({ policyKinds, referredKinds }) => [...policyKinds, ...referredKinds]);
  return [...new Map(kinds.map((kind) => [policyKindName(kind), kind])).values()];
}
