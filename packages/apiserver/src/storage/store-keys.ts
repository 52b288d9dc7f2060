/** Keys of objects and ranges of them: `resource/namespace/name`, in the order of lmdb, that of their bytes. */
import { assert } from '@weir/net';

/** Where an object is: its resource (`plural.group`), its namespace (empty for cluster scope), its name. */
export interface ObjectKey {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** Which objects to read, in the order of their keys. */
export interface ListRange {
  readonly resource: string;
  /** Only this namespace; all when absent. */
  readonly namespace?: string;
  /** Only objects after this key (exclusive), see {@link keyText}. */
  readonly after?: string;
}

/** A key as text; none of the parts can hold a slash. */
export function keyText(key: ObjectKey): string {
  return `${key.resource}/${key.namespace}/${key.name}`;
}

/** The key of a text that {@link keyText} made. */
export function parseKey(text: string): ObjectKey {
  const [resource = '', namespace = '', name = ''] = text.split('/');
  return { resource, namespace, name };
}

/** Ends the process' work on a key that would be taken for another one. */
export function assertPlainKey(key: ObjectKey): void {
  const isPlain = key.name !== '' && !`${key.resource}${key.namespace}${key.name}`.includes('/');
  assert(isPlain && fits(keyText(key)), `${keyText(key)} is no key`);
}

/** The longest key, in bytes; lmdb takes 1 978. No object that can be stored has a longer one. */
const keyBytes = 1_900;

/** Whether there can be an object with the key: whoever asks for another one is told that there is none. */
export function fits(text: string): boolean {
  return text.length * 3 <= keyBytes || Buffer.byteLength(text) <= keyBytes;
}

/**
 * '0' follows '/' in ASCII, so the range ends right after the last key with the prefix. It never begins before the
 * first one, whatever it is to come after: what clients send as a position must not lead out of what they asked for.
 * Undefined when nothing can be in it.
 */
export function boundsOf(range: ListRange): { start: string; end: string } | undefined {
  const prefix = range.namespace === undefined ? range.resource : `${range.resource}/${range.namespace}`;
  const start = range.after !== undefined && range.after > `${prefix}/` ? range.after : `${prefix}/`;
  return fits(start) && start < `${prefix}0` ? { start, end: `${prefix}0` } : undefined;
}

/** Whether a key is in a range; `text` is the key's. */
export function isInRange(key: ObjectKey, text: string, range: ListRange): boolean {
  return (
    key.resource === range.resource &&
    (range.namespace === undefined || key.namespace === range.namespace) &&
    (range.after === undefined || text > range.after)
  );
}
