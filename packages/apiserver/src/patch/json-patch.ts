/**
 * JSON Patch (RFC 6902), with the sentences of the real server's library.
 *
 * A pointer reaches an object's own members and nothing that objects inherit. What operations copy is bounded, since
 * a copy into itself doubles (upstream's limit of copies, too).
 */
import { deepEqual, isJsonObject, type JsonObject } from '@weir/kube';
import { PatchError } from './patch-error.ts';

/** One operation as it came; its shape is checked while it is applied. */
export type PatchOperation = Readonly<Record<string, unknown>>;

/** All that the operations of one patch copy, as JSON text. */
const copyLimitBytes = 3 * 1024 * 1024;

/** The document with the operations applied; owns (and changes) its first argument. Throws {@link PatchError}. */
export function applyJsonPatch(document: unknown, operations: readonly PatchOperation[]): unknown {
  const patched = new PatchedDocument(document);
  for (const operation of operations) patched.apply(operation);
  return patched.root;
}

/** The place that a pointer names: a member of an object or of an array, or (without a parent) the document. */
interface Place {
  readonly parent: JsonObject | unknown[] | undefined;
  readonly key: string;
}

class PatchedDocument {
  root: unknown;
  #copiedBytes = 0;

  constructor(root: unknown) {
    this.root = root;
  }

  apply(operation: PatchOperation): void {
    const { op, path } = operation;
    if (typeof path !== 'string')
      throw new PatchError(`${String(op)} operation failed to decode path: operation missing path field: missing value`);
    const missing = new PatchError(failureText(String(op), path));
    switch (op) {
      case 'test':
        if (!deepEqual(this.#read(path, missing), operation['value'] ?? null)) throw missing;
        return;
      case 'remove':
        this.#remove(path, missing);
        return;
      case 'replace':
        this.#replace(path, operation['value'] ?? null, missing);
        return;
      case 'move': {
        const from = String(operation['from']);
        if (path.startsWith(`${from}/`)) throw missing;
        const value = this.#read(from, missing);
        this.#remove(from, missing);
        this.#add(path, value, missing);
        return;
      }
      case 'copy':
        this.#add(path, this.#copyOf(this.#read(String(operation['from']), missing)), missing);
        return;
      case 'add':
        this.#add(path, operation['value'] ?? null, missing);
        return;
      default:
        throw new PatchError(`Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`);
    }
  }

  #copyOf(value: unknown): unknown {
    const text = JSON.stringify(value);
    this.#copiedBytes += text.length;
    if (this.#copiedBytes > copyLimitBytes) {
      throw new PatchError(
        `Unable to complete the copy, the accumulated size increase of copy is ${this.#copiedBytes}, exceeding the limit ${copyLimitBytes}`,
      );
    }
    return JSON.parse(text);
  }

  /** The parent must be there; the member need not be. */
  #place(pointer: string, missing: PatchError): Place {
    if (pointer === '') return { parent: undefined, key: '' };
    if (!pointer.startsWith('/')) throw missing;
    const keys = pointer
      .slice(1)
      .split('/')
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop() ?? '';
    let parent = this.root;
    for (const key of keys) parent = memberOf(parent, key, missing);
    if (!isJsonObject(parent) && !Array.isArray(parent)) throw missing;
    return { parent, key: last };
  }

  #read(pointer: string, missing: PatchError): unknown {
    const { parent, key } = this.#place(pointer, missing);
    return parent === undefined ? this.root : memberOf(parent, key, missing);
  }

  #add(pointer: string, value: unknown, missing: PatchError): void {
    const { parent, key } = this.#place(pointer, missing);
    if (parent === undefined) this.root = value;
    else if (Array.isArray(parent)) parent.splice(key === '-' ? parent.length : indexOf(key, parent.length, missing), 0, value);
    else setMember(parent, key, value);
  }

  #remove(pointer: string, missing: PatchError): void {
    const { parent, key } = this.#place(pointer, missing);
    if (parent === undefined) throw missing;
    memberOf(parent, key, missing);
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
  }

  #replace(pointer: string, value: unknown, missing: PatchError): void {
    const { parent, key } = this.#place(pointer, missing);
    if (parent === undefined) {
      this.root = value;
      return;
    }
    memberOf(parent, key, missing);
    if (Array.isArray(parent)) parent[Number(key)] = value;
    else setMember(parent, key, value);
  }
}

/** A member of its own: what every object inherits is not in the document. */
function memberOf(parent: unknown, key: string, missing: PatchError): unknown {
  if (Array.isArray(parent)) return parent[indexOf(key, parent.length - 1, missing)] as unknown;
  if (!isJsonObject(parent) || !Object.hasOwn(parent, key)) throw missing;
  return parent[key];
}

function indexOf(key: string, last: number, missing: PatchError): number {
  const index = /^(0|[1-9][0-9]{0,8})$/.test(key) ? Number(key) : -1;
  if (index < 0 || index > last) throw missing;
  return index;
}

/** Also a member called `__proto__`, which an assignment would take for something else. */
function setMember(parent: JsonObject, key: string, value: unknown): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function failureText(op: string, path: string): string {
  switch (op) {
    case 'test':
      return `testing value ${path} failed: test failed`;
    case 'replace':
      return `replace operation does not apply: doc is missing key: ${path}: missing value`;
    default:
      return `${op} operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`;
  }
}
