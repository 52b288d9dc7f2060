/**
 * A compact notation for schemas, close to how field lists are written down in documents.
 *
 * ```
 * TypeName: field field:type field:type …      (a line that starts with a blank goes on)
 * ```
 * Types: `s` string (also when no type is given), `i` integer of 32 bits, `l` of 64, `n` number, `b` boolean, `q` quantity,
 * `is` integer or string, `t` time, `bytes` base64, `any`; `{T}` map of texts to T; `T[]` list that
 * is replaced as a whole, `T[set]` set, `T[a,b]` list of objects told apart by the fields a and b
 * (strategic merge patches use the first alone; a key `protocol` is TCP where a member leaves it out); anything else is the name of a type. `Name!` is
 * that type with the strategy retainKeys, `Name|b` that type or a boolean.
 */
import { assert, defined } from '@weir/net';
import type { ListMerge, ObjectSchema, ScalarKind, Schema } from './schema.ts';

const scalars: ReadonlyMap<string, ScalarKind> = new Map([
  ['s', 'string'],
  ['i', 'integer'],
  ['l', 'long'],
  ['n', 'number'],
  ['b', 'boolean'],
  ['q', 'quantity'],
  ['is', 'intOrString'],
  ['t', 'time'],
  ['bytes', 'bytes'],
  ['any', 'any'],
]);

/** Types under construction: fields are filled in after every name is known, so types may refer to each other. */
interface OpenSchema {
  readonly kind: 'object';
  readonly name: string;
  readonly fields: Map<string, Schema>;
  readonly retainKeys: boolean;
}

/** Reads type definitions; asserts that every name that is used is defined once. */
export function parseSchemas(...texts: readonly string[]): ReadonlyMap<string, ObjectSchema> {
  const lines = definitionsIn(texts.join('\n'));
  const types = new Map<string, OpenSchema>();
  for (const name of lines.keys()) types.set(name, { kind: 'object', name, fields: new Map(), retainKeys: false });
  for (const [name, fields] of lines) {
    const type = defined(types.get(name), 'every definition was registered');
    for (const field of fields) {
      const colon = field.indexOf(':');
      const fieldName = colon < 0 ? field : field.slice(0, colon);
      assert(!type.fields.has(fieldName), `${name}.${fieldName} is defined twice`);
      type.fields.set(fieldName, parseType(colon < 0 ? 's' : field.slice(colon + 1), types));
    }
  }
  return types;
}

function definitionsIn(text: string): ReadonlyMap<string, readonly string[]> {
  const joined = text.replaceAll(/\n[ \t]+/g, ' ');
  const definitions = new Map<string, readonly string[]>();
  for (const line of joined.split('\n')) {
    if (line.trim() === '') continue;
    const [head, ...fields] = line.trim().split(/\s+/);
    const name = defined(head, 'a line has a head').replace(/:$/, '');
    assert(!definitions.has(name), `type ${name} is defined twice`);
    definitions.set(name, fields);
  }
  return definitions;
}

function parseType(text: string, types: ReadonlyMap<string, OpenSchema>): Schema {
  const list = /^(.*)\[([^\]]*)\]$/.exec(text);
  if (list !== null) {
    return { kind: 'list', items: parseType(list[1] ?? '', types), merge: parseMerge(list[2] ?? '') };
  }
  if (text.endsWith('|b')) return { kind: 'orBoolean', object: parseType(text.slice(0, -2), types) };
  if (text.startsWith('{')) return { kind: 'map', values: parseType(text.slice(1, -1), types) };
  const scalar = scalars.get(text);
  if (scalar !== undefined) return { kind: scalar };
  const retainKeys = text.endsWith('!');
  const type = defined(types.get(retainKeys ? text.slice(0, -1) : text), `type ${text} is not defined`);
  // The fields map is shared, so a type that is still being filled is complete in the end.
  return retainKeys ? { ...type, retainKeys } : type;
}

function parseMerge(text: string): ListMerge {
  if (text === '') return { kind: 'atomic' };
  if (text === 'set') return { kind: 'set' };
  const keys = text.split(',');
  return { kind: 'map', patchKey: keys[0] ?? '', keys, keyDefaults: keys.includes('protocol') ? { protocol: 'TCP' } : {} };
}
