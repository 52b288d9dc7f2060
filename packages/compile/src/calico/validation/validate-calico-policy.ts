/**
 * Validation of Calico's policies and tiers, as its API and calicoctl do it: what the Go validator
 * (`libcalico-go/lib/validator/v3`) and the CEL rules of the types ask together.
 */
import type { FieldError } from '@weir/kube';
import { forbidden, invalid, notSupported } from '../../field-problems.ts';
import {
  builtInCalicoTiers,
  type CalicoPolicy,
  type CalicoPolicyType,
  type CalicoTier,
  calicoPolicyTypes,
  calicoStagedActions,
} from '../objects/calico-policy.ts';
import { selectorErrors } from './validate-entity.ts';
import { ruleErrors } from './validate-rule.ts';

const types: readonly string[] = ['Ingress', 'Egress'];
const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

/** Everything that is wrong with a policy whose shape is right. */
export function validateCalicoPolicy(policy: CalicoPolicy): FieldError[] {
  const { spec } = policy;
  const isGlobal = isGlobalPolicy(policy);
  const rules = (['ingress', 'egress'] as const).flatMap((direction) =>
    (spec[direction] ?? []).flatMap((rule, i) => ruleErrors(rule, { path: `spec.${direction}[${i}]`, direction, isGlobal })),
  );
  return [
    ...nameErrors(policy),
    ...typesErrors(spec.types),
    ...selectorErrors(spec.selector, 'spec.selector'),
    ...selectorErrors(spec.serviceAccountSelector, 'spec.serviceAccountSelector'),
    ...hintErrors(spec.performanceHints ?? []),
    ...(isGlobalPolicy(policy) ? globalErrors(policy) : []),
    ...stagedErrors(policy),
    ...rules,
  ];
}

/** Everything that is wrong with a tier whose shape is right. */
export function validateCalicoTier({ metadata: { name = '' }, spec }: CalicoTier): FieldError[] {
  const errors: FieldError[] = [];
  if (!new RegExp(`^${label}$`).test(name) || name.length > 63) {
    errors.push(invalid('metadata.name', name, 'must be a label of lower case letters, digits and dashes, at most 63 of them'));
  }
  const { order, defaultAction = 'Deny' } = spec;
  if (defaultAction !== 'Deny' && defaultAction !== 'Pass')
    errors.push(notSupported('spec.defaultAction', defaultAction, ['Deny', 'Pass']));
  const builtIn = Object.hasOwn(builtInCalicoTiers, name) ? builtInCalicoTiers[name] : undefined;
  if (builtIn === undefined) return errors;
  if (order !== undefined && order !== builtIn.order)
    errors.push(invalid('spec.order', order, `the ${name} tier must have order ${builtIn.order}`));
  if (defaultAction !== builtIn.defaultAction) {
    errors.push(invalid('spec.defaultAction', defaultAction, `the ${name} tier must have default action '${builtIn.defaultAction}'`));
  }
  return errors;
}

/** Whether a policy is one of the cluster. */
export function isGlobalPolicy(
  policy: CalicoPolicy,
): policy is CalicoPolicy & { readonly kind: 'GlobalNetworkPolicy' | 'StagedGlobalNetworkPolicy' } {
  return policy.kind === 'GlobalNetworkPolicy' || policy.kind === 'StagedGlobalNetworkPolicy';
}

function nameErrors(policy: CalicoPolicy): FieldError[] {
  const { name = '' } = policy.metadata;
  const pattern = isGlobalPolicy(policy)
    ? `^(${label}\\.)?${label}$`
    : `^(${label}(\\.${label})?|(knp|ossg)\\.default\\.${label}(\\.${label})*)$`;
  if (name.length <= 253 && new RegExp(pattern).test(name)) return [];
  return [
    invalid(
      'metadata.name',
      name,
      'must be a label of lower case letters, digits and dashes, with that of its tier and a dot before it at most',
    ),
  ];
}

function typesErrors(given: readonly CalicoPolicyType[] = []): FieldError[] {
  return given.flatMap((type, i) => {
    const field = `spec.types[${i}]`;
    if (!types.includes(type)) return [notSupported(field, type, types)];
    return given.indexOf(type) === i ? [] : [{ reason: 'FieldValueDuplicate', field, value: type, message: '' } as const];
  });
}

function hintErrors(hints: readonly string[]): FieldError[] {
  const known = ['AssumeNeededOnEveryNode'];
  return hints.flatMap((hint, i) => (known.includes(hint) ? [] : [notSupported(`spec.performanceHints[${i}]`, hint, known)]));
}

function globalErrors({ spec }: CalicoPolicy & { readonly kind: 'GlobalNetworkPolicy' | 'StagedGlobalNetworkPolicy' }): FieldError[] {
  const { preDNAT = false, doNotTrack = false, applyOnForward = false, egress = [] } = spec;
  const errors = [...selectorErrors(spec.namespaceSelector, 'spec.namespaceSelector')];
  if (preDNAT && doNotTrack) errors.push(forbidden('spec.preDNAT', 'preDNAT and doNotTrack cannot both be true'));
  if (preDNAT && egress.length > 0) errors.push(forbidden('spec.egress', 'preDNAT policy cannot have any egress rules'));
  if (preDNAT && calicoPolicyTypes(spec).includes('Egress'))
    errors.push(forbidden('spec.types', "preDNAT policy cannot have 'Egress' type"));
  if ((preDNAT || doNotTrack) && !applyOnForward) {
    errors.push(invalid('spec.applyOnForward', applyOnForward, 'applyOnForward must be true if either preDNAT or doNotTrack is true'));
  }
  return errors;
}

function stagedErrors({ kind, spec }: CalicoPolicy): FieldError[] {
  const { stagedAction = 'Set', tier: _tier, ...rest } = spec;
  if (!kind.startsWith('Staged')) return [];
  if (!calicoStagedActions.includes(stagedAction)) return [notSupported('spec.stagedAction', stagedAction, calicoStagedActions)];
  if (stagedAction !== 'Delete' || Object.keys(rest).length === 0) return [];
  return [
    forbidden(
      'spec',
      `a policy that is staged for deletion has no other fields than its tier, and this one has ${Object.keys(rest).join(', ')}`,
    ),
  ];
}
