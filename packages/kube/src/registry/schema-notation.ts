/**
 * A compact notation for schemas, close to how field lists are written down in documents.
 *
 * ```
 * TypeName: field field:type field:type …      (a line that starts with a blank goes on)
 * ```
 * Types: `s` string (also when no type is given), `i` integer of 32 bits, `l` of 64, `n` number, `b` boolean, `q` quantity,
 * `is` integer or string, `t` time, `mt` time with microseconds, `bytes` base64, `any`; `{T}` map of texts to T; `T[]` list that is replaced as a
 * whole, `T[set]` set, `T[a,b]` list of objects told apart by the fields a and b (strategic merge patches use the first
 * alone; a key `protocol` is TCP where a member leaves it out); anything else is the name of a type. `Name!` is that type
 * with the strategy retainKeys, `Name|b` that type or a boolean.
 *
 * Two marks say where server-side apply and strategic merge patch differ. `~` after a type: server-side apply takes it
 * for one field (`{s}~`, `T[type]~`; after the name of a definition, `TypeName~:`, wherever the type stands). `=` after a
 * type: strategic merge patches replace it (`T[set]=`, `Name=`). `field+` is always there: Go writes it when it is empty.
 */
import { assert, defined } from '@weir/net';
import type { ListMerge, ListPatch, ObjectSchema, ScalarKind, Schema } from './schema.ts';

const scalars: ReadonlyMap<string, ScalarKind> = new Map([
  ['s', 'string'],
  ['i', 'integer'],
  ['l', 'long'],
  ['n', 'number'],
  ['b', 'boolean'],
  ['q', 'quantity'],
  ['is', 'intOrString'],
  ['t', 'time'],
  ['mt', 'microTime'],
  ['bytes', 'bytes'],
  ['any', 'any'],
]);

/** Types under construction: fields are filled in after every name is known, so types may refer to each other. */
interface OpenSchema extends ObjectSchema {
  readonly fields: Map<string, Schema>;
  readonly always: Set<string>;
}

/** What every kind has, whatever is said of it. */
const partsOfKinds: readonly string[] = ['metadata', 'spec', 'status'];

/** Reads type definitions; asserts that every name that is used is defined once. */
export function parseSchemas(...texts: readonly string[]): ReadonlyMap<string, ObjectSchema> {
  const lines = definitionsIn(texts.join('\n'));
  const types = new Map<string, OpenSchema>();
  for (const [name, { atomic }] of lines) {
    types.set(name, { kind: 'object', name, fields: new Map(), always: new Set(), open: false, atomic, patch: 'merge' });
  }
  for (const [name, { fields }] of lines) {
    const type = defined(types.get(name), 'every definition was registered');
    for (const field of fields) addField(type, field, types);
    if (type.fields.has('apiVersion') && type.fields.has('metadata')) for (const part of partsOfKinds) type.always.add(part);
  }
  return types;
}

function addField(type: OpenSchema, text: string, types: ReadonlyMap<string, OpenSchema>): void {
  const colon = text.indexOf(':');
  const marked = colon < 0 ? text : text.slice(0, colon);
  const name = marked.replace(/\+$/, '');
  assert(!type.fields.has(name), `${type.name}.${name} is defined twice`);
  if (name !== marked) type.always.add(name);
  type.fields.set(name, parseType(colon < 0 ? 's' : text.slice(colon + 1), types));
}

interface Definition {
  readonly atomic: boolean;
  readonly fields: readonly string[];
}

function definitionsIn(text: string): ReadonlyMap<string, Definition> {
  const joined = text.replaceAll(/\n[ \t]+/g, ' ');
  const definitions = new Map<string, Definition>();
  for (const line of joined.split('\n')) {
    if (line.trim() === '') continue;
    const [head, ...fields] = line.trim().split(/\s+/);
    const [name = '', atomic] = defined(head, 'a line has a head').split(/(~)?:$/);
    assert(!definitions.has(name), `type ${name} is defined twice`);
    definitions.set(name, { atomic: atomic === '~', fields });
  }
  return definitions;
}

function parseType(text: string, types: ReadonlyMap<string, OpenSchema>): Schema {
  if (text.endsWith('~')) return asOneField(parseType(text.slice(0, -1), types));
  if (text.endsWith('=')) return replacedByPatches(parseType(text.slice(0, -1), types));
  const list = /^(.*)\[([^\]]*)\]$/.exec(text);
  if (list !== null) return { kind: 'list', items: parseType(list[1] ?? '', types), ...parseMerge(list[2] ?? '') };
  if (text.endsWith('|b')) return { kind: 'orBoolean', object: parseType(text.slice(0, -2), types) };
  if (text.startsWith('{')) return { kind: 'map', values: parseType(text.slice(1, -1), types), atomic: false };
  const scalar = scalars.get(text);
  if (scalar !== undefined) return { kind: scalar };
  const retainKeys = text.endsWith('!');
  const type = defined(types.get(retainKeys ? text.slice(0, -1) : text), `type ${text} is not defined`);
  // The fields map is shared, so a type that is still being filled is complete in the end.
  return retainKeys ? { ...type, patch: 'retainKeys' } : type;
}

function asOneField(type: Schema): Schema {
  if (type.kind === 'list') return { ...type, merge: { kind: 'atomic' } };
  assert(type.kind === 'map' || type.kind === 'object', 'only maps, lists and objects have parts');
  return { ...type, atomic: true };
}

function replacedByPatches(type: Schema): Schema {
  if (type.kind === 'list') return { ...type, patch: { kind: 'replace' } };
  assert(type.kind === 'object', 'only lists and objects can be replaced');
  return { ...type, patch: 'replace' };
}

function parseMerge(text: string): { readonly merge: ListMerge; readonly patch: ListPatch } {
  if (text === '') return { merge: { kind: 'atomic' }, patch: { kind: 'replace' } };
  if (text === 'set') return { merge: { kind: 'set' }, patch: { kind: 'union' } };
  const keys = text.split(',');
  return {
    merge: { kind: 'map', keys, keyDefaults: keys.includes('protocol') ? { protocol: 'TCP' } : {} },
    patch: { kind: 'byKey', key: keys[0] ?? '' },
  };
}
