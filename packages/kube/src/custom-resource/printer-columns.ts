/** The table of a custom resource: its name and the columns of its definition, else its age. */
import { unreachable } from '@weir/net';
import { objectName } from '../registry/define-resource.ts';
import { ageSince } from '../registry/human-duration.ts';
import { type JsonObject, numberAt, textAt } from '../registry/json-object.ts';
import type { TableColumn, TableDefinition } from '../registry/resource-definition.ts';
import { findByPath, type PathStep, parseJsonPath } from './json-path.ts';

const ageColumn: JsonObject = {
  name: 'Age',
  type: 'date',
  description:
    'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
  jsonPath: '.metadata.creationTimestamp',
};

const nameColumn: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
  priority: 0,
};

/** Makes the table from `additionalPrinterColumns`. */
export function customTable(columns: readonly JsonObject[]): TableDefinition {
  const shown = (columns.length === 0 ? [ageColumn] : columns).map((column) => ({
    column: tableColumn(column),
    steps: parseJsonPath(textAt(column, 'jsonPath')) ?? [],
  }));
  return {
    columns: [nameColumn, ...shown.map(({ column }) => column)],
    row: (object, nowMs) => ({
      cells: [objectName(object), ...shown.map(({ column, steps }) => cellOf(object, column.type, steps, nowMs))],
    }),
  };
}

function tableColumn(column: JsonObject): TableColumn {
  const path = textAt(column, 'jsonPath');
  return {
    name: textAt(column, 'name'),
    type: textAt(column, 'type') as TableColumn['type'],
    format: textAt(column, 'format'),
    description: textAt(column, 'description') || `Custom resource definition column (in JSONPath format): ${path}`,
    priority: numberAt(column, 'priority') ?? 0,
  };
}

function cellOf(
  object: JsonObject,
  type: TableColumn['type'],
  steps: readonly PathStep[],
  nowMs: number,
): string | number | boolean | null {
  const [value] = findByPath(object, steps);
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value !== 'string' ? null : Number.isNaN(Date.parse(value)) ? '<invalid>' : ageSince(value, nowMs);
    default:
      return unreachable(type);
  }
}
