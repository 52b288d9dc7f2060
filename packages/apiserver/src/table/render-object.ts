/**
 * Stored objects as answers: JSON, Tables and PartialObjectMetadata, one or many.
 */
import { apiVersionOf, type JsonObject, objectAt, type ResourceDefinition, type TableDefinition } from '@weir/kube';
import { unreachable } from '@weir/net';
import type { Representation } from '../rest/representation.ts';
import type { ApiResponse } from '../server/api-message.ts';
import type { EncodedObject } from '../storage/encoded-object.ts';

/** What a list says about itself. */
export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** Columns and where to find them. */
export interface RenderOptions {
  readonly definition: ResourceDefinition;
  readonly representation: Representation;
  /** Milliseconds since the epoch, for ages. */
  readonly nowMs: number;
}

const encoder = new TextEncoder();

/** The object in the version of the definition (kinds with several versions are stored in one). */
export function viewOf(definition: ResourceDefinition, object: EncodedObject): Readonly<JsonObject> {
  return definition.conversion === undefined ? object.json : definition.conversion.fromStored(object.copy());
}

/** The same, as a tree that the caller owns. */
export function copyOf(definition: ResourceDefinition, object: EncodedObject): JsonObject {
  return definition.conversion === undefined ? object.copy() : definition.conversion.fromStored(object.copy());
}

/** The answer for one object. */
export function renderObject(object: EncodedObject, status: number, options: RenderOptions): ApiResponse {
  const { definition, representation } = options;
  if (representation.kind === 'object' && definition.conversion === undefined) {
    return { kind: 'bytes', status, body: object.bytes, contentType: 'application/json' };
  }
  const view = viewOf(definition, object);
  switch (representation.kind) {
    case 'object':
      return { kind: 'json', status, body: view };
    case 'partial':
      return { kind: 'json', status, body: partialMetadata(view, representation.version) };
    case 'table': {
      const metadata = { resourceVersion: objectAt(view, 'metadata')?.['resourceVersion'] };
      return { kind: 'json', status, body: tableOf([view], metadata, options) };
    }
    default:
      return unreachable(representation);
  }
}

/** The answer for a list; whatever is long comes in pieces, as the objects are read. */
export function renderList(objects: Iterable<EncodedObject>, metadata: ListMetadata, options: RenderOptions): ApiResponse {
  const { definition, representation } = options;
  if (representation.kind === 'object' && definition.conversion === undefined) {
    const rest = listPieces(objects, metadata, definition);
    // Read at once: the snapshot of what comes later is taken with it.
    const { value: first, done } = rest.next();
    const answer = { status: 200, contentType: 'application/json' } as const;
    return done === true ? { kind: 'bytes', body: first, ...answer } : { kind: 'pieces', first, rest, ...answer };
  }
  const views = Array.from(objects, (object) => viewOf(definition, object));
  switch (representation.kind) {
    case 'object':
      return {
        kind: 'json',
        status: 200,
        body: { kind: definition.listKind, apiVersion: apiVersionOf(definition), metadata, items: views },
      };
    case 'partial': {
      const items = views.map((view) => partialMetadata(view, representation.version));
      return {
        kind: 'json',
        status: 200,
        body: { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${representation.version}`, metadata, items },
      };
    }
    case 'table':
      return { kind: 'json', status: 200, body: tableOf(views, { ...metadata }, options) };
    default:
      return unreachable(representation);
  }
}

/** One object for a watch event, in the wanted representation. `withColumns`: the first of a Table watch. */
export function renderWatched(object: EncodedObject, withColumns: boolean, options: RenderOptions): unknown {
  const view = viewOf(options.definition, object);
  switch (options.representation.kind) {
    case 'object':
      return view;
    case 'partial':
      return partialMetadata(view, options.representation.version);
    case 'table': {
      const metadata = { resourceVersion: objectAt(view, 'metadata')?.['resourceVersion'] };
      const table = tableOf([view], metadata, options);
      return withColumns ? table : { ...table, columnDefinitions: null };
    }
    default:
      return unreachable(options.representation);
  }
}

/** The metadata of an object under its own type. */
function partialMetadata(object: Readonly<JsonObject>, version: string): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object['metadata'] };
}

function tableOf(objects: readonly Readonly<JsonObject>[], metadata: JsonObject, options: RenderOptions): JsonObject {
  const { representation, definition, nowMs } = options;
  const version = representation.kind === 'table' ? representation.version : 'v1';
  const includeObject = representation.kind === 'table' ? representation.includeObject : 'Metadata';
  const table: TableDefinition = definition.table;
  const rows = objects.map((object) => {
    const { cells, conditions } = table.row(object, nowMs);
    const shown = includeObject === 'None' ? null : includeObject === 'Object' ? object : partialMetadata(object, version);
    return { cells, ...(conditions === undefined ? {} : { conditions }), object: shown };
  });
  return { kind: 'Table', apiVersion: `meta.k8s.io/${version}`, metadata, columnDefinitions: table.columns, rows };
}

/** How long the pieces of a list are at least. */
const pieceBytes = 256 * 1024;

/** Joins encoded objects without parsing them; yields while there are more, and returns the end. */
function* listPieces(
  objects: Iterable<EncodedObject>,
  metadata: ListMetadata,
  definition: ResourceDefinition,
): Generator<Uint8Array, Uint8Array> {
  const kind = JSON.stringify(definition.listKind);
  const head = `{"kind":${kind},"apiVersion":${JSON.stringify(apiVersionOf(definition))},"metadata":${JSON.stringify(metadata)},"items":[`;
  const comma = encoder.encode(',');
  let parts: Uint8Array[] = [];
  let length = 0;
  let before = encoder.encode(head);
  for (const { bytes } of objects) {
    if (length >= pieceBytes) {
      yield Buffer.concat(parts);
      parts = [];
      length = 0;
    }
    parts.push(before, bytes);
    length += bytes.length;
    before = comma;
  }
  return Buffer.concat([...parts, ...(before === comma ? [] : [before]), encoder.encode(']}')]);
}
