/** `-o json` and `-o jsonc`. */
import { styleText } from 'node:util';
import { withSortedKeys } from './sorted-keys.ts';

/** Two spaces deep, keys sorted, a line break at the end. */
export function printJson(value: unknown): string {
  return `${JSON.stringify(withSortedKeys(value), null, 2)}\n`;
}

/** The same with colours. */
export function printColouredJson(value: unknown): string {
  return printJson(value).replace(
    /("(?:[^"\\]|\\.)*")(:?)|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g,
    (token: string, text: string | undefined, colon: string | undefined) => {
      if (text === undefined) return styleText('cyan', token, { validateStream: false });
      return colon === ':' ? `${styleText('blue', text, { validateStream: false })}:` : styleText('green', text, { validateStream: false });
    },
  );
}
