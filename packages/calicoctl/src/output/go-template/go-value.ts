/**
 * JSON values as Go's templates see those of Calico's types: fields by their names in Go, and how values are printed.
 *
 * Go's names are those of JSON but for capitals (`IPNetworks`, `ipNetworks`); of what an object holds only maps keep
 * their keys as they are. What an object does not have is printed as nothing: which fields its type has is not known here.
 */
import { goFloat } from '../go-text.ts';

/** A pointer that points nowhere: printed `<nil>`, and false. */
const nilPointer: unique symbol = Symbol('nil');
/** What a map does not have: printed `<no value>`, and false. */
export const noValue: unique symbol = Symbol('no value');

type Fields = Readonly<Record<string, unknown>>;

/** Fields that are maps of texts. */
const mapFields = new Set(['labels', 'annotations', 'labelsToApply', 'matchLabels']);
/** Fields that are pointers to floats. */
const floatFields = new Set(['order']);
const maps = new WeakSet<object>();

/** The field of that name, as Go calls it; undefined when the value has no fields or not this one. */
export function fieldOf(value: unknown, name: string): unknown {
  if (!isFields(value)) return undefined;
  if (maps.has(value)) return Object.hasOwn(value, name) ? value[name] : noValue;
  const { metadata } = value;
  if (isFields(metadata)) {
    if (name === 'ObjectMeta' || name === 'ListMeta') return metadata;
    if (name === 'TypeMeta') return value;
  }
  // What Go does not export has a small letter, and is not seen.
  if (!/^[A-Z]/.test(name)) return undefined;
  const wanted = name.toLowerCase();
  const key = Object.keys(value).find((each) => each.toLowerCase() === wanted);
  if (key !== undefined) return marked(key, value[key]);
  if (floatFields.has(wanted)) return nilPointer;
  // The metadata is embedded in the object: `.Name` is `.ObjectMeta.Name`.
  return isFields(metadata) ? fieldOf(metadata, name) : undefined;
}

function marked(key: string, value: unknown): unknown {
  if (floatFields.has(key) && typeof value === 'number') return goFloat(value);
  if (mapFields.has(key) && isFields(value)) maps.add(value);
  return value;
}

/** What Go's templates take for true: everything but nothing, zero, and what is empty. */
export function isTrue(value: unknown): boolean {
  if (value === nilPointer || value === noValue || value === undefined || value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (isFields(value)) return !maps.has(value) || Object.keys(value).length > 0;
  return value !== false && value !== 0 && value !== '';
}

/** A value as Go prints it. */
export function printed(value: unknown): string {
  if (value === nilPointer) return '<nil>';
  if (value === noValue) return '<no value>';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : goFloat(value);
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${value.map(printed).join(' ')}]`;
  if (!isFields(value)) return '';
  const pairs = sortedEntries(value).map(([key, member]) => `${key}:${printed(member)}`);
  return maps.has(value) ? `map[${pairs.join(' ')}]` : `{${pairs.join(' ')}}`;
}

/** The members of a map by the order of their keys. */
export function sortedEntries(value: Fields): readonly (readonly [string, unknown])[] {
  return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Whether a value has fields or keys. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
