/** How a Scale is listed (`kubectl get --subresource=scale`). */
import { column, objectAge, objectName } from '../define-resource.ts';
import { numberAt, objectAt } from '../json-object.ts';
import type { TableDefinition } from '../resource-definition.ts';

/** The columns of autoscaling/v1 Scale. */
export const scaleTable: TableDefinition = {
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
