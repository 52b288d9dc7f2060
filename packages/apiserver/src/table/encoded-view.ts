/**
 * Stored objects in the version that a client speaks: kinds with several versions are stored in one, and custom
 * resources are read by the schema of now (pruned, defaulted), whenever they were stored.
 *
 * Most objects read so are what is stored, byte for byte. That is found out once for the same bytes and the same
 * definition, by their digest: a list then looks into none of them. What differs is kept while there is room.
 */
import { createHash } from 'node:crypto';
import type { JsonObject, ResourceDefinition } from '@weir/kube';
import { EncodedObject } from '../storage/encoded-object.ts';

/** What is known of stored bytes: they are what is read, or what is read instead. */
type View = 'same' | EncodedObject;

/** Views of one definition: as many objects, and as many bytes of what differs. */
const limits = { objects: 100_000, bytes: 16 * 1024 * 1024 };

class KnownViews {
  readonly #views = new Map<string, View>();
  #bytes = 0;

  get(digest: string): View | undefined {
    return this.#views.get(digest);
  }

  /** Forgets everything when there is no more room; what is still used comes back. */
  set(digest: string, view: View): void {
    this.#bytes += view === 'same' ? 0 : view.bytes.length;
    if (this.#views.size >= limits.objects || this.#bytes > limits.bytes) {
      this.#views.clear();
      this.#bytes = view === 'same' ? 0 : view.bytes.length;
    }
    this.#views.set(digest, view);
  }
}

/** A changed definition is another one, and knows nothing yet. */
const known = new WeakMap<ResourceDefinition, KnownViews>();

/** The object as it is read through a definition; the argument itself when that is what is stored. */
export function encodedView(definition: ResourceDefinition, object: EncodedObject): EncodedObject {
  const { conversion } = definition;
  if (conversion === undefined) return object;
  let views = known.get(definition);
  if (views === undefined) {
    views = new KnownViews();
    known.set(definition, views);
  }
  const digest = createHash('sha256').update(object.bytes).digest('base64');
  let view = views.get(digest);
  if (view === undefined) {
    const read = EncodedObject.of(conversion.fromStored(object.copy()));
    view = Buffer.compare(read.bytes, object.bytes) === 0 ? 'same' : read;
    views.set(digest, view);
  }
  return view === 'same' ? object : view;
}

/** The object as it is read, shared: never change it (see {@link copyOf}). */
export function viewOf(definition: ResourceDefinition, object: EncodedObject): Readonly<JsonObject> {
  return encodedView(definition, object).json;
}

/** The same, as a tree that the caller owns. */
export function copyOf(definition: ResourceDefinition, object: EncodedObject): JsonObject {
  return encodedView(definition, object).copy();
}
