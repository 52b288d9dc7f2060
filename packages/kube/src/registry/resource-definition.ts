/**
 * What the API server must know of a kind, as data: one entry of the resource registry.
 *
 * Everything that differs between kinds stands here (names, verbs, schema, defaulting, validation,
 * patch keys through the schema, table columns, field selectors); the server has no code per kind
 * beyond the admission that needs other objects (address allocation, namespace life cycle).
 */
import type { FieldError } from '../field-error.ts';
import type { ConformResult } from './conform.ts';
import type { JsonObject } from './json-object.ts';
import type { ObjectSchema } from './schema.ts';

/** Group, version and kind of an object; the core group is the empty text. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** The verbs that discovery lists for a resource. */
export type ResourceVerb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** A subresource, for example `pods/exec`; `kind` is what its requests and answers carry. */
export interface SubresourceDefinition {
  readonly name: string;
  readonly kind: GroupVersionKind;
  readonly verbs: readonly string[];
  /** The one field of the specification that its writes change, and the errors of such a change; absent: writes are of another kind. */
  readonly writes?: {
    readonly field: string;
    validate(object: JsonObject, old: JsonObject): readonly FieldError[];
  };
}

/** One column of a Table, as `kubectl get` prints it (the server's `printers` package). */
export interface TableColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** `name` for the column that names the object, else empty. */
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: number;
}

/** The cells of one row, one per column, and whether the row counts as finished. */
export interface TableRow {
  readonly cells: readonly (string | number | boolean | null)[];
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string; readonly message?: string }[];
}

/** How a kind is printed; `nowMs` is milliseconds since the epoch. */
export interface TableDefinition {
  readonly columns: readonly TableColumn[];
  row(object: JsonObject, nowMs: number): TableRow;
}

/** Other objects, as they are stored, for kinds whose rules ask for them; `resource` is a storage key. */
export interface StoredObjects {
  get(resource: string, name: string, namespace?: string): Readonly<JsonObject> | undefined;
  list(resource: string): Iterable<Readonly<JsonObject>>;
}

/** Two API versions of one stored object (core and events.k8s.io Events). */
export interface StorageConversion {
  /** From this entry's kind to the stored one; owns its argument. */
  toStored(object: JsonObject): JsonObject;
  /** From the stored kind to this entry's; owns its argument. */
  fromStored(object: JsonObject): JsonObject;
  /**
   * Kinds whose metadata is stored in another form: the names under which an object of this name may be stored, that of
   * a new one first. No text of its metadata need occur in what is stored.
   */
  storedNames?(name: string): readonly string[];
}

/** What objects of a kind stand in, which gives rights over them: a policy of Calico in a tier. */
export interface Enclosure {
  /** One container, as messages and roles have it: `tier`. */
  readonly word: string;
  /** The containers' resource, in the same group, and where they are stored. */
  readonly plural: string;
  readonly storageKey: string;
  /** The field and the label that name the container in selectors. */
  readonly field: string;
  readonly label: string;
  containerOf(object: Readonly<JsonObject>): string;
}

/** Where a kind keeps what its `scale` subresource shows; each path is a list of field names. */
export interface ScaleFields {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  /** The selector of its pods as the text of the answer; empty when it has none. */
  selector(object: Readonly<JsonObject>): string;
}

