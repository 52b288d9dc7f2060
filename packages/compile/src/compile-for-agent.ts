/**
 * An object as an agent reads it: without fields that are not known where that lets nothing through, and refused where it
 * has rules about names and nobody tells what names resolve to.
 */
import { describeOrigin, type Rule } from '@weir/model';
import type { CompileOptions } from './kubernetes/compile-network-policy.ts';
import type { CompiledObject, CompiledSubject } from './policy-api.ts';
import type { PolicyDiagnostic } from './policy-diagnostic.ts';
import { isRefused } from './policy-refusal.ts';
import { compileKnownFields } from './unknown-fields/compile-known-fields.ts';

/** Compiles it. */
export function compileForAgent(subject: CompiledSubject, options: CompileOptions): CompiledObject {
  const compiled = compileKnownFields(subject, options);
  if (options.target?.hearsOfNames !== false || isRefused(compiled)) return compiled;
  const rules = compiled.policies.flatMap(({ policy }) =>
    (policy.staged ? [] : [policy.ingress, policy.egress]).flatMap((of) => of?.rules ?? []),
  );
  const fields = new Set(rules.filter(isAboutNames).map(fieldOf));
  if (fields.size === 0) return compiled;
  return { policies: [], diagnostics: [...fields].map((field) => unheard(subject, field)) };
}

function isAboutNames({ match }: Rule): boolean {
  return [match.source, match.destination].some(({ groups = [] }) => groups.some((name) => name.startsWith('domain/')));
}

function fieldOf({ origin }: Rule): string {
  return `${origin.section?.startsWith('specs[') === true ? '' : 'spec.'}${describeOrigin(origin)}`;
}

function unheard({ object: { kind = '', metadata } }: CompiledSubject, field: string): PolicyDiagnostic {
  return {
    code: 'unsupported-policy',
    severity: 'error',
    message: 'nobody tells the agent of this node what names resolve to, so a rule about names would mean nobody',
    action:
      'run the agent with --names-socket and a DNS server that tells it, or write the addresses; until then no part of this version of the policy is applied',
    object: `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name ?? ''}`,
    field,
  };
}
