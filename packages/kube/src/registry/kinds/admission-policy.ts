/** admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy and its bindings (`pkg/apis/admissionregistration`). */
import { expressionErrors } from '../../cel/admission/expression-errors.ts';
import type { FieldError } from '../../field-error.ts';
import { validateLabelSelector } from '../../selectors/validate-label-selector.ts';
import { checkSupported, required } from '../../validation/field-rules.ts';
import { invalidValue } from '../../validation/validate-object-meta.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { type JsonObject, listAt, objectAt, objectsAt, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';
import { defaultMatching, validateAdmissionRule, validateMatchConditions, validateMatching } from './admission-rules.ts';

const policyKind = { group: 'admissionregistration.k8s.io', version: 'v1', kind: 'ValidatingAdmissionPolicy' };
const ruleFields = ['resourceRules', 'excludeResourceRules'];
/** Reasons that a refusal can have; the status code follows from it. */
const reasons = ['Unauthorized', 'Forbidden', 'Invalid', 'RequestEntityTooLarge'];

const policyResource: ResourceDefinition = defineResource({
  ...policyKind,
  plural: 'validatingadmissionpolicies',
  namespaced: false,
  categories: ['api-extensions'],
  statusSubresource: true,
  statusKeepsMetadata: true,
  countsGenerations: true,
  subresources: [statusSubresource(policyKind)],
  defaults: (object) => {
    const spec = objectAt(object, 'spec');
    if (spec === undefined) return object;
    setDefault(spec, 'failurePolicy', 'Fail');
    const constraints = objectAt(spec, 'matchConstraints');
    if (constraints !== undefined) defaultMatching(constraints, ruleFields);
    return object;
  },
  prepareForCreate: (object) => {
    delete object['status'];
    return object;
  },
  validate: validatePolicy,
  table: {
    columns: [column('Name'), column('Validations', 'integer'), column('ParamKind'), column('Age')],
    row: (object, nowMs) => {
      const spec = objectAt(object, 'spec');
      const kind = objectAt(spec, 'paramKind');
      const params = kind === undefined ? '<unset>' : `${textAt(kind, 'apiVersion')}/${textAt(kind, 'kind')}`;
      return { cells: [objectName(object), objectsAt(spec, 'validations').length, params, objectAge(object, nowMs)] };
    },
  },
});

const bindingResource: ResourceDefinition = defineResource({
  group: policyKind.group,
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  namespaced: false,
  categories: ['api-extensions'],
  countsGenerations: true,
  defaults: (object) => {
    const resources = objectAt(objectAt(object, 'spec'), 'matchResources');
    if (resources !== undefined) defaultMatching(resources, ruleFields);
    return object;
  },
  validate: validateBinding,
  table: {
    columns: [column('Name'), column('PolicyName'), column('ParamRef'), column('Age')],
    row: (object, nowMs) => {
      const spec = objectAt(object, 'spec');
      return { cells: [objectName(object), textAt(spec, 'policyName'), paramCell(objectAt(spec, 'paramRef')), objectAge(object, nowMs)] };
    },
  },
});

/** The two kinds. */
export const admissionPolicyResources: readonly ResourceDefinition[] = [policyResource, bindingResource];

function paramCell(reference: JsonObject | undefined): string {
  if (reference === undefined) return '<unset>';
  const name = textAt(reference, 'name') || '*';
  const namespace = textAt(reference, 'namespace');
  return namespace === '' ? name : `${namespace}/${name}`;
}

function validatePolicy(object: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const paramKind = objectAt(spec, 'paramKind');
  const hasParams = paramKind !== undefined;
  const errors: FieldError[] = checkSupported('spec.failurePolicy', spec['failurePolicy'], ['Fail', 'Ignore']);
  for (const field of hasParams ? ['apiVersion', 'kind'] : []) {
    if (textAt(paramKind, field) === '') errors.push(required(`spec.paramKind.${field}`));
  }
  const constraints = objectAt(spec, 'matchConstraints');
  if (constraints === undefined) errors.push(required('spec.matchConstraints'));
  else errors.push(...validateResources(constraints, 'spec.matchConstraints', true));
  errors.push(...validateMatchConditions(spec, 'spec.matchConditions', hasParams));
  const variables = variableErrors(spec, hasParams);
  errors.push(...variables.errors);
  const environment = { hasParams, variables: variables.names };
  if (objectsAt(spec, 'validations').length + objectsAt(spec, 'auditAnnotations').length === 0) {
    for (const field of ['validations', 'auditAnnotations']) {
      errors.push(required(`spec.${field}`, 'validations or auditAnnotations must contain at least one item'));
    }
  }
  objectsAt(spec, 'validations').forEach((each, i) => {
    errors.push(...validationErrors(each, `spec.validations[${i}]`, environment));
  });
  objectsAt(spec, 'auditAnnotations').forEach((each, i) => {
    const path = `spec.auditAnnotations[${i}]`;
    if (textAt(each, 'key') === '') errors.push(required(`${path}.key`));
    errors.push(
      ...expressionErrors(textAt(each, 'valueExpression'), `${path}.valueExpression`, { ...environment, result: ['string', 'null_type'] }),
    );
  });
  return errors;
}

