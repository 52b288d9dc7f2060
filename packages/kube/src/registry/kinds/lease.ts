/** coordination.k8s.io/v1 Lease as the API server knows it. */
import { checkNotNegative } from '../../validation/field-rules.ts';
import { column, defineResource, objectAge, objectName } from '../define-resource.ts';
import { objectAt, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

/** The entry of leases. */
export const leaseResource: ResourceDefinition = defineResource({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
  createOnUpdate: true,
  validate: (lease) => {
    const spec = objectAt(lease, 'spec');
    return [
      ...checkNotNegative('spec.leaseDurationSeconds', spec?.['leaseDurationSeconds']),
      ...checkNotNegative('spec.leaseTransitions', spec?.['leaseTransitions']),
    ];
  },
  table: {
    columns: [column('Name'), column('Holder'), column('Age')],
    row: (lease, nowMs) => ({ cells: [objectName(lease), textAt(objectAt(lease, 'spec'), 'holderIdentity'), objectAge(lease, nowMs)] }),
  },
});
