/** From a command's result to what standard output gets. */

import { printColouredJson, printJson } from './print-json.ts';
import { printTable } from './print-table.ts';
import { printTsv } from './print-tsv.ts';
import { printYaml } from './print-yaml.ts';
import { pick } from './query.ts';

/** How a result is wished. */
export interface OutputWish {
  /** `json`, `jsonc`, `yaml`, `yamlc`, `table`, `tsv` or `none`. */
  readonly format: string;
  readonly query: string | undefined;
  readonly hasColour: boolean;
  /** What a table shows instead of the result itself. */
  readonly table: ((result: unknown) => unknown) | undefined;
}

/** The text; empty when there is nothing to say. */
export function printResult(result: unknown, { format, query, hasColour, table }: OutputWish): string {
  if (result === undefined || format === 'none') return '';
  const picked = pick(result, query);
  const { value } = picked;
  if (value === undefined || value === null) return '';
  switch (format) {
    case 'yaml':
    case 'yamlc':
      return printYaml(value);
    case 'tsv':
      return printTsv(picked);
    case 'table': {
      const isPrepared = query === undefined && table !== undefined;
      return printTable(isPrepared ? table(value) : value, query === undefined && !isPrepared);
    }
    case 'jsonc':
      return hasColour ? printColouredJson(value) : printJson(value);
    default:
      return printJson(value);
  }
}
