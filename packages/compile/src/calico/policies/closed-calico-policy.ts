/**
 * What stands for a refused Calico policy of which no version was ever accepted: it denies, at its place in its tier, what
 * it governs of the endpoints that it selects. What cannot be read counts against the traffic: an unreadable order comes
 * first, unreadable types are both, an unreadable selector selects the whole namespace, or every pod of the cluster.
 */
import { checkShape } from '@weir/kube';
import type { Direction, DirectionRules, Policy, Rule } from '@weir/model';
import {
  type CalicoPolicy,
  type CalicoPolicySpec,
  type CalicoPolicyType,
  calicoPolicyTypes,
  defaultCalicoTier,
} from '../objects/calico-policy.ts';
import { calicoSpecShapes } from '../objects/calico-shapes.ts';
import { isGlobalPolicy, validateCalicoPolicy } from '../validation/validate-calico-policy.ts';
import { appliedEndpoints } from './applied-endpoints.ts';
import { calicoPolicyRef } from './compile-calico-policy.ts';
import { compileSubject } from './compile-calico-selector.ts';

type Subject = Pick<CalicoPolicySpec, 'selector' | 'serviceAccountSelector'> & { readonly namespaceSelector?: string };

/** The stand-in and the name of its tier; `metadata` must be readable. */
export function closedCalicoPolicy(policy: CalicoPolicy): { readonly tier: string; readonly policy: Policy } {
  const spec: Readonly<Record<string, unknown>> = typeof policy.spec === 'object' && policy.spec !== null ? { ...policy.spec } : {};
  const { tier, order } = spec;
  const applied = appliedEndpoints({ ...policy, spec });
  // Nothing is translated on the way out.
  const types = applied.appliesTo?.includes('preDNAT') === true ? (['Ingress'] as const) : typesOf(policy, spec);
  const ref = calicoPolicyRef(policy);
  return {
    tier: typeof tier === 'string' && tier !== '' ? tier : defaultCalicoTier,
    policy: {
      ref,
      order: order === undefined ? Number.POSITIVE_INFINITY : typeof order === 'number' ? order : Number.NEGATIVE_INFINITY,
      subject: compileSubject({
        namespace: isGlobalPolicy(policy) ? undefined : (policy.metadata.namespace ?? 'default'),
        selector: undefined,
        namespaceSelector: undefined,
        serviceAccountSelector: undefined,
        ...subjectOf(policy, spec),
      }),
      ...applied,
      orderedBy: 'Calico',
      staged: false,
      ...(types.includes('Ingress') ? { ingress: denied(ref, 'ingress') } : {}),
      ...(types.includes('Egress') ? { egress: denied(ref, 'egress') } : {}),
    },
  };
}

function denied(policy: Policy['ref'], direction: Direction): DirectionRules {
  const rule: Rule = { action: 'deny', match: { source: {}, destination: {} }, origin: { policy, direction, ruleIndex: 0 } };
  return { isolates: true, rules: [rule] };
}

/** The selectors, when all of them can be read. */
function subjectOf(
  policy: CalicoPolicy,
  { selector, serviceAccountSelector, namespaceSelector }: Readonly<Record<string, unknown>>,
): Subject {
  const global = isGlobalPolicy(policy) && namespaceSelector !== undefined ? { namespaceSelector } : {};
  const subject = {
    ...(selector === undefined ? {} : { selector }),
    ...(serviceAccountSelector === undefined ? {} : { serviceAccountSelector }),
    ...global,
  };
  return isReadable(policy, subject) ? (subject as Subject) : {};
}

/** As calicoPolicyTypes has them, also where rules cannot be read. */
function typesOf(policy: CalicoPolicy, { types, ingress, egress }: Readonly<Record<string, unknown>>): readonly CalicoPolicyType[] {
  const mentioned = (rules: unknown): [] | [never] =>
    rules === undefined || (Array.isArray(rules) && rules.length === 0) ? [] : [undefined as never];
  if (types !== undefined && !isReadable(policy, { types })) return ['Ingress', 'Egress'];
  return calicoPolicyTypes({ types: (types ?? []) as CalicoPolicyType[], ingress: mentioned(ingress), egress: mentioned(egress) });
}

function isReadable(policy: CalicoPolicy, spec: object): boolean {
  if (checkShape(spec, calicoSpecShapes[policy.kind], 'spec').length > 0) return false;
  // Its name may be what is wrong with it.
  return validateCalicoPolicy({ ...policy, metadata: { name: 'named' }, spec }).length === 0;
}
