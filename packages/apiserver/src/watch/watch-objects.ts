/**
 * The verb watch: a stream of changes, one JSON object per line.
 *
 * Without a resource version, or with 0, the present objects come first as ADDED. With
 * `sendInitialEvents` a bookmark marks their end (WatchList). Selectors turn changes into ADDED and
 * DELETED when an object starts or stops to match. A client that reads too slowly is cut off; it
 * comes back with the last resource version that it has seen.
 */
import { Readable } from 'node:stream';
import {
  apiVersionOf,
  encodeProtobufEvent,
  isProtobufKind,
  type JsonObject,
  ProtobufError,
  type ResourceDefinition,
  type Status,
} from '@weir/kube';
import { unreachable } from '@weir/net';
import { expired, internalError, notAcceptable, resourceVersionTooLarge } from '../errors/api-error.ts';
import { permittedSelection } from '../rest/enclosure-rights.ts';
import { type ListOptions, parseListOptions, selectsSome } from '../rest/list-options.ts';
import { rangeOf } from '../rest/read-objects.ts';
import { parseRepresentation, type Representation } from '../rest/representation.ts';
import type { RestContext } from '../rest/rest-context.ts';
import { isFoundByName } from '../rest/stored-version.ts';
import type { ApiRequest, ApiResponse } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import type { EncodedObject } from '../storage/encoded-object.ts';
import type { StoreEvent } from '../storage/event-history.ts';
import { encodedView } from '../table/encoded-view.ts';
import { type RenderOptions, renderWatched } from '../table/render-object.ts';
import { acceptedMedia } from '../wire/accepted-media.ts';

type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** The real server picks 30 to 60 minutes at random; clients reconnect then. */
const defaultTimeoutSeconds = 1800;
/** How often a client that asked for bookmarks gets one. */
const bookmarkIntervalMs = 60_000;
/** What may wait for a slow client. */
const backlogLimitBytes = 64 * 1024 * 1024;

/** GET of a collection with `watch=true`. */
export function watchObjects(context: RestContext, target: ResourceTarget, request: ApiRequest): ApiResponse {
  const options = withNameSelector(parseListOptions(request.query, target.definition), target);
  const representation = parseRepresentation(request.headers['accept'], request.query);
  const format = watchFormat(request.headers['accept'], target, representation);
  const { store } = context;
  const from = options.resourceVersion ?? 0;
  if (from > store.revision) throw resourceVersionTooLarge(from, store.revision);
  if (from !== 0 && options.sendInitialEvents !== true && from < store.oldestRevision) {
    return refusedWatch(expired(`too old resource version: ${from} (${store.oldestRevision})`).status, format);
  }
  const stream = new WatchStream(context, target, {
    options,
    isSelected: permittedSelection(context, { target, user: request.user, verb: 'watch' }, options),
    render: { definition: target.definition, representation, nowMs: context.now() },
    format,
  });
  stream.start(request.signal);
  return { kind: 'stream', status: 200, body: stream.readable, contentType: contentTypes[format] };
}

const contentTypes = { json: 'application/json', protobuf: 'application/vnd.kubernetes.protobuf;stream=watch' } as const;

/** What is wrong with a watch that could be read is the first and last of its events. */
function refusedWatch(status: Status, format: WatchSettings['format']): ApiResponse {
  const event = format === 'json' ? `${JSON.stringify({ type: 'ERROR', object: status })}\n` : encodeProtobufEvent('ERROR', { ...status });
  return { kind: 'stream', status: 200, body: Readable.from([Buffer.from(event)]), contentType: contentTypes[format] };
}

/** How events are written: YAML has no form for streams, protobuf none for some kinds. */
function watchFormat(accept: string | undefined, { definition }: ResourceTarget, { kind }: Representation): 'json' | 'protobuf' {
  const format = acceptedMedia(accept)?.format ?? 'json';
  if (format === 'json') return 'json';
  if (format === 'protobuf' && (kind === 'partial' || isProtobufKind(apiVersionOf(definition), definition.kind))) return 'protobuf';
  throw notAcceptable(['application/json', 'application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch']);
}

function withNameSelector(options: ListOptions, target: ResourceTarget): ListOptions {
  if (target.name === '') return options;
  return { ...options, fields: [...options.fields, { field: 'metadata.name', operator: 'Equals', value: target.name }] };
}

interface WatchSettings {
  readonly options: ListOptions;
  readonly isSelected: (object: EncodedObject) => boolean;
  readonly render: RenderOptions;
  readonly format: 'json' | 'protobuf';
}

/** The line that was made last: all watches of a kind send the same, one after another. */
let lastLine:
  | { readonly type: WatchEventType; readonly object: EncodedObject; readonly definition: ResourceDefinition; readonly line: Buffer }
  | undefined;

function watchLine(type: WatchEventType, object: EncodedObject, definition: ResourceDefinition): Buffer {
  if (lastLine?.object !== object || lastLine.type !== type || lastLine.definition !== definition) {
    const { bytes } = encodedView(definition, object);
    const line = Buffer.concat([Buffer.from(`{"type":"${type}","object":`), bytes, Buffer.from('}\n')]);
    lastLine = { type, object, definition, line };
  }
  return lastLine.line;
}

class WatchStream {
  readonly readable: Readable;
  readonly #context: RestContext;
  readonly #target: ResourceTarget;
  readonly #options: ListOptions;
  readonly #isSelected: (object: EncodedObject) => boolean;
  readonly #render: RenderOptions;
  readonly #format: WatchSettings['format'];
  /** Everything up to here has been sent or does not concern this watch. */
  #revision = 0;
  #columnsSent = false;
  #timers: NodeJS.Timeout[] = [];
  #unsubscribe: () => void = () => undefined;
  #ended = false;

