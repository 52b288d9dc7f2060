/**
 * One folder per policy API, compiled into the model, with diagnostics; pure.
 *
 * The only public door of the package.
 */

export * from './admin-network-policy/index.ts';
export * from './calico/index.ts';
export * from './cilium/index.ts';
export * from './cluster-network-policy/index.ts';
export { compileForAgent } from './compile-for-agent.ts';
export { compileForSystems, type SystemsOptions } from './compile-for-systems.ts';
export { endpointSliceKind } from './core-kinds.ts';
export { layeredHostSettings } from './host-settings-layers.ts';
export * from './kubernetes/index.ts';
export type {
  CompiledObject,
  CompiledSubject,
  HostSettingsLayer,
  PlacedPolicy,
  PolicyCompiler,
  PolicyKind,
  ReferredObjects,
  TierPlace,
} from './policy-api.ts';
export * from './policy-compilers.ts';
export type { PolicyDiagnostic } from './policy-diagnostic.ts';
export * from './policy-kind.ts';
export { isRefused } from './policy-refusal.ts';
export * from './service-members.ts';
export * from './stored-twice.ts';
export { compileKnownFields } from './unknown-fields/compile-known-fields.ts';
export type { PolicyWriter, WrittenPolicy } from './writing/written-policy.ts';
