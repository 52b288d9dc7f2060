/** Columns of tables: what a cell shows of an object, printed as Go prints it. */
import type { KubeObject } from '@weir/kube';
import { goFloat, goScalar, joined } from '../output/go-text.ts';

/** An object of any of the kinds. */
export type Resource = KubeObject & {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
};

/** One column of a table. */
export interface TableColumn {
  readonly heading: string;
  readonly value: (object: Resource) => string;
}

/** A column whose cells are made by `value`. */
export function column(heading: string, value: TableColumn['value']): TableColumn {
  return { heading, value };
}

/** The object's name. */
export const nameColumn: TableColumn = column('NAME', ({ metadata }) => metadata.name ?? '');
/** The object's namespace. */
export const namespaceColumn: TableColumn = column('NAMESPACE', ({ metadata }) => metadata.namespace ?? '');

/** A field of the specification; `absent` where it is not there. */
export function fieldColumn(heading: string, field: string, absent = ''): TableColumn {
  return column(heading, ({ spec }) => goScalar(spec?.[field], absent));
}

/** A pointer to a float of the specification. */
export function floatColumn(heading: string, field: string): TableColumn {
  return column(heading, ({ spec }) => goFloat(spec?.[field]));
}

/** The items of a list of the specification, cut off where they are longer than `max` characters. */
export function listColumn(heading: string, field: string, max?: number): TableColumn {
  return column(heading, ({ spec }) => joined(listIn(spec, field), ',', max));
}

/** How many items lists of the specification have together. */
export function countColumn(heading: string, fields: readonly string[]): TableColumn {
  return column(heading, ({ spec }) => String(fields.reduce((sum, field) => sum + listIn(spec, field).length, 0)));
}

/** The pairs of a map of the specification, in their order by name. */
export function pairsColumn(heading: string, field: string): TableColumn {
  return column(heading, ({ spec }) => {
    const pairs = Object.entries(spec?.[field] ?? {}).map(([key, value]) => `${key}=${String(value)}`);
    return joined(pairs.toSorted(), ',');
  });
}

function listIn(spec: Resource['spec'], field: string): readonly unknown[] {
  const value = spec?.[field];
  return Array.isArray(value) ? value : [];
}