  constructor(context: RestContext, target: ResourceTarget, settings: WatchSettings) {
    this.#context = context;
    this.#target = target;
    this.#options = settings.options;
    this.#isSelected = settings.isSelected;
    this.#render = settings.render;
    this.#format = settings.format;
    this.readable = new Readable({ read: () => undefined, highWaterMark: backlogLimitBytes });
  }

  /** Sends what is there, then follows the store until the client leaves or the time is up. */
  start(signal: AbortSignal): void {
    const { store, registry } = this.#context;
    const from = this.#options.resourceVersion ?? 0;
    const unfollow = store.subscribe((event) => this.#take(event));
    // A kind that is not served any more, or by another schema, is to be looked at anew.
    const forget = registry.onRemoved((definition) => definition === this.#target.definition && this.#end());
    this.#unsubscribe = () => {
      unfollow();
      forget();
    };
    if (from === 0 || this.#options.sendInitialEvents === true) this.#sendInitialEvents();
    else {
      this.#revision = from;
      for (const event of store.eventsSince(from) ?? []) this.#take(event);
    }
    if (this.#ended) return;
    const timeoutMs = (this.#options.timeoutSeconds || defaultTimeoutSeconds) * 1000;
    this.#timers.push(setTimeout(() => this.#end(), Math.min(Math.max(timeoutMs, 0), 2 ** 31 - 1)));
    if (this.#options.allowWatchBookmarks) {
      this.#timers.push(setInterval(() => this.#sendBookmark(false), bookmarkIntervalMs));
    }
    signal.addEventListener('abort', () => this.#end(), { once: true });
    this.readable.once('close', () => this.#end());
    if (signal.aborted) this.#end();
  }

  #sendInitialEvents(): void {
    const { store } = this.#context;
    this.#revision = store.revision;
    if (this.#options.sendInitialEvents !== false) {
      for (const stored of store.list(rangeOf(this.#target))) {
        const { object } = stored;
        if (this.#isSelected(object) && isFoundByName(store, this.#target.definition, stored)) this.#send('ADDED', object);
      }
    }
    if (this.#options.sendInitialEvents === true && this.#options.allowWatchBookmarks) this.#sendBookmark(true);
  }

  #take(event: StoreEvent): void {
    if (event.revision <= this.#revision || this.#ended) return;
    this.#revision = event.revision;
    const { key } = event;
    if (key.resource !== this.#target.definition.storageKey) return;
    if (this.#target.namespace !== '' && key.namespace !== this.#target.namespace) return;
    // What is stored a second time under an older name is nothing to who knows the object by its own.
    if (!isFoundByName(this.#context.store, this.#target.definition, event)) return;
    const type = this.#transition(event);
    if (type !== undefined) this.#send(type, event.object);
  }

  /** What a change is to somebody who sees only what matches. */
  #transition(event: StoreEvent): WatchEventType | undefined {
    if (!selectsSome(this.#options) && this.#target.definition.enclosed === undefined) return event.kind;
    const before = event.previous !== undefined && this.#isSelected(event.previous);
    const after = event.kind !== 'DELETED' && this.#isSelected(event.object);
    if (after) return before ? 'MODIFIED' : 'ADDED';
    return before ? 'DELETED' : undefined;
  }

  #send(type: WatchEventType, object: EncodedObject): void {
    if (this.#render.representation.kind === 'object' && this.#format === 'json') {
      this.#push(watchLine(type, object, this.#target.definition));
      return;
    }
    const rendered = renderWatched(object, !this.#columnsSent, { ...this.#render, nowMs: this.#context.now() });
    this.#columnsSent = true;
    try {
      this.#push(this.#encode(type, rendered));
    } catch (error) {
      // Nobody else may suffer from an object that this watch has no form for: not its writer, nor other watches.
      if (!(error instanceof ProtobufError)) throw error;
      const { status } = internalError(`an object of the watch has no form in protobuf: ${error.message}`);
      this.#push(encodeProtobufEvent('ERROR', { ...status }));
      this.#end();
    }
  }

  #encode(type: WatchEventType | 'BOOKMARK', object: unknown): Uint8Array {
    if (this.#format === 'protobuf') return encodeProtobufEvent(type, object as JsonObject);
    return Buffer.from(`${JSON.stringify({ type, object })}\n`);
  }

  /** A position without a change; of the watched kind, because clients drop events of another kind. */
  #sendBookmark(initialEventsEnd: boolean): void {
    const { definition } = this.#target;
    const annotations = initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
    const metadata = { resourceVersion: String(this.#revision), creationTimestamp: null, ...annotations };
    this.#push(this.#encode('BOOKMARK', this.#bookmarkObject(apiVersionOf(definition), metadata)));
  }

  #bookmarkObject(apiVersion: string, metadata: Readonly<Record<string, unknown>>): unknown {
    const { representation, definition } = this.#render;
    switch (representation.kind) {
      case 'object':
        return { kind: definition.kind, apiVersion, metadata };
      case 'partial':
        return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${representation.version}`, metadata };
      case 'table': {
        const version = `meta.k8s.io/${representation.version}`;
        const object = { kind: 'PartialObjectMetadata', apiVersion: version, metadata };
        const cells = definition.table.columns.map(() => null);
        return { kind: 'Table', apiVersion: version, metadata, columnDefinitions: null, rows: [{ cells, object }] };
      }
      default:
        return unreachable(representation);
    }
  }

  #push(line: Uint8Array): void {
    if (this.#ended) return;
    this.readable.push(line);
    if (this.readable.readableLength > backlogLimitBytes) this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
    this.readable.push(null);
  }
}
