/**
 * Structural schemas of objects: which fields there are, of which type, and how lists are merged.
 *
 * One schema serves strict field validation, pruning, strategic merge patch and server-side apply
 * (and may serve OpenAPI). Schemas are written in the notation of `schema-notation.ts`.
 */

/** How two versions of a list are merged. */
export type ListMerge =
  /** The list is replaced as a whole. */
  | { readonly kind: 'atomic' }
  /** The union of scalar members (`x-kubernetes-list-type: set`). */
  | { readonly kind: 'set' }
  /**
   * Members are identified by fields: `patchKey` alone in strategic merge patches, all of `keys` in
   * server-side apply (for example container ports: `containerPort`, and with it `protocol`). A key that a
   * member leaves out has its default.
   */
  | {
      readonly kind: 'map';
      readonly patchKey: string;
      readonly keys: readonly string[];
      readonly keyDefaults: Readonly<Record<string, unknown>>;
    };

/** Scalars. `integer` has 32 bits, `long` 64; `quantity` and `intOrString` take texts and numbers; `bytes` is base64; `any` is anything. */
export type ScalarKind = 'string' | 'integer' | 'long' | 'number' | 'boolean' | 'quantity' | 'intOrString' | 'time' | 'bytes' | 'any';

/** An object with known fields. `retainKeys`: a strategic patch names all the fields that stay. */
export interface ObjectSchema {
  readonly kind: 'object';
  readonly name: string;
  readonly fields: ReadonlyMap<string, Schema>;
  readonly retainKeys: boolean;
}

/** The shape of one value. */
export type Schema =
  | { readonly kind: ScalarKind }
  | { readonly kind: 'map'; readonly values: Schema }
  | { readonly kind: 'list'; readonly items: Schema; readonly merge: ListMerge }
  /** Either an object of the type or a boolean. */
  | { readonly kind: 'orBoolean'; readonly object: Schema }
  | ObjectSchema;
