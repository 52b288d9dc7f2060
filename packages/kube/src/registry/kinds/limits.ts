/** core/v1 ResourceQuota and LimitRange as the API server knows them. */
import type { FieldError } from '../../field-error.ts';
import { checkImmutable, checkSupported, parseQuantity, quantityRule } from '../../validation/field-rules.ts';
import { invalidValue } from '../../validation/validate-object-meta.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { ensureObject, type JsonObject, listAt, objectAt, objectsAt, scalarText, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

const quotaKind = { group: '', version: 'v1', kind: 'ResourceQuota' };

/** The entry of resource quotas. */
export const resourceQuotaResource: ResourceDefinition = defineResource({
  ...quotaKind,
  plural: 'resourcequotas',
  shortNames: ['quota'],
  namespaced: true,
  statusSubresource: true,
  subresources: [statusSubresource(quotaKind)],
  prepareForCreate: (object) => {
    object['status'] = {};
    return object;
  },
  validate: validateQuota,
  validateUpdate: (object, old) => [
    ...validateQuota(object),
    ...checkImmutable('spec.scopes', objectAt(object, 'spec')?.['scopes'], objectAt(old, 'spec')?.['scopes']),
  ],
  table: {
    columns: [column('Name'), column('Request'), column('Limit'), column('Age')],
    row: (object, nowMs) => {
      const status = objectAt(object, 'status');
      const hard = objectAt(status, 'hard') ?? {};
      const used = objectAt(status, 'used') ?? {};
      const text = (names: readonly string[]): string =>
        names.map((name) => `${name}: ${scalarText(used, name) ?? '0'}/${scalarText(hard, name) ?? '0'}`).join(', ');
      const names = Object.keys(hard).sort();
      return {
        cells: [
          objectName(object),
          text(names.filter((name) => !name.startsWith('limits.'))),
          text(names.filter((name) => name.startsWith('limits.'))),
          objectAge(object, nowMs),
        ],
      };
    },
  },
});

function validateQuota(object: JsonObject): FieldError[] {
  const hard = objectAt(objectAt(object, 'spec'), 'hard') ?? {};
  const errors = quantityErrors(hard, 'spec.hard');
  const scopes = listAt(objectAt(object, 'spec'), 'scopes');
  const known = ['BestEffort', 'CrossNamespacePodAffinity', 'NotBestEffort', 'NotTerminating', 'PriorityClass', 'Terminating'];
  return [...errors, ...scopes.flatMap((scope, i) => checkSupported(`spec.scopes[${i}]`, scope, known))];
}

/** The entry of limit ranges. */
export const limitRangeResource: ResourceDefinition = defineResource({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
  namespaced: true,
  defaults: (object) => {
    for (const limit of objectsAt(objectAt(object, 'spec'), 'limits')) defaultLimit(limit);
    return object;
  },
  validate: (object) =>
    objectsAt(objectAt(object, 'spec'), 'limits').flatMap((limit, i) =>
      ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'].flatMap((field) =>
        quantityErrors(objectAt(limit, field) ?? {}, `spec.limits[${i}].${field}`),
      ),
    ),
  table: {
    columns: [column('Name'), column('Created At')],
    row: (object) => ({ cells: [objectName(object), textAt(objectAt(object, 'metadata'), 'creationTimestamp')] }),
  },
});

/** What is not said of a container follows from what is: the default from the maximum, the request from the default or the minimum. */
function defaultLimit(limit: JsonObject): void {
  if (limit['type'] !== 'Container') return;
  for (const [field, sources] of [
    ['default', ['max']],
    ['defaultRequest', ['default', 'min']],
  ] as const) {
    for (const source of sources) {
      for (const [name, quantity] of Object.entries(objectAt(limit, source) ?? {})) setDefault(ensureObject(limit, field), name, quantity);
    }
  }
}

function quantityErrors(quantities: JsonObject, path: string): FieldError[] {
  return Object.entries(quantities).flatMap(([name, quantity]) => {
    const value = parseQuantity(quantity);
    if (value === undefined) return [invalidValue(`${path}[${name}]`, quantity, quantityRule)];
    return value < 0 ? [invalidValue(`${path}[${name}]`, quantity, 'must be greater than or equal to 0')] : [];
  });
}
