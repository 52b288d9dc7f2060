/** Validating admission policies and their bindings, read from the store and compiled once. */
import {
  admissionVariables,
  type CelProgram,
  type CelType,
  compileExpression,
  type GroupVersionKind,
  type JsonObject,
  listAt,
  objectAt,
  objectsAt,
  textAt,
} from '@weir/kube';
import { type MatchCondition, parseMatchConditions } from '../match-conditions.ts';
import { parseMatcher, type RequestMatcher } from '../match-request.ts';

/** One expression of a policy; without a program it did not compile. */
export interface PolicyExpression {
  readonly text: string;
  readonly program: CelProgram | undefined;
}

/** One rule of a policy. */
export interface PolicyValidation {
  readonly expression: PolicyExpression;
  readonly message: string;
  readonly messageExpression: PolicyExpression | undefined;
  readonly reason: string;
}

/** A policy. */
export interface PolicyDefinition {
  readonly name: string;
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly paramKind: GroupVersionKind | undefined;
  readonly matcher: RequestMatcher;
  readonly conditions: readonly MatchCondition[];
  readonly variables: readonly { readonly name: string; readonly expression: PolicyExpression }[];
  readonly validations: readonly PolicyValidation[];
  readonly auditAnnotations: readonly { readonly key: string; readonly expression: PolicyExpression }[];
}

/** What puts a policy into force. */
export interface PolicyBinding {
  readonly name: string;
  readonly policyName: string;
  readonly paramRef: JsonObject | undefined;
  /** Absent: whatever the policy matches. */
  readonly matcher: RequestMatcher | undefined;
  readonly actions: readonly string[];
}

/** Reads a stored ValidatingAdmissionPolicy. */
export function parsePolicy(object: Readonly<JsonObject>): PolicyDefinition {
  const spec = objectAt(object, 'spec');
  const paramKind = objectAt(spec, 'paramKind');
  const hasParams = paramKind !== undefined;
  const names = objectsAt(spec, 'variables').map((variable) => textAt(variable, 'name'));
  const expression = (text: string, variables: readonly string[] = names): PolicyExpression =>
    compiled(text, admissionVariables({ hasParams, variables }));
  return {
    name: textAt(objectAt(object, 'metadata'), 'name'),
    failurePolicy: textAt(spec, 'failurePolicy') === 'Ignore' ? 'Ignore' : 'Fail',
    paramKind: paramKind === undefined ? undefined : kindIn(paramKind),
    matcher: parseMatcher(objectAt(spec, 'matchConstraints'), 'resourceRules'),
    conditions: parseMatchConditions(spec, hasParams),
    variables: objectsAt(spec, 'variables').map((variable, i) => ({
      name: textAt(variable, 'name'),
      expression: expression(textAt(variable, 'expression'), names.slice(0, i)),
    })),
    validations: objectsAt(spec, 'validations').map((validation) => ({
      expression: expression(textAt(validation, 'expression')),
      message: textAt(validation, 'message'),
      messageExpression: textAt(validation, 'messageExpression') === '' ? undefined : expression(textAt(validation, 'messageExpression')),
      reason: textAt(validation, 'reason'),
    })),
    auditAnnotations: objectsAt(spec, 'auditAnnotations').map((annotation) => ({
      key: textAt(annotation, 'key'),
      expression: expression(textAt(annotation, 'valueExpression')),
    })),
  };
}

/** Reads a stored ValidatingAdmissionPolicyBinding. */
export function parseBinding(object: Readonly<JsonObject>): PolicyBinding {
  const spec = objectAt(object, 'spec');
  const resources = objectAt(spec, 'matchResources');
  return {
    name: textAt(objectAt(object, 'metadata'), 'name'),
    policyName: textAt(spec, 'policyName'),
    paramRef: objectAt(spec, 'paramRef'),
    matcher: resources === undefined ? undefined : parseMatcher(resources, 'resourceRules'),
    actions: listAt(spec, 'validationActions').map(String),
  };
}

function compiled(text: string, variables: ReadonlyMap<string, CelType>): PolicyExpression {
  const result = compileExpression(text, variables);
  return { text, program: 'program' in result ? result.program : undefined };
}

function kindIn(paramKind: JsonObject): GroupVersionKind {
  const [version = '', group = ''] = textAt(paramKind, 'apiVersion').split('/').reverse();
  return { group, version, kind: textAt(paramKind, 'kind') };
}
