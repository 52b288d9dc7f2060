/**
 * Stored objects as answers: JSON, Tables and PartialObjectMetadata, one or many.
 */
import { apiVersionOf, type JsonObject, objectAt, type ResourceDefinition } from '@weir/kube';
import { unreachable } from '@weir/net';
import type { Representation } from '../rest/representation.ts';
import type { ApiResponse, ListBody } from '../server/api-message.ts';
import type { EncodedObject } from '../storage/encoded-object.ts';
import { encodedView, viewOf } from './encoded-view.ts';

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

/** The same as far as a Table needs it. */
type TableOptions = Omit<RenderOptions, 'definition'> & { readonly definition: Pick<ResourceDefinition, 'table'> };

/** The answer for one object. */
export function renderObject(object: EncodedObject, status: number, options: RenderOptions): ApiResponse {
  const { definition, representation } = options;
  const read = encodedView(definition, object);
  switch (representation.kind) {
    case 'object':
      return { kind: 'bytes', status, body: read.bytes, contentType: 'application/json' };
    case 'partial':
      return { kind: 'json', status, body: partialMetadata(read.json, representation.version) };
    case 'table':
      return { kind: 'json', status, body: tableOfOne(read.json, options) };
    default:
      return unreachable(representation);
  }
}

/** The answer for a list; each of its members is made when it is sent. */
export function renderList(objects: Iterable<EncodedObject>, metadata: ListMetadata, options: RenderOptions): ApiResponse {
  return { kind: 'list', status: 200, list: listBody(objects, metadata, options) };
}

function listBody(objects: Iterable<EncodedObject>, metadata: ListMetadata, options: RenderOptions): ListBody {
  const { definition, representation } = options;
  switch (representation.kind) {
    case 'object': {
      const head = { kind: definition.listKind, apiVersion: apiVersionOf(definition), metadata };
      return { head, field: 'items', members: begun(objects, (object) => encodedView(definition, object).bytes) };
    }
    case 'partial': {
      const head = { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${representation.version}`, metadata };
      const partial = (object: EncodedObject): unknown => partialMetadata(viewOf(definition, object), representation.version);
      return { head, field: 'items', members: begun(objects, (object) => jsonBytes(partial(object))) };
    }
    case 'table': {
      const head = tableHead({ ...metadata }, options, true);
      return { head, field: 'rows', members: begun(objects, (object) => jsonBytes(tableRow(viewOf(definition, object), options))) };
    }
    default:
      return unreachable(representation);
  }
}

/** What a generator yields that has begun. */
const begin = new Uint8Array(0);

/** The first one is read at once: the snapshot of what comes later is taken with it. */
function begun(objects: Iterable<EncodedObject>, encode: (object: EncodedObject) => Uint8Array): Generator<Uint8Array, void> {
  function* members(): Generator<Uint8Array, void> {
    const iterator = objects[Symbol.iterator]();
    try {
      let next = iterator.next();
      yield begin;
      for (; next.done !== true; next = iterator.next()) yield encode(next.value);
    } finally {
      iterator.return?.();
    }
  }
  const iteration = members();
  iteration.next();
  return iteration;
}

function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** One object for a watch event, in the wanted representation. `withColumns`: the first of a Table watch. */
export function renderWatched(object: EncodedObject, withColumns: boolean, options: RenderOptions): unknown {
  const view = viewOf(options.definition, object);
  switch (options.representation.kind) {
    case 'object':
      return view;
    case 'partial':
      return partialMetadata(view, options.representation.version);
    case 'table':
      return tableOfOne(view, options, withColumns);
    default:
      return unreachable(options.representation);
  }
}

/** The metadata of an object under its own type. */
function partialMetadata(object: Readonly<JsonObject>, version: string): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object['metadata'] };
}

/** One object as a Table of one row. */
export function tableOfOne(object: Readonly<JsonObject>, options: TableOptions, withColumns = true): JsonObject {
  const metadata = { resourceVersion: objectAt(object, 'metadata')?.['resourceVersion'] };
  return { ...tableHead(metadata, options, withColumns), rows: [tableRow(object, options)] };
}

function tableHead(metadata: JsonObject, { representation, definition }: TableOptions, withColumns: boolean): JsonObject {
  const version = representation.kind === 'table' ? representation.version : 'v1';
  const columnDefinitions = withColumns ? definition.table.columns : null;
  return { kind: 'Table', apiVersion: `meta.k8s.io/${version}`, metadata, columnDefinitions };
}

function tableRow(object: Readonly<JsonObject>, { representation, definition, nowMs }: TableOptions): JsonObject {
  const { version, includeObject } = representation.kind === 'table' ? representation : { version: 'v1', includeObject: 'Metadata' };
  const { cells, conditions } = definition.table.row(object, nowMs);
  const shown = includeObject === 'None' ? null : includeObject === 'Object' ? object : partialMetadata(object, version);
  return { cells, ...(conditions === undefined ? {} : { conditions }), object: shown };
}
