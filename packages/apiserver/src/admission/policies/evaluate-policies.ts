/**
 * Validating admission policies: every binding that matches is evaluated, with each of its parameters;
 * what does not hold is denied, warned about or noted, as the binding says
 * (`k8s.io/apiserver/pkg/admission/plugin/policy/validating`).
 */
import { CelError, type CelValue, CostBudget, type JsonObject, type ResourceRegistry, toCel } from '@weir/kube';
import { type ApiError, failure } from '../../errors/api-error.ts';
import { subjectOf } from '../../rest/object-key.ts';
import type { AdmissionSituation } from '../admission-attributes.ts';
import { admissionValues, PolicyVariables, type ValueSources } from '../admission-values.ts';
import { holdConditions } from '../match-conditions.ts';
import { matchedDefinition, matchesNarrowed } from '../match-request.ts';
import type { PolicyBinding, PolicyDefinition, PolicyExpression, PolicyValidation } from './policy-definition.ts';
import { paramsOf } from './policy-params.ts';

/** A policy with the bindings that name it. */
export interface BoundPolicy {
  readonly policy: PolicyDefinition;
  readonly bindings: readonly PolicyBinding[];
}

/** What an evaluation may look at, and where it leaves what the client or the log is told. */
export interface PolicyWorld extends ValueSources {
  readonly registry: ResourceRegistry;
  warn(text: string): void;
  annotate(key: string, value: string): void;
  noteFailure(failure: PolicyFailure): void;
}

/** What does not hold where a binding only wants it noted, as the audit log has it. */
export interface PolicyFailure {
  readonly message: string;
  readonly policy: string;
  readonly binding: string;
  readonly expressionIndex: number;
  readonly validationActions: readonly string[];
}

/** What all expressions of one policy may cost together, as upstream. */
const policyCost = 10_000_000;

/** Longest text that a `messageExpression` may give, in bytes. */
const messageLimit = 5 * 1024;

/** Codes of the reasons that a policy can give. */
const codes: Readonly<Record<string, number>> = { Unauthorized: 401, Forbidden: 403, RequestEntityTooLarge: 413, Invalid: 422 };

/** Something that does not hold. */
interface Refusal {
  readonly message: string;
  readonly reason: string;
  /** Which of the policy's validations; 0 where it is none of them. */
  readonly expressionIndex: number;
}

/** Evaluates all policies; throws what the first one denies. */
export function enforcePolicies(policies: readonly BoundPolicy[], situation: AdmissionSituation, world: PolicyWorld): void {
  let values: ReadonlyMap<string, CelValue> | undefined;
  for (const { policy, bindings } of policies) {
    if (matchedDefinition(policy.matcher, situation, world.registry) === undefined) continue;
    for (const binding of bindings) {
      if (binding.matcher !== undefined && !matchesNarrowed(binding.matcher, situation, world.registry)) continue;
      values ??= admissionValues(situation, world);
      enforceBinding({ policy, binding }, { situation, values, world });
    }
  }
}

interface Bound {
  readonly policy: PolicyDefinition;
  readonly binding: PolicyBinding;
}

interface Evaluation {
  readonly situation: AdmissionSituation;
  readonly values: ReadonlyMap<string, CelValue>;
  readonly world: PolicyWorld;
}

function enforceBinding(bound: Bound, evaluation: Evaluation): void {
  const { policy, binding } = bound;
  const params = paramsOf(policy, binding, evaluation.situation, evaluation.world.registry);
  if ('error' in params) {
    if (policy.failurePolicy === 'Ignore') return;
    throw denial(bound, evaluation, { message: `failed to configure binding: ${params.error}`, reason: 'Invalid', expressionIndex: 0 });
  }
  for (const each of params) {
    for (const refusal of refusalsOf(policy, each, evaluation)) act(bound, evaluation, refusal);
  }
}

