/**
 * Which stored objects a list or a watch is about, decided on their bytes where that is enough.
 *
 * Parsing is what selecting costs. An object in whose text a wanted value does not occur cannot have
 * it, because objects are stored as `JSON.stringify` writes them; only the others are parsed.
 */
import type { ResourceDefinition } from '@weir/kube';
import type { EncodedObject } from '../storage/encoded-object.ts';
import { viewOf } from '../table/encoded-view.ts';
import { type ListOptions, matchesOptions, selectsSome } from './list-options.ts';

/** Values of fields that are no texts in the object, or stand for their absence. */
const notText = /^(|true|false|[0-9]+)$/;

/** Makes the test of a list's or watch's selectors. */
export function selectionOf(options: ListOptions, definition: ResourceDefinition): (object: EncodedObject) => boolean {
  if (!selectsSome(options)) return () => true;
  const needed = neededTexts(storedOptions(options, definition));
  return (object) => {
    const bytes = asBuffer(object.bytes);
    if (!needed.every((alternatives) => alternatives.some((text) => bytes.includes(text)))) return false;
    return matchesOptions(viewOf(definition, object), options, definition);
  };
}

/** The requirements whose values stand in what is stored: a default of a custom kind may not, and metadata in another form neither. */
function storedOptions(options: ListOptions, { custom, conversion }: ResourceDefinition): Pick<ListOptions, 'labels' | 'fields'> {
  if (conversion?.storedNames !== undefined) return { labels: [], fields: [] };
  return custom === undefined ? options : { ...options, fields: [] };
}

/** What comes out of the store is a Buffer already. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Per requirement the texts of which one must occur; requirements that absence can meet need none. */
function neededTexts({ labels, fields }: Pick<ListOptions, 'labels' | 'fields'>): readonly (readonly Buffer[])[] {
  const ofFields = fields.flatMap(({ operator, value }) =>
    operator === 'Equals' && !notText.test(value) ? [[Buffer.from(JSON.stringify(value))]] : [],
  );
  const ofLabels = labels.flatMap(({ key, operator, values }) => {
    const name = JSON.stringify(key);
    if (operator === 'Exists') return [[Buffer.from(`${name}:`)]];
    return operator === 'In' ? [values.map((value) => Buffer.from(`${name}:${JSON.stringify(value)}`))] : [];
  });
  return [...ofFields, ...ofLabels];
}
