/**
 * Structural schemas of objects: which fields there are, of which type, and how lists are merged.
 *
 * One schema serves strict field validation, pruning, strategic merge patch and server-side apply
 * (and may serve OpenAPI). Schemas are written in the notation of `schema-notation.ts`.
 */

/** How server-side apply merges two versions of a list. */
export type ListMerge =
  /** The list is replaced as a whole, by one owner. */
  | { readonly kind: 'atomic' }
  /** The union of scalar members (`x-kubernetes-list-type: set`). */
  | { readonly kind: 'set' }
  /**
   * Members are identified by fields (for example container ports: `containerPort`, and with it `protocol`). A key that a
   * member leaves out has its default.
   */
  | { readonly kind: 'map'; readonly keys: readonly string[]; readonly keyDefaults: Readonly<Record<string, unknown>> };

/** What a strategic merge patch does to a list: replaces it, adds scalars, or merges the members of the same `key`. */
export type ListPatch = { readonly kind: 'replace' } | { readonly kind: 'union' } | { readonly kind: 'byKey'; readonly key: string };

/** Scalars. `integer` has 32 bits, `long` 64; `quantity` and `intOrString` take texts and numbers; `bytes` is base64; `any` is anything. */
export type ScalarKind =
  | 'string'
  | 'integer'
  | 'long'
  | 'number'
  | 'boolean'
  | 'quantity'
  | 'intOrString'
  | 'time'
  | 'microTime'
  | 'bytes'
  | 'any';

/** An object with known fields. */
export interface ObjectSchema {
  readonly kind: 'object';
  readonly name: string;
  readonly fields: ReadonlyMap<string, Schema>;
  /** Fields that are there even when nothing was said of them: nobody who writes one for the first time owns the field itself. */
  readonly always: ReadonlySet<string>;
  /** It may have other fields, of which nothing is known: only in custom kinds. */
  readonly open: boolean;
  /** To server-side apply the whole object is one field, of one owner. */
  readonly atomic: boolean;
  /** What a strategic merge patch does to it; with `retainKeys` the patch names all the fields that stay. */
  readonly patch: 'merge' | 'replace' | 'retainKeys';
}

/** The shape of one value. */
export type Schema =
  | { readonly kind: ScalarKind }
  | { readonly kind: 'map'; readonly values: Schema; readonly atomic: boolean }
  | { readonly kind: 'list'; readonly items: Schema; readonly merge: ListMerge; readonly patch: ListPatch }
  /** Either an object of the type or a boolean. */
  | { readonly kind: 'orBoolean'; readonly object: Schema }
  | ObjectSchema;
