/**
 * Calico's policies into the model: which tier they are in, whom they select, and their rules in order.
 *
 * A policy that is not valid, or that has a field unknown here, is refused as a whole and never widened. What Calico's
 * data planes leave out silently (HTTP without a proxy) is refused here with the reason.
 */
import { checkShape, type FieldError } from '@weir/kube';
import type { Direction, DirectionRules, Policy, PolicyRef, Rule, SourcePosition } from '@weir/model';
import type { PositionLookup } from '../../kubernetes/compile-network-policy.ts';
import type { PolicyDiagnostic } from '../../policy-diagnostic.ts';
import { refusalOf } from '../../policy-refusal.ts';
import { type CalicoPolicy, type CalicoRule, calicoPolicyTypes, defaultCalicoTier } from '../objects/calico-policy.ts';
import { calicoSpecShapes } from '../objects/calico-shapes.ts';
import { calicoGroup } from '../objects/stored-form.ts';
import { isGlobalPolicy, validateCalicoPolicy } from '../validation/validate-calico-policy.ts';
import { appliedEndpoints } from './applied-endpoints.ts';
import { calicoActions, compileCalicoMatch } from './compile-calico-rule.ts';
import { compileSubject } from './compile-calico-selector.ts';
import { type LabelledBlocks, withNetworkSets } from './network-set-blocks.ts';

/** What compiling gives: the policy with its tier's name, or nothing and at least one error. */
export interface CompiledCalicoPolicy {
  readonly tier: string;
  /** Absent also for a policy that is staged for deletion: it says nothing by itself. */
  readonly policy?: Policy;
  readonly diagnostics: readonly PolicyDiagnostic[];
}

const nowhere: PositionLookup = () => undefined;

/** Compiles a policy in its v3 form, defaulted or not; `sets` are the network sets that its rules may mean. */
export function compileCalicoPolicy(
  policy: CalicoPolicy,
  positionOf: PositionLookup = nowhere,
  sets: () => readonly LabelledBlocks[] = () => [],
): CompiledCalicoPolicy {
  const tier = typeof policy.spec?.tier === 'string' && policy.spec.tier !== '' ? policy.spec.tier : defaultCalicoTier;
  const refused = (errors: readonly FieldError[]): CompiledCalicoPolicy => ({
    tier,
    diagnostics: errors.map((error) => refusal(policy, error, positionOf)),
  });
  const shapeErrors = checkShape(policy.spec, calicoSpecShapes[policy.kind], 'spec');
  if (shapeErrors.length > 0) return refused(shapeErrors);
  const errors = validateCalicoPolicy(policy);
  if (errors.length > 0) return refused(errors);
  const unsupported = unsupportedFields(policy, positionOf);
  if (unsupported.length > 0) return { tier, diagnostics: unsupported };
  if (policy.spec.stagedAction === 'Delete') return { tier, diagnostics: [] };
  return { tier, policy: compileValid(policy, positionOf, sets), diagnostics: [] };
}

/** Which object a Calico policy is, for the model. */
export function calicoPolicyRef({ kind, metadata }: CalicoPolicy): PolicyRef {
  const { name = '', namespace, uid } = metadata;
  return {
    apiVersion: calicoGroup,
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(uid === undefined ? {} : { uid }),
  };
}

function compileValid(policy: CalicoPolicy, positionOf: PositionLookup, sets: () => readonly LabelledBlocks[]): Policy {
  const { spec, metadata } = policy;
  const namespace = isGlobalPolicy(policy) ? undefined : (metadata.namespace ?? 'default');
  const types = calicoPolicyTypes(spec);
  const source = placeOf(positionOf, '');
  const direction = (name: Direction, rules: readonly CalicoRule[] = []): DirectionRules => ({
    isolates: true,
    rules: rules.flatMap((rule, index) => compileRule(rule, { policy, direction: name, index, namespace, positionOf, sets })),
  });
  return {
    ref: calicoPolicyRef(policy),
    order: spec.order ?? Number.POSITIVE_INFINITY,
    subject: compileSubject({
      namespace,
      selector: spec.selector,
      namespaceSelector: isGlobalPolicy(policy) ? policy.spec.namespaceSelector : undefined,
      serviceAccountSelector: spec.serviceAccountSelector,
    }),
    ...appliedEndpoints(policy),
    orderedBy: 'Calico',
    staged: policy.kind.startsWith('Staged'),
    ...(types.includes('Ingress') ? { ingress: direction('ingress', spec.ingress) } : {}),
    ...(types.includes('Egress') ? { egress: direction('egress', spec.egress) } : {}),
    ...(source === undefined ? {} : { source }),
  };
}

