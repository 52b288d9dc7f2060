/** Policies among the objects: each with what it compiles to, and where its rules stand. */
import {
  type CompiledObject,
  compileForSystems,
  countedAmong,
  isOfKind,
  type PlacedPolicy,
  type PolicyKind,
  policyCompilersOf,
  type ReferredObjects,
  type SystemsOptions,
} from '@weir/compile';
import { type Direction, describeOrigin, type Origin, type Policy, type PolicyRef, type Rule } from '@weir/model';
import type { LintObject } from './lint-object.ts';

/** A policy that the engine reads. */
export interface LintPolicy extends LintObject {
  readonly kind: PolicyKind;
  /** What it is in the model; a refused one is there as its stand-in. */
  readonly compiled: readonly PlacedPolicy[];
  /** Whether nothing of what it says holds, for the reasons that the diagnostics give. */
  readonly isRefused: boolean;
}

/** The policies of the APIs that the engine reads, in the order of the objects. */
export function lintPoliciesOf(
  objects: readonly LintObject[],
  referred: ReferredObjects,
  options: Omit<SystemsOptions, 'positionOf'>,
): readonly LintPolicy[] {
  const found = new Map<LintObject, LintPolicy>();
  for (const compiler of policyCompilersOf(options.profile)) {
    for (const kind of compiler.policyKinds.filter(({ holds }) => holds === undefined)) {
      const ofKind = objects.filter(({ object }) => isOfKind(object, kind));
      for (const entry of countedAmong(kind, ofKind)) {
        const place = entry.positionOf === undefined ? {} : { positionOf: entry.positionOf };
        const compiled = compileForSystems(
          { compiler, object: entry.object, referred },
          { ...options, ...place, toleratesUnknownFields: entry.positionOf === undefined },
        );
        found.set(entry, { ...entry, kind, compiled: compiled.policies, isRefused: isRefused(compiled) });
      }
    }
  }
  return objects.flatMap((entry) => found.get(entry) ?? []);
}

function isRefused({ diagnostics }: CompiledObject): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}

/** A policy's name for maps: equal for what the model says came from one object. */
export function refKey({ apiVersion, kind, namespace = '', name }: PolicyRef): string {
  return `${apiVersion} ${kind} ${namespace}/${name}`;
}

/** The field of a rule, or of the peer that it came from: `spec.ingress[0].from[1]`. */
export function fieldOfOrigin(origin: Origin): string {
  return `${origin.section?.startsWith('specs[') === true ? '' : 'spec.'}${describeOrigin(origin)}`;
}

/** One rule of the model with the policy and the object that it is of. */
export interface LintRuleEntry {
  readonly of: LintPolicy;
  readonly policy: Policy;
  readonly direction: Direction;
  readonly rule: Rule;
}

/** Every rule of the policies that are not refused, staged ones too. */
export function rulesOf(policies: readonly LintPolicy[]): readonly LintRuleEntry[] {
  return policies
    .filter((of) => !of.isRefused)
    .flatMap((of) =>
      of.compiled.flatMap(({ policy }) =>
        (['ingress', 'egress'] as const).flatMap((direction) =>
          (policy[direction]?.rules ?? []).map((rule): LintRuleEntry => ({ of, policy, direction, rule })),
        ),
      ),
    );
}
