/** admissionregistration.k8s.io/v1: which webhooks are asked about which requests (`pkg/apis/admissionregistration`). */
import type { FieldError } from '../../field-error.ts';
import { dnsSubdomainProblems } from '../../selectors/name-formats.ts';
import { checkSupported, required } from '../../validation/field-rules.ts';
import { invalidValue } from '../../validation/validate-object-meta.ts';
import { column, defineResource, objectAge, objectName } from '../define-resource.ts';
import { type JsonObject, listAt, numberAt, objectAt, objectsAt, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';
import { defaultMatching, validateAdmissionRule, validateMatchConditions, validateMatching } from './admission-rules.ts';

function webhookResource(kind: 'MutatingWebhookConfiguration' | 'ValidatingWebhookConfiguration'): ResourceDefinition {
  const mutates = kind === 'MutatingWebhookConfiguration';
  return defineResource({
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced: false,
    categories: ['api-extensions'],
    countsGenerations: true,
    defaults: (object) => {
      for (const webhook of objectsAt(object, 'webhooks')) defaultWebhook(webhook, mutates);
      return object;
    },
    validate: (object) => validateWebhooks(object, mutates),
    table: {
      columns: [column('Name'), column('Webhooks', 'integer'), column('Age')],
      row: (object, nowMs) => ({ cells: [objectName(object), objectsAt(object, 'webhooks').length, objectAge(object, nowMs)] }),
    },
  });
}

/** The two kinds. */
export const webhookResources: readonly ResourceDefinition[] = [
  webhookResource('MutatingWebhookConfiguration'),
  webhookResource('ValidatingWebhookConfiguration'),
];

function defaultWebhook(webhook: JsonObject, mutates: boolean): void {
  setDefault(webhook, 'failurePolicy', 'Fail');
  webhook['timeoutSeconds'] ??= 10;
  if (mutates) setDefault(webhook, 'reinvocationPolicy', 'Never');
  defaultMatching(webhook, ['rules']);
  const service = objectAt(objectAt(webhook, 'clientConfig'), 'service');
  if (service !== undefined) service['port'] ??= 443;
}

function validateWebhooks(object: JsonObject, mutates: boolean): FieldError[] {
  const names = new Set<string>();
  return objectsAt(object, 'webhooks').flatMap((webhook, i) => {
    const path = `webhooks[${i}]`;
    const name = textAt(webhook, 'name');
    const errors = nameErrors(name, `${path}.name`);
    if (names.has(name)) errors.push({ reason: 'FieldValueDuplicate', field: `${path}.name`, value: name, message: '' });
    names.add(name);
    if (mutates) errors.push(...checkSupported(`${path}.reinvocationPolicy`, webhook['reinvocationPolicy'], ['IfNeeded', 'Never']));
    return [...errors, ...validateWebhook(webhook, path)];
  });
}

function validateWebhook(webhook: JsonObject, path: string): FieldError[] {
  const errors = reviewVersionErrors(webhook, `${path}.admissionReviewVersions`);
  objectsAt(webhook, 'rules').forEach((rule, i) => {
    errors.push(...validateAdmissionRule(rule, `${path}.rules[${i}]`));
  });
  errors.push(...checkSupported(`${path}.failurePolicy`, webhook['failurePolicy'], ['Fail', 'Ignore']));
  if (webhook['sideEffects'] === undefined) errors.push(required(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun'));
  else errors.push(...checkSupported(`${path}.sideEffects`, webhook['sideEffects'], ['None', 'NoneOnDryRun']));
  const seconds = numberAt(webhook, 'timeoutSeconds') ?? 10;
  if (seconds < 1 || seconds > 30) {
    errors.push(invalidValue(`${path}.timeoutSeconds`, seconds, 'the timeout value must be between 1 and 30 seconds'));
  }
  errors.push(...validateMatching(webhook, path), ...validateMatchConditions(webhook, `${path}.matchConditions`, false));
  return [...errors, ...validateClientConfig(objectAt(webhook, 'clientConfig') ?? {}, `${path}.clientConfig`)];
}

function nameErrors(name: string, path: string): FieldError[] {
  if (name === '') return [required(path)];
  const errors = dnsSubdomainProblems(name).map((message) => invalidValue(path, name, message));
  if (errors.length === 0 && name.split('.').length < 3) {
    errors.push(invalidValue(path, name, 'should be a domain with at least three segments separated by dots'));
  }
  return errors;
}

function reviewVersionErrors(webhook: JsonObject, path: string): FieldError[] {
  const versions = listAt(webhook, 'admissionReviewVersions');
  if (versions.length === 0) return [required(path, 'must specify one of v1, v1beta1')];
  if (versions.includes('v1')) return [];
  return [invalidValue(path, versions, 'must include at least one of v1')];
}

function validateClientConfig(config: JsonObject, path: string): FieldError[] {
  const service = objectAt(config, 'service');
  const url = config['url'];
  if ((service === undefined) === (url === undefined)) return [required(path, 'exactly one of url or service is required')];
  if (service === undefined) return validateUrl(String(url), `${path}.url`);
  const errors: FieldError[] = [];
  for (const field of ['name', 'namespace']) {
    if (textAt(service, field) === '') errors.push(required(`${path}.service.${field}`, `service ${field} is required`));
  }
  const port = numberAt(service, 'port') ?? 443;
  if (port < 1 || port > 65_535)
    errors.push(invalidValue(`${path}.service.port`, port, 'port is not valid: must be between 1 and 65535, inclusive'));
  const at = textAt(service, 'path');
  if (at !== '' && !at.startsWith('/')) errors.push(invalidValue(`${path}.service.path`, at, "must start with a '/'"));
  return errors;
}

const urlParts = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):\/\/)?(?:([^/?#@]*)@)?([^/?#]*)[^?#]*(\?[^#]*)?(#.*)?$/;

function validateUrl(url: string, path: string): FieldError[] {
  const form = '; desired format: https://host[/path]';
  const [, scheme, user, host, query, fragment] = urlParts.exec(url) ?? [];
  const errors: FieldError[] = [];
  if (scheme !== 'https') errors.push(invalidValue(path, scheme ?? '', `'https' is the only allowed URL scheme${form}`));
  if (host === undefined || host === '') errors.push(invalidValue(path, host ?? '', `host must be specified${form}`));
  if (user !== undefined) errors.push(invalidValue(path, user, 'user information is not permitted in the URL'));
  if (query !== undefined) errors.push(invalidValue(path, query.slice(1), 'query parameters not permitted in the URL'));
  if (fragment !== undefined) errors.push(invalidValue(path, fragment.slice(1), 'fragments are not permitted in the URL'));
  return errors.length === 0 ? [] : errors;
}
