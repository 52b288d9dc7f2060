/** networking.k8s.io/v1 Ingress and IngressClass as the API server knows them; the lab stores them, a controller of the user may serve them. */
import type { FieldError } from '../../field-error.ts';
import { checkImmutable, checkSupported, required } from '../../validation/field-rules.ts';
import { invalidValue } from '../../validation/validate-object-meta.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { type JsonObject, objectAt, objectsAt, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

const ingressKind = { group: 'networking.k8s.io', version: 'v1', kind: 'Ingress' };

/** The entry of ingresses. */
export const ingressResource: ResourceDefinition = defineResource({
  ...ingressKind,
  plural: 'ingresses',
  shortNames: ['ing'],
  namespaced: true,
  statusSubresource: true,
  countsGenerations: true,
  subresources: [statusSubresource(ingressKind)],
  prepareForCreate: (object) => {
    object['status'] = { loadBalancer: {} };
    return object;
  },
  validate: validateIngress,
  table: {
    columns: [column('Name'), column('Class'), column('Hosts'), column('Address'), column('Ports'), column('Age')],
    row: (object, nowMs) => {
      const spec = objectAt(object, 'spec');
      const hosts = objectsAt(spec, 'rules').flatMap((rule) => (textAt(rule, 'host') === '' ? [] : [textAt(rule, 'host')]));
      const addresses = objectsAt(objectAt(objectAt(object, 'status'), 'loadBalancer'), 'ingress');
      return {
        cells: [
          objectName(object),
          textAt(spec, 'ingressClassName') || '<none>',
          hosts.length === 0 ? '*' : hosts.join(','),
          addresses.map((each) => textAt(each, 'ip') || textAt(each, 'hostname')).join(','),
          objectsAt(spec, 'tls').length > 0 ? '80, 443' : '80',
          objectAge(object, nowMs),
        ],
      };
    },
  },
});

/** The entry of ingress classes. */
export const ingressClassResource: ResourceDefinition = defineResource({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  namespaced: false,
  countsGenerations: true,
  defaults: (object) => {
    const parameters = objectAt(objectAt(object, 'spec'), 'parameters');
    if (parameters !== undefined) setDefault(parameters, 'scope', 'Cluster');
    return object;
  },
  validate: (object) => (textAt(objectAt(object, 'spec'), 'controller') === '' ? [required('spec.controller')] : []),
  validateUpdate: (object, old) =>
    checkImmutable('spec.controller', objectAt(object, 'spec')?.['controller'], objectAt(old, 'spec')?.['controller']),
  table: {
    columns: [column('Name'), column('Controller'), column('Parameters'), column('Age')],
    row: (object, nowMs) => {
      const spec = objectAt(object, 'spec');
      const parameters = objectAt(spec, 'parameters');
      const group = textAt(parameters, 'apiGroup');
      const kind = `${textAt(parameters, 'kind')}${group === '' ? '' : `.${group}`}`;
      return {
        cells: [
          objectName(object),
          textAt(spec, 'controller'),
          parameters === undefined ? '<none>' : `${kind}/${textAt(parameters, 'name')}`,
          objectAge(object, nowMs),
        ],
      };
    },
  },
});

function validateIngress(object: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const rules = objectsAt(spec, 'rules');
  const backend = objectAt(spec, 'defaultBackend');
  const errors = backend === undefined ? [] : validateBackend(backend, 'spec.defaultBackend');
  if (rules.length === 0 && backend === undefined) {
    errors.push(invalidValue('spec', spec, 'either `defaultBackend` or `rules` must be specified'));
  }
  for (const [i, rule] of rules.entries()) {
    const http = objectAt(rule, 'http');
    if (http === undefined) continue;
    const paths = objectsAt(http, 'paths');
    if (paths.length === 0) errors.push(required(`spec.rules[${i}].http.paths`));
    for (const [j, path] of paths.entries()) errors.push(...validatePath(path, `spec.rules[${i}].http.paths[${j}]`));
  }
  return errors;
}

function validatePath(path: JsonObject, at: string): FieldError[] {
  const type = path['pathType'];
  const errors =
    type === undefined
      ? [required(`${at}.pathType`, 'pathType must be specified')]
      : checkSupported(`${at}.pathType`, type, ['Exact', 'ImplementationSpecific', 'Prefix']);
  const text = textAt(path, 'path');
  if (type !== 'ImplementationSpecific' && !text.startsWith('/')) errors.push(invalidValue(`${at}.path`, text, 'must be an absolute path'));
  return [...errors, ...validateBackend(objectAt(path, 'backend') ?? {}, `${at}.backend`)];
}

function validateBackend(backend: JsonObject, at: string): FieldError[] {
  const service = objectAt(backend, 'service');
  const resource = objectAt(backend, 'resource');
  if (service !== undefined && resource !== undefined) {
    return [invalidValue(at, backend, 'cannot set both resource and service backends')];
  }
  if (service === undefined && resource === undefined) return [required(at, 'resource or service backend is required')];
  if (service === undefined) return [];
  const errors = textAt(service, 'name') === '' ? [required(`${at}.service.name`)] : [];
  const port = objectAt(service, 'port');
  if (textAt(port, 'name') === '' && (port?.['number'] ?? 0) === 0) {
    errors.push(required(`${at}.service.port`, 'port name or number is required'));
  }
  return errors;
}