function act(bound: Bound, evaluation: Evaluation, refusal: Refusal): void {
  const { policy, binding } = bound;
  if (binding.actions.includes('Deny')) throw denial(bound, evaluation, refusal);
  if (binding.actions.includes('Warn')) {
    evaluation.world.warn(
      `Validation failed for ValidatingAdmissionPolicy '${policy.name}' with binding '${binding.name}': ${refusal.message}`,
    );
  }
  if (binding.actions.includes('Audit')) {
    const { message, expressionIndex } = refusal;
    evaluation.world.noteFailure({
      message,
      policy: policy.name,
      binding: binding.name,
      expressionIndex,
      validationActions: binding.actions,
    });
  }
}

/** The answer to a request that a policy denies. */
function denial({ policy, binding }: Bound, { situation }: Evaluation, { message, reason }: Refusal): ApiError {
  const { target, name } = situation.attributes;
  const subject = subjectOf(target, name);
  const words = `ValidatingAdmissionPolicy '${policy.name}' with binding '${binding.name}' denied request: ${message}`;
  const resource = subject.group === '' ? subject.plural : `${subject.plural}.${subject.group}`;
  const named = name === '' ? resource : `${resource} ${JSON.stringify(name)}`;
  return failure({
    code: codes[reason] ?? 422,
    reason,
    message: `${named} is forbidden: ${words}`,
    details: {
      ...(name === '' ? {} : { name }),
      ...(subject.group === '' ? {} : { group: subject.group }),
      kind: subject.plural,
      causes: [{ reason: '', message: words }],
    },
  });
}

/** What does not hold for one set of parameters. */
function refusalsOf(policy: PolicyDefinition, params: Readonly<JsonObject> | undefined, evaluation: Evaluation): Refusal[] {
  const budget = new CostBudget(policyCost);
  const values = new Map(evaluation.values);
  if (policy.paramKind !== undefined) values.set('params', toCel(params));
  const held = holdConditions(policy.conditions, values);
  if ('error' in held) return policy.failurePolicy === 'Fail' ? [{ message: held.error, reason: 'Invalid', expressionIndex: 0 }] : [];
  if (!held.holds) return [];
  const read = (expression: PolicyExpression): CelValue => {
    if (expression.program === undefined) throw new CelError('compilation failed');
    return expression.program.evaluate(values, budget);
  };
  values.set('variables', new PolicyVariables(new Map(policy.variables.map(({ name, expression }) => [name, () => read(expression)]))));
  const refusals = policy.validations.flatMap((validation, i) => {
    const refusal = refusalOf(validation, policy, read);
    return refusal === undefined ? [] : [{ ...refusal, expressionIndex: i }];
  });
  for (const { key, expression } of policy.auditAnnotations) noteAnnotation({ policy, key, expression }, read, evaluation.world);
  return refusals;
}

type Read = (expression: PolicyExpression) => CelValue;

function refusalOf(validation: PolicyValidation, policy: PolicyDefinition, read: Read): Omit<Refusal, 'expressionIndex'> | undefined {
  const { expression, reason } = validation;
  try {
    if (read(expression) === true) return undefined;
    return { message: messageOf(validation, read), reason: reason || 'Invalid' };
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    if (policy.failurePolicy === 'Ignore') return undefined;
    return { message: `expression '${expression.text}' resulted in error: ${error.message}`, reason: 'Invalid' };
  }
}

/** The words of a refusal: the expression's if it gives a usable text, else the fixed ones. */
function messageOf({ expression, message, messageExpression }: PolicyValidation, read: Read): string {
  if (messageExpression !== undefined) {
    try {
      const made = read(messageExpression);
      const text = typeof made === 'string' ? made.trim() : '';
      if (text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= messageLimit) return text;
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
    }
  }
  return message.trim() || `failed expression: ${expression.text.trim()}`;
}

function noteAnnotation(
  { policy, key, expression }: { readonly policy: PolicyDefinition; readonly key: string; readonly expression: PolicyExpression },
  read: Read,
  world: PolicyWorld,
): void {
  try {
    const value = read(expression);
    if (typeof value === 'string' && value !== '') world.annotate(`${policy.name}/${key}`, value);
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
  }
}
