/** policy/v1 PodDisruptionBudget as the API server knows it; evictions go by its status, which a controller keeps. */
import type { FieldError } from '../../field-error.ts';
import { validateLabelSelector } from '../../selectors/validate-label-selector.ts';
import { checkAtMostAll, checkNumberOrPercent, checkSupported } from '../../validation/field-rules.ts';
import { invalidValue } from '../../validation/validate-object-meta.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { type JsonObject, numberAt, objectAt, scalarText } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

const budgetKind = { group: 'policy', version: 'v1', kind: 'PodDisruptionBudget' };

/** The entry of pod disruption budgets. */
export const podDisruptionBudgetResource: ResourceDefinition = defineResource({
  ...budgetKind,
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  namespaced: true,
  statusSubresource: true,
  countsGenerations: true,
  subresources: [statusSubresource(budgetKind)],
  prepareForCreate: (object) => {
    object['status'] = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
    return object;
  },
  validate: validateBudget,
  table: {
    columns: [column('Name'), column('Min Available'), column('Max Unavailable'), column('Allowed Disruptions', 'integer'), column('Age')],
    row: (object, nowMs) => {
      const spec = objectAt(object, 'spec');
      return {
        cells: [
          objectName(object),
          scalarText(spec, 'minAvailable') ?? 'N/A',
          scalarText(spec, 'maxUnavailable') ?? 'N/A',
          numberAt(objectAt(object, 'status'), 'disruptionsAllowed') ?? 0,
          objectAge(object, nowMs),
        ],
      };
    },
  },
});

function validateBudget(object: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const errors: FieldError[] = [];
  if (spec['minAvailable'] !== undefined && spec['maxUnavailable'] !== undefined) {
    errors.push(invalidValue('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const field of ['minAvailable', 'maxUnavailable']) {
    errors.push(...checkNumberOrPercent(`spec.${field}`, spec[field]), ...checkAtMostAll(`spec.${field}`, spec[field]));
  }
  const selector = objectAt(spec, 'selector');
  if (selector !== undefined) errors.push(...validateLabelSelector(selector, 'spec.selector'));
  const policies = ['AlwaysAllow', 'IfHealthyBudget'];
  return [...errors, ...checkSupported('spec.unhealthyPodEvictionPolicy', spec['unhealthyPodEvictionPolicy'], policies)];
}
