/**
 * What readers of a schema rely on, as lines that can be compared: each field by its path, with its types, whether it is
 * always there, and the words that it may be. A later schema of the same version may add to that and take nothing away.
 */
import type { Schema } from './schemas.ts';

/** A field by its path: `.policies[].state` is a field of the members of a list, `{}` stands for any name in a map. */
export type Promises = Readonly<Record<string, string>>;

interface Promised {
  readonly types: Set<string>;
  /** Undefined: any value of the types. */
  words: Set<string> | undefined;
  isAlways: boolean;
}

/** A schema deeper than that refers to itself. */
const depthMax = 24;

/** The promises that a schema makes. */
export function promisesOf(schema: Schema): Promises {
  const found = new Map<string, Promised>();
  new Walk(schema, found).visit(schema, { path: '', isAlways: true, within: [] });
  const lines = [...found].filter(([path]) => path !== '').map(([path, promised]) => [path, lineOf(promised)] as const);
  return Object.fromEntries(lines.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What of older promises a schema no longer keeps, one sentence each. */
export function brokenPromises(older: Promises, now: Promises): readonly string[] {
  return Object.entries(older).flatMap(([path, line]) => {
    const today = now[path];
    if (today === undefined) return [`${path} is gone`];
    const [was, is] = [readLine(line), readLine(today)];
    return [
      ...(was.isAlways && !is.isAlways ? [`${path} was always there, and may be absent now`] : []),
      ...is.types
        .filter((type) => !was.types.includes(type))
        .map((type) => `${path} was ${was.types.join(' or ')}, and may be ${type} now`),
      ...(is.words.length === 0
        ? []
        : was.words.filter((word) => !is.words.includes(word)).map((word) => `${path} is no longer ever "${word}"`)),
    ];
  });
}

/** Older promises with what has come since. */
export function addedPromises(older: Promises, now: Promises): Promises {
  const all = { ...older };
  for (const [path, line] of Object.entries(now)) {
    const [was, is] = [readLine(older[path] ?? ''), readLine(line)];
    // A field that came later is promised as it is now; of one that was there what was said stays, and new words come to it.
    if (older[path] === undefined || was.types.join() === is.types.join()) all[path] = line;
  }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `always string|null: allow|deny`. */
function lineOf({ types, words, isAlways }: Promised): string {
  const listed = words === undefined || words.size === 0 ? '' : `: ${[...words].sort().join('|')}`;
  return `${isAlways ? 'always' : 'sometimes'} ${[...types].sort().join('|')}${listed}`;
}

function readLine(line: string): { readonly isAlways: boolean; readonly types: readonly string[]; readonly words: readonly string[] } {
  const [head = '', words = ''] = line.split(': ');
  const [often, types = ''] = head.split(' ');
  return { isAlways: often === 'always', types: types.split('|'), words: words === '' ? [] : words.split('|') };
}

interface Place {
  readonly path: string;
  readonly isAlways: boolean;
  /** The definitions that the way here went through. */
  readonly within: readonly string[];
}

class Walk {
  readonly #definitions: Readonly<Record<string, Schema>>;
  readonly #found: Map<string, Promised>;

  constructor(schema: Schema, found: Map<string, Promised>) {
    this.#definitions = (schema['definitions'] ?? {}) as Readonly<Record<string, Schema>>;
    this.#found = found;
  }

  visit(schema: Schema, place: Place): void {
    if (place.within.length > depthMax) return;
    const ref = schema['$ref'];
    if (typeof ref === 'string') {
      const name = decodeURIComponent(ref.replace('#/definitions/', ''));
      // What holds others of its kind is promised once.
      if (place.within.includes(name)) this.#promise({ type: 'object' }, place);
      else this.visit(this.#definitions[name] ?? {}, { ...place, within: [...place.within, name] });
      return;
    }
    const alternatives = schema['anyOf'] ?? schema['oneOf'];
    if (Array.isArray(alternatives)) for (const alternative of alternatives as readonly Schema[]) this.visit(alternative, place);
    else {
      this.#promise(schema, place);
      this.#members(schema, place);
    }
  }

  #members(schema: Schema, { path, within }: Place): void {
    const required = new Set((schema['required'] ?? []) as readonly string[]);
    for (const [name, member] of Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Schema>>))
      this.visit(member, { path: `${path}.${name}`, isAlways: required.has(name), within });
    const { items, additionalProperties } = schema as { readonly items?: unknown; readonly additionalProperties?: unknown };
    for (const item of Array.isArray(items) ? items : [items])
      if (isSchema(item)) this.visit(item, { path: `${path}[]`, isAlways: true, within });
    if (isSchema(additionalProperties)) this.visit(additionalProperties, { path: `${path}{}`, isAlways: true, within });
  }

  #promise(schema: Schema, { path, isAlways }: Place): void {
    const words = (schema['enum'] ?? (schema['const'] === undefined ? undefined : [schema['const']])) as readonly unknown[] | undefined;
    const type = schema['type'] ?? (words === undefined ? 'any' : typeof words[0]);
    const types = new Set((Array.isArray(type) ? type : [type]).map(String));
    const before = this.#found.get(path);
    if (before === undefined) {
      this.#found.set(path, { types, words: words && new Set(words.map(String)), isAlways });
      return;
    }
    // Alternatives: what holds for each of them.
    for (const each of types) before.types.add(each);
    before.isAlways &&= isAlways;
    if (words === undefined) before.words = types.has('object') || types.has('array') || types.has('null') ? before.words : undefined;
    else if (before.words !== undefined) for (const word of words) before.words.add(String(word));
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null;
}
