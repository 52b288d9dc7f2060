/**
 * Finds keys that stand twice in one object of a JSON text, which `JSON.parse` does not tell.
 *
 * Works on texts that `JSON.parse` has accepted: a scanner over strings and brackets. Nearly all texts have as many
 * keys as what was parsed from them; only the others are scanned for which they are.
 */

interface Level {
  /** Undefined in a list. */
  readonly keys: Set<string> | undefined;
  readonly path: string;
  /** The key of the member that is being read, or the index in a list. */
  key: string;
  index: number;
  expectsKey: boolean;
}

/** The paths of duplicate fields in document order, for example `spec.containers[0].image`; `value` is what `JSON.parse` made. */
export function duplicateFields(bytes: Uint8Array, value: unknown): string[] {
  if (countKeysOfText(bytes) === countKeys(value)) return [];
  const text = new TextDecoder().decode(bytes);
  const duplicates: string[] = [];
  const levels: Level[] = [];
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;
  for (let match = tokens.exec(text); match !== null; match = tokens.exec(text)) {
    const token = match[0];
    const level = levels.at(-1);
    switch (token) {
      case '{':
      case '[':
        levels.push({ keys: token === '{' ? new Set() : undefined, path: pathOf(level), key: '', index: 0, expectsKey: token === '{' });
        break;
      case '}':
      case ']':
        levels.pop();
        break;
      case ',':
        if (level?.keys === undefined) {
          if (level !== undefined) level.index++;
        } else level.expectsKey = true;
        break;
      case ':':
        break;
      default:
        if (level?.keys !== undefined && level.expectsKey) takeKey(level, JSON.parse(token) as string, duplicates);
    }
  }
  return duplicates;
}

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];

/** Colons outside of strings; in UTF-8 no other character has their bytes. */
function countKeysOfText(bytes: Uint8Array): number {
  let count = 0;
  let isString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === quote) isString = !isString;
    else if (isString && byte === backslash) i++;
    else if (!isString && byte === colon) count++;
  }
  return count;
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  for (const member of Array.isArray(value) ? (value as readonly unknown[]) : Object.values(value)) count += countKeys(member);
  return Array.isArray(value) ? count : count + Object.keys(value).length;
}

function takeKey(level: Level, key: string, duplicates: string[]): void {
  level.key = key;
  level.expectsKey = false;
  if (level.keys?.has(key) === true) duplicates.push(pathOf(level));
  level.keys?.add(key);
}

function pathOf(level: Level | undefined): string {
  if (level === undefined) return '';
  if (level.keys === undefined) return `${level.path}[${level.index}]`;
  return level.path === '' ? level.key : `${level.path}.${level.key}`;
}
