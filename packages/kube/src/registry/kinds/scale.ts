/** autoscaling/v1 Scale: never stored, it is read from and written to what it scales. */
import { column, defineResource, objectAge, objectName } from '../define-resource.ts';
import { numberAt, objectAt } from '../json-object.ts';
import type { ResourceDefinition, TableDefinition } from '../resource-definition.ts';

/** Its columns (`kubectl get --subresource=scale`). */
const scaleTable: TableDefinition = {
  columns: [column('Name'), column('Desired', 'integer'), column('Available', 'integer'), column('Age')],
  row: (scale, nowMs) => ({
    cells: [
      objectName(scale),
      numberAt(objectAt(scale, 'spec'), 'replicas') ?? 0,
      numberAt(objectAt(scale, 'status'), 'replicas') ?? 0,
      objectAge(scale, nowMs),
    ],
  }),
};

/** The kind, with its fields. */
export const scaleResource: ResourceDefinition = defineResource({
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  plural: 'scales',
  namespaced: true,
  table: scaleTable,
});