interface Environment {
  readonly hasParams: boolean;
  readonly variables: readonly string[];
}

/** Variables may use those before them. */
function variableErrors(spec: JsonObject, hasParams: boolean): { readonly errors: FieldError[]; readonly names: readonly string[] } {
  const names: string[] = [];
  const errors: FieldError[] = [];
  objectsAt(spec, 'variables').forEach((variable, i) => {
    const name = textAt(variable, 'name');
    const path = `spec.variables[${i}]`;
    if (name === '') errors.push(required(`${path}.name`, 'name is not specified'));
    else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) errors.push(invalidValue(`${path}.name`, name, 'name is not a valid CEL identifier'));
    if (names.includes(name)) errors.push({ reason: 'FieldValueDuplicate', field: `${path}.name`, value: name, message: '' });
    errors.push(
      ...expressionErrors(textAt(variable, 'expression'), `${path}.expression`, { hasParams, variables: [...names], result: [] }),
    );
    names.push(name);
  });
  return { errors, names };
}

function validationErrors(validation: JsonObject, path: string, environment: Environment): FieldError[] {
  const errors = expressionErrors(textAt(validation, 'expression'), `${path}.expression`, { ...environment, result: ['bool'] });
  const message = textAt(validation, 'message');
  if (message.includes('\n')) errors.push(invalidValue(`${path}.message`, message, 'message must not contain line breaks'));
  if (textAt(validation, 'expression').includes('\n') && message === '') {
    errors.push(required(`${path}.message`, 'message must be specified if expression contains line breaks'));
  }
  const words = textAt(validation, 'messageExpression');
  if (words !== '') errors.push(...expressionErrors(words, `${path}.messageExpression`, { ...environment, result: ['string'] }));
  const reason = textAt(validation, 'reason');
  return reason === '' ? errors : [...errors, ...checkSupported(`${path}.reason`, reason, reasons)];
}

function validateResources(resources: JsonObject, path: string, needsRules: boolean): FieldError[] {
  const errors = validateMatching(resources, path);
  if (needsRules && objectsAt(resources, 'resourceRules').length === 0) errors.push(required(`${path}.resourceRules`));
  for (const field of ruleFields) {
    objectsAt(resources, field).forEach((rule, i) => {
      errors.push(...validateAdmissionRule(rule, `${path}.${field}[${i}]`));
    });
  }
  return errors;
}

function validateBinding(object: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const errors = textAt(spec, 'policyName') === '' ? [required('spec.policyName')] : [];
  const actions = listAt(spec, 'validationActions');
  if (actions.length === 0) errors.push(required('spec.validationActions', 'at least one validation action is required'));
  actions.forEach((action, i) => {
    errors.push(...checkSupported(`spec.validationActions[${i}]`, action, ['Audit', 'Deny', 'Warn']));
  });
  if (actions.includes('Deny') && actions.includes('Warn')) {
    errors.push(
      invalidValue(
        'spec.validationActions',
        actions,
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    );
  }
  const resources = objectAt(spec, 'matchResources');
  if (resources !== undefined) errors.push(...validateResources(resources, 'spec.matchResources', false));
  const reference = objectAt(spec, 'paramRef');
  return reference === undefined ? errors : [...errors, ...referenceErrors(reference, 'spec.paramRef')];
}

function referenceErrors(reference: JsonObject, path: string): FieldError[] {
  const selector = objectAt(reference, 'selector');
  const hasName = textAt(reference, 'name') !== '';
  const errors: FieldError[] = [];
  if (!hasName && selector === undefined) errors.push(required(path, 'one of name or selector must be specified'));
  if (hasName && selector !== undefined)
    errors.push({ reason: 'FieldValueForbidden', field: `${path}.name`, message: 'name and selector are mutually exclusive' });
  if (selector !== undefined) errors.push(...validateLabelSelector(selector, `${path}.selector`));
  const action = reference['parameterNotFoundAction'];
  if (action === undefined) return [...errors, required(`${path}.parameterNotFoundAction`)];
  return [...errors, ...checkSupported(`${path}.parameterNotFoundAction`, action, ['Deny', 'Allow'])];
}