/** One kind that the API server serves. */
export interface ResourceDefinition {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The kind of a list, usually `kind` + `List`. */
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly ResourceVerb[];
  readonly subresources: readonly SubresourceDefinition[];
  /** The whole object, `apiVersion`, `kind` and `metadata` included: how it is merged and, unless it fits itself, what it has. */
  readonly schema: ObjectSchema;
  /** A definition made it while the server runs: it has a schema in OpenAPI's own words, and no strategic merge patch. */
  readonly custom?: CustomTraits;
  /** Fits what a client sent to the kind: types, unknown fields, pruning. The argument is not changed. */
  fit(object: JsonObject): ConformResult;
  readonly table: TableDefinition;
  /**
   * Field selector labels beyond `metadata.name` and `metadata.namespace`: label to the value in an
   * object (empty text when absent, unless the real server says otherwise).
   */
  readonly fieldLabels: Readonly<Record<string, (object: JsonObject) => string>>;
  /** Where objects are stored, when it is not this entry's own `plural.group`. */
  readonly storageKey: string;
  readonly conversion?: StorageConversion;
  readonly enclosed?: Enclosure;
  /** `status` is written through the `status` subresource only. */
  readonly statusSubresource: boolean;
  /** Writes to the status change no metadata either, not even labels. */
  readonly statusKeepsMetadata: boolean;
  /** Present when there is a `scale` subresource. */
  readonly scale?: ScaleFields;
  /** `metadata.generation` starts at 1 and grows with every change of anything but metadata and status. */
  readonly countsGenerations: boolean;
  /** An update must name the version that it replaces (`AllowUnconditionalUpdate` is false upstream). */
  readonly updateNeedsVersion: boolean;
  /** PUT of a name that does not exist creates it (`AllowCreateOnUpdate` upstream). */
  readonly createOnUpdate: boolean;
  /** A DELETE that removes the object at once answers the object instead of a Status. */
  readonly returnsDeletedObject: boolean;
  /**
   * Graceful deletion: how many seconds an object may take to end, from what the client asked
   * (undefined: nothing); 0 removes at once. Kinds without it are removed at once.
   */
  deletionGraceSeconds?(object: JsonObject, requested: number | undefined): number;
  /** What the first DELETE changes beside the time of deletion, which is `time` (RFC 3339); owns its argument. */
  prepareForDelete?(object: JsonObject, time: string): void;
  /** What is wrong with a name: the sentences of apimachinery; empty when it is fine. */
  validateName(name: string): readonly string[];
  /** Fills in defaults; owns (and may change) its argument. */
  defaults(object: JsonObject): JsonObject;
  /** What is set on creation whatever the client said (phases, cleared status); owns its argument. */
  prepareForCreate(object: JsonObject): JsonObject;
  /** Kinds that are questions: a POST is answered and not stored. */
  readonly isReview: boolean;
  /** Errors of an object on creation, metadata excluded. */
  validate(object: JsonObject): readonly FieldError[];
  /** Errors of a change, metadata excluded; `validate` has not been called for it. */
  validateUpdate(object: JsonObject, old: JsonObject): readonly FieldError[];
  /** Errors that other objects decide about, of a valid object; `old` is absent on creation. */
  validateAmong?(object: JsonObject, stored: StoredObjects, old?: Readonly<JsonObject>): readonly FieldError[];
  /** Why an object may not be deleted now, in words for people; undefined when it may. */
  reasonToStay?(object: Readonly<JsonObject>, stored: StoredObjects): string | undefined;
  /** Kinds whose objects are not stored: all that there are now, made of others. Such a kind can be got and listed. */
  made?(stored: StoredObjects): Iterable<JsonObject>;
  /** What is allowed in an object and hardly meant: sentences for whoever writes it. */
  warnings?(object: JsonObject, isUpdate: boolean): readonly string[];
  /** What users of a deprecated version are told with every answer. */
  readonly deprecationWarning?: string;
  /** Errors of a change of the status, for kinds that judge it. */
  validateStatus?(object: JsonObject, old: JsonObject): readonly FieldError[];
}

/** What only kinds have that a CustomResourceDefinition made. */
export interface CustomTraits {
  /** The kind as a component schema of OpenAPI v3, its metadata left to the document. */
  readonly openApi: JsonObject;
  /** The place of its group in discovery, as an APIService's `groupPriorityMinimum` gives it: higher ones first. Default 1000. */
  readonly groupPriority?: number;
}

/** The `apiVersion` text of a group and version. */
export function apiVersionOf(gv: { readonly group: string; readonly version: string }): string {
  return gv.group === '' ? gv.version : `${gv.group}/${gv.version}`;
}

/** `plural` for the core group, else `plural.group`, as error messages name resources. */
export function groupResource(definition: { readonly group: string; readonly plural: string }): string {
  return definition.group === '' ? definition.plural : `${definition.plural}.${definition.group}`;
}
