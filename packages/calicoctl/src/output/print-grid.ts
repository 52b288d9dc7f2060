/** Tables in a frame of dashes, as calicoctl prints its address management. */

/** One column. */
export interface GridColumn {
  readonly heading: string;
  readonly isRight?: boolean;
}

/** The text of one table; without rows the frame and the headings. */
export function gridText(columns: readonly GridColumn[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ heading }, at) => Math.max(heading.length, ...rows.map((row) => (row[at] ?? '').length)));
  const frame = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+\n`;
  const line = (cells: readonly string[]): string => {
    const padded = widths.map((width, at) => {
      const cell = cells[at] ?? '';
      return columns[at]?.isRight === true ? cell.padStart(width) : cell.padEnd(width);
    });
    return `| ${padded.join(' | ')} |\n`;
  };
  return [frame, line(columns.map(({ heading }) => heading)), frame, ...rows.map(line), frame].join('');
}
