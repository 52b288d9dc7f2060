/**
 * Finds keys that stand twice in one object of a JSON text, which `JSON.parse` does not tell.
 *
 * Works on texts that `JSON.parse` has accepted: a scanner over strings and brackets.
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

/** The paths of duplicate fields in document order, for example `spec.containers[0].image`. */
export function duplicateFields(text: string): string[] {
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
