/** Tables as calicoctl prints them: every cell padded to three blanks behind the longest one, a blank line at the end. */

import { CalicoctlError } from '../calicoctl-error.ts';
import type { Resource, ResourceKind, TableColumn } from '../resources/resource-kinds.ts';
import { namespaceColumn } from '../resources/table-column.ts';

/** Which columns. */
export type TableStyle =
  | { readonly kind: 'ps' }
  | { readonly kind: 'wide' }
  | { readonly kind: 'custom'; readonly headings: readonly string[] };

const minimum = 5;
const padding = 3;

/** The text of one table. */
export function tableText(
  kind: ResourceKind,
  objects: readonly Resource[],
  style: TableStyle & { readonly showsNamespace: boolean },
): string {
  const own = columnsOf(kind, style);
  const columns =
    style.showsNamespace && kind.namespaced ? [namespaceColumn, ...own.filter(({ heading }) => heading !== 'NAMESPACE')] : own;
  const rows = [columns.map(({ heading }) => heading), ...objects.map((object) => columns.map((each) => each.value(object)))];
  const widths = columns.map((_, at) => Math.max(minimum, Math.max(...rows.map((row) => (row[at] ?? '').length)) + padding));
  const lines = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(''));
  return `${lines.join('\n')}\n\n`;
}

function columnsOf(kind: ResourceKind, style: TableStyle): readonly TableColumn[] {
  if (style.kind === 'ps') return kind.columns;
  if (style.kind === 'wide') return kind.wideColumns;
  const known = [...kind.wideColumns, ...kind.otherColumns, ...(kind.namespaced ? [namespaceColumn] : [])];
  return style.headings.map((heading) => {
    const found = known.find((each) => each.heading === heading.toUpperCase());
    if (found !== undefined) return found;
    throw new CalicoctlError(`unknown heading ${heading}, valid values are: ${known.map((each) => each.heading).join(', ')}`);
  });
}
