/**
 * A policy for a cluster whose nodes have several operating systems: where an engine supports it on one
 * and not on the other, it is two policies in the model, each for the pods of its system.
 */
import { allOf, type EngineProfile, type OperatingSystem, systemKey } from '@weir/model';
import type { PositionLookup } from './kubernetes/compile-network-policy.ts';
import type { CompiledObject, CompiledSubject, PlacedPolicy } from './policy-api.ts';
import type { PolicyDiagnostic } from './policy-diagnostic.ts';
import { isRefused } from './policy-refusal.ts';
import { compileKnownFields } from './unknown-fields/compile-known-fields.ts';

/** Where the policy is to be enforced. */
export interface SystemsOptions {
  readonly profile: EngineProfile;
  /** The systems that the cluster's nodes have; at least one. */
  readonly systems: readonly OperatingSystem[];
  /** Whether what Windows lacks is enforced there by other means where that is possible; default no. */
  readonly expandsUnsupported?: boolean | undefined;
  readonly positionOf?: PositionLookup;
  /** Whether fields that are not known are left out where nothing can get through by that, as an agent does. Default: no. */
  readonly toleratesUnknownFields?: boolean | undefined;
}

/** The model's policies; what is refused is there as its stand-in, as if no version had ever been accepted. */
export function compileForSystems(subject: CompiledSubject, options: SystemsOptions): CompiledObject {
  const { compiler, object, referred } = subject;
  const { profile, systems, positionOf, expandsUnsupported = false, toleratesUnknownFields = false } = options;
  const place = positionOf === undefined ? {} : { positionOf };
  const compiled = systems.map((system) => {
    const how = { ...place, target: { profile, system, expandsUnsupported } };
    return { system, ...(toleratesUnknownFields ? compileKnownFields(subject, how) : compiler.compile(object, referred, how)) };
  });
  const [first, ...others] = compiled;
  if (first !== undefined && !isRefused(first) && !others.some(isRefused)) return first;
  const diagnostics = new Map(compiled.flatMap((one) => one.diagnostics).map((one) => [`${one.field ?? ''} ${one.message}`, one]));
  const policies = compiled.flatMap(({ system, ...one }): readonly PlacedPolicy[] => {
    if (isRefused(one) && isUnsupported(one.diagnostics) && profile.unsupportedPolicies === 'not enforced') return [];
    const enforced = isRefused(one) ? compiler.closed(object, referred, place) : one.policies;
    return systems.length === 1 ? enforced : enforced.map((placed) => onlyOn(placed, system));
  });
  const hosts = first !== undefined && isRefused(first) ? compiler.closedHosts?.(object) : first?.hosts;
  return { policies, diagnostics: [...diagnostics.values()], ...(hosts === undefined ? {} : { hosts }) };
}

function isUnsupported(diagnostics: readonly PolicyDiagnostic[]): boolean {
  return diagnostics.every(({ code }) => code === 'unsupported-policy');
}

function onlyOn({ tier, policy }: PlacedPolicy, system: OperatingSystem): PlacedPolicy {
  return { tier, policy: { ...policy, subject: allOf(policy.subject, { kind: 'in', label: systemKey, values: [system] }) } };
}
