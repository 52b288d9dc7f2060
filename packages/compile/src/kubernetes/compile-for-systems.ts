/**
 * A policy for a cluster whose nodes have several operating systems: where an engine supports it on one
 * and not on the other, it is two policies in the model, each for the pods of its system.
 */
import type { NetworkPolicy } from '@weir/kube';
import { allOf, type EngineProfile, type OperatingSystem, type Policy, systemKey } from '@weir/policy';
import { closedNetworkPolicy } from './closed-network-policy.ts';
import { compileNetworkPolicy, type PolicyDiagnostic, type PositionLookup } from './compile-network-policy.ts';

/** Where the policy is to be enforced. */
export interface SystemsOptions {
  readonly profile: EngineProfile;
  /** The systems that the cluster's nodes have; at least one. */
  readonly systems: readonly OperatingSystem[];
  /** Whether what Windows lacks is enforced there by other means where that is possible; default no. */
  readonly expandsUnsupported?: boolean | undefined;
  readonly positionOf?: PositionLookup;
}

/** The model's policies; what is refused is there as its stand-in, as if no version had ever been accepted. */
export interface PoliciesOfSystems {
  readonly policies: readonly Policy[];
  readonly diagnostics: readonly PolicyDiagnostic[];
}

/** Compiles for every system. */
export function compileForSystems(policy: NetworkPolicy, options: SystemsOptions): PoliciesOfSystems {
  const { profile, systems, positionOf, expandsUnsupported = false } = options;
  const place = positionOf === undefined ? {} : { positionOf };
  const compiled = systems.map((system) => ({
    system,
    ...compileNetworkPolicy(policy, { ...place, target: { profile, system, expandsUnsupported } }),
  }));
  const [first, ...others] = compiled;
  if (first?.policy !== undefined && others.every((other) => other.policy !== undefined))
    return { policies: [first.policy], diagnostics: [] };
  const diagnostics = new Map(compiled.flatMap((one) => one.diagnostics).map((one) => [`${one.field ?? ''} ${one.message}`, one]));
  const policies = compiled.flatMap(({ system, policy: accepted, diagnostics: reasons }) => {
    const isUnsupported = accepted === undefined && reasons.every(({ code }) => code === 'unsupported-policy');
    if (isUnsupported && profile.unsupportedPolicies === 'not enforced') return [];
    const enforced = accepted ?? closedNetworkPolicy(policy, positionOf);
    return [
      systems.length === 1
        ? enforced
        : { ...enforced, subject: allOf(enforced.subject, { kind: 'in', label: systemKey, values: [system] }) },
    ];
  });
  return { policies, diagnostics: [...diagnostics.values()] };
}