interface PlacedRule {
  readonly policy: CalicoPolicy;
  readonly direction: Direction;
  readonly index: number;
  readonly namespace: string | undefined;
  readonly positionOf: PositionLookup;
  readonly sets: () => readonly LabelledBlocks[];
}

function compileRule(rule: CalicoRule, { policy, direction, index, namespace, positionOf, sets }: PlacedRule): Rule[] {
  const source = placeOf(positionOf, `spec.${direction}[${index}]`);
  const action = calicoActions[rule.action];
  const origin = { policy: calicoPolicyRef(policy), direction, ruleIndex: index, ...(source === undefined ? {} : { source }) };
  return withNetworkSets(compileCalicoMatch(rule, namespace), action, sets).map((match) => ({ action, match, origin }));
}

function placeOf(positionOf: PositionLookup, path: string): SourcePosition | undefined {
  const position = positionOf(path);
  return position === undefined ? undefined : { file: position.file, line: position.line };
}

/** What no back end can enforce, and what is not read yet. */
function unsupportedFields(policy: CalicoPolicy, positionOf: PositionLookup): PolicyDiagnostic[] {
  const reasons = (['ingress', 'egress'] as const).flatMap((direction) =>
    (policy.spec[direction] ?? []).flatMap((rule, i) =>
      unsupportedIn(rule).map((reason) => ({ ...reason, field: `spec.${direction}[${i}].${reason.field}` })),
    ),
  );
  return reasons.map(
    ({ field, message, action }): PolicyDiagnostic => ({
      code: 'unsupported-policy',
      severity: 'error',
      message,
      action: `${action}; until then no part of this version of the policy is applied`,
      ...placed(policy, field, positionOf),
    }),
  );
}

interface UnsupportedPart {
  readonly field: string;
  readonly message: string;
  readonly action: string;
}

function unsupportedIn({ http, protocol, source, destination }: CalicoRule): readonly UnsupportedPart[] {
  const needsProxy = {
    field: 'http',
    message: 'HTTP methods and paths need a proxy in the pod; enforced by the kernel alone, the rule would allow every request',
    action: 'write the rule without http, or leave HTTP to a service mesh',
  };
  return [
    ...(http === undefined ? [] : [needsProxy]),
    ...(protocol === undefined ? [...excludedOfAnyProtocol('source', source), ...excludedOfAnyProtocol('destination', destination)] : []),
  ];
}

/** Excluded names without a protocol mean ICMP, too, which no data plane is told beside ports. */
function excludedOfAnyProtocol(side: 'source' | 'destination', { notPorts = [] }: CalicoRule['source'] = {}): readonly UnsupportedPart[] {
  if (notPorts.length === 0) return [];
  const message = 'names of ports are excluded of one protocol only';
  return [{ field: `${side}.notPorts`, message, action: 'give the rule a protocol, one rule for each' }];
}

function refusal(policy: CalicoPolicy, error: FieldError, positionOf: PositionLookup): PolicyDiagnostic {
  return { ...refusalOf(error), ...placed(policy, error.field, positionOf) };
}

function placed(
  { kind, metadata: { namespace, name = '' } }: CalicoPolicy,
  field: string,
  positionOf: PositionLookup,
): Pick<PolicyDiagnostic, 'object' | 'field' | 'position'> {
  const position = positionOf(field) ?? positionOf('');
  const object = `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
  return { object, field, ...(position === undefined ? {} : { position }) };
}
