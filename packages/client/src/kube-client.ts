/**
 * A client for any Kubernetes API server: the verbs on resources as typed calls, JSON on the wire.
 *
 * Objects are trusted to have the type the caller names; nothing is validated here.
 */
import type { Readable } from 'node:stream';
import { type FieldSelection, type KubeList, type KubeObject, withIdentity } from '@weir/kube';
import { TransportError } from './api-error.ts';
import type { ApiTransport, TransportRequest } from './api-transport.ts';
import type { ClusterConnection } from './connection.ts';
import { keptFields } from './json-reader.ts';
import { ListReader } from './list-reader.ts';
import { type ResourcePath, resourceUrl } from './resource-path.ts';
import { HttpTransport } from './transport.ts';
import { readWatchStream, type WatchEvent } from './watch-stream.ts';

/** Limits of a client. */
export interface KubeClientOptions {
  /** Time for a whole answer, or the longest silence in a list, in milliseconds. Default 30 000. */
  readonly timeoutMs?: number;
  /** Largest answer other than lists, in bytes. Default 256 MiB. */
  readonly responseLimitBytes?: number;
  /** Largest list, in bytes; it is never in memory as a whole. Default 4 GiB. */
  readonly listLimitBytes?: number;
  /** Largest object in a watch or a list, in bytes. Default 16 MiB. */
  readonly watchFrameLimitBytes?: number;
  /** Longest silence on a watch before it counts as dead, in milliseconds. Default 120 000. */
  readonly watchIdleTimeoutMs?: number;
  /** Default `weir`. */
  readonly userAgent?: string;
  /** Another way to the server than HTTP; the connection is only named in messages then. */
  readonly transport?: ApiTransport;
}

/** Query parameters; undefined ones are left out, lists are repeated. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** One raw request. */
export interface RequestOptions {
  readonly query?: Query;
  /** Sent as JSON unless it is a text or bytes. */
  readonly body?: unknown;
  /** Default `application/json` when there is a body. */
  readonly contentType?: string;
  /** Default `application/json`. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** Default: the client's. */
  readonly timeoutMs?: number;
}

/** Which objects a list or a watch is about. */
export interface SelectionOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** What is kept of each object, besides who it is; everything when absent. Equal parts of objects may be one object. */
  readonly fields?: FieldSelection;
  readonly signal?: AbortSignal;
}

/** A list request; `limit` and `continue` page through it. */
export interface ListOptions extends SelectionOptions {
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'NotOlderThan' | 'Exact';
}

/** A watch request. */
export interface WatchOptions extends Omit<SelectionOptions, 'signal'> {
  /** Changes after this version; absent: the current state first. */
  readonly resourceVersion?: string;
  /** Default true. */
  readonly allowWatchBookmarks?: boolean;
  /** The server ends the watch after this many seconds. */
  readonly timeoutSeconds?: number;
  /** Told when the server has accepted the watch, before its first event. */
  readonly onOpen?: () => void;
}

/** What create and update take besides the object. */
export interface WriteOptions {
  /** For example `status`; create needs `name` with it. */
  readonly subresource?: string;
  /** Name of the object whose subresource is created (`binding`, `eviction`). */
  readonly name?: string;
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** How a patch is read: RFC 7386, strategic merge, RFC 6902, or server-side apply. */
export type PatchType = 'merge' | 'strategic' | 'json' | 'apply';

/** What patch takes besides the patch. */
export interface PatchOptions {
  readonly type: PatchType;
  readonly subresource?: string;
  /** Default `weir` for apply, none otherwise. */
  readonly fieldManager?: string;
  /** Server-side apply only: take fields over from other managers. */
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** meta/v1 DeleteOptions. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly signal?: AbortSignal;
}

const patchContentTypes: Readonly<Record<PatchType, string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** A client of one API server. All calls throw ApiError (the server said no) and TransportError (no usable answer). */
export class KubeClient {
  readonly connection: ClusterConnection;
  readonly #transport: ApiTransport;
  readonly #options: Required<Omit<KubeClientOptions, 'transport'>>;

  constructor(connection: ClusterConnection, options: KubeClientOptions = {}) {
    this.connection = connection;
    this.#transport = options.transport ?? new HttpTransport(connection);
    this.#options = {
      timeoutMs: options.timeoutMs ?? 30_000,
      responseLimitBytes: options.responseLimitBytes ?? 256 * 1024 * 1024,
      listLimitBytes: options.listLimitBytes ?? 4 * 1024 * 1024 * 1024,
      watchFrameLimitBytes: options.watchFrameLimitBytes ?? 16 * 1024 * 1024,
      watchIdleTimeoutMs: options.watchIdleTimeoutMs ?? 120_000,
      userAgent: options.userAgent ?? 'weir',
    };
  }

  /** One object. */
  get<T extends KubeObject>(path: ResourcePath, name: string, options: { subresource?: string; signal?: AbortSignal } = {}): Promise<T> {
    return this.request<T>('GET', resourceUrl(path, name, options.subresource), signalOf(options));
  }

  /** The objects of a resource, decoded as they come; items get the apiVersion and kind that servers leave out in lists. */
  async list<T extends KubeObject>(path: ResourcePath, options: ListOptions = {}): Promise<KubeList<T>> {
    const { signal, fields, ...query } = options;
    const reader = new ListReader<T>({
      kept: keptFields(fields && withIdentity(fields)),
      itemLimitBytes: this.#options.watchFrameLimitBytes,
    });
    await this.#transport.receive(this.#prepare('GET', resourceUrl(path), { query: { ...query }, ...(signal && { signal }) }), {
      limitBytes: this.#options.listLimitBytes,
      take: (chunk) => reader.push(chunk),
    });
    const list = reader.finish();
    if (list !== undefined) return list;
    throw new TransportError('cut', `GET ${resourceUrl(path)} at ${this.connection.server}: the answer ends within the list`);
  }

  /** Creates an object, or a subresource of the object `options.name`. */
  create<T extends KubeObject>(path: ResourcePath, object: T, options: WriteOptions = {}): Promise<T> {
    const url = resourceUrl(path, options.name, options.subresource);
    return this.request<T>('POST', url, { query: writeQuery(options), body: object, ...signalOf(options) });
  }

  /** Replaces an object; it carries its name, and its resourceVersion when the write shall be conditional. */
  update<T extends KubeObject>(path: ResourcePath, object: T, options: WriteOptions = {}): Promise<T> {
    const url = resourceUrl(path, options.name ?? object.metadata.name ?? '', options.subresource);
    return this.request<T>('PUT', url, { query: writeQuery(options), body: object, ...signalOf(options) });
  }

  /** Changes an object. */
  patch<T extends KubeObject>(path: ResourcePath, name: string, patch: unknown, options: PatchOptions): Promise<T> {
    const fieldManager = options.fieldManager ?? (options.type === 'apply' ? 'weir' : undefined);
    return this.request<T>('PATCH', resourceUrl(path, name, options.subresource), {
      query: { ...writeQuery(options), fieldManager, force: options.force },
      body: patch,
      contentType: patchContentTypes[options.type],
      ...signalOf(options),
    });
  }

  /** Deletes an object. Answers the object while it is still being deleted, else a Status. */
  delete<T extends KubeObject>(path: ResourcePath, name: string, options: DeleteOptions = {}): Promise<T> {
    const { signal, ...fields } = options;
    const body = Object.keys(fields).length === 0 ? undefined : { kind: 'DeleteOptions', apiVersion: 'v1', ...fields };
    return this.request<T>('DELETE', resourceUrl(path, name), { ...(body && { body }), ...(signal && { signal }) });
  }

  /**
   * The changes of a resource until the server ends the watch or `signal` is aborted.
   * Throws ApiError with code 410 when `resourceVersion` is no longer known: list again.
   */
  async *watch<T extends KubeObject>(
    path: ResourcePath,
    { onOpen, fields, ...query }: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const url = resourceUrl(path);
    let response: Readable;
    try {
      response = await this.stream('GET', url, { query: { allowWatchBookmarks: true, ...query, watch: true }, signal });
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    onOpen?.();
    yield* readWatchStream<T>(response, {
      what: `watch of ${url} at ${this.connection.server}`,
      signal,
      idleTimeoutMs: this.#options.watchIdleTimeoutMs,
      frameLimitBytes: this.#options.watchFrameLimitBytes,
      kept: keptFields(fields && withIdentity(fields)),
    });
  }

  /** Any request with a JSON answer. */
  async request<T>(method: string, urlPath: string, options: RequestOptions = {}): Promise<T> {
    const text = await this.requestText(method, urlPath, options);
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      const excerpt = text.slice(0, 100);
      throw new TransportError('garbage', `${method} ${urlPath} at ${this.connection.server}: not JSON: ${excerpt}`, error);
    }
  }

  /** Any request whose whole answer is text, for example `/healthz` or a log without `follow`. */
  async requestText(method: string, urlPath: string, options: RequestOptions = {}): Promise<string> {
    const { body } = await this.#transport.send(this.#prepare(method, urlPath, options), this.#options.responseLimitBytes);
    return body.toString('utf8');
  }

  /** Any request whose answer is read while it comes; the caller ends it with `destroy()`. */
  stream(method: string, urlPath: string, options: RequestOptions = {}): Promise<Readable> {
    return this.#transport.stream(this.#prepare(method, urlPath, options));
  }

  /** Closes idle connections. */
  close(): void {
    this.#transport.close();
  }

  #prepare(method: string, urlPath: string, options: RequestOptions): TransportRequest {
    const { body } = options;
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    return {
      method,
      url: withQuery(urlPath, options.query),
      headers: {
        accept: options.accept ?? 'application/json',
        'user-agent': this.#options.userAgent,
        ...(raw === undefined ? {} : { 'content-type': options.contentType ?? 'application/json' }),
      },
      ...(raw === undefined ? {} : { body: raw }),
      timeoutMs: options.timeoutMs ?? this.#options.timeoutMs,
      ...(options.signal && { signal: options.signal }),
    };
  }
}

function writeQuery(options: { fieldManager?: string; dryRun?: boolean }): Query {
  return { fieldManager: options.fieldManager, dryRun: options.dryRun === true ? 'All' : undefined };
}

function signalOf(options: { signal?: AbortSignal }): { signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

function withQuery(urlPath: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) parameters.append(name, String(item));
  }
  const text = parameters.toString();
  return text === '' ? urlPath : `${urlPath}${urlPath.includes('?') ? '&' : '?'}${text}`;
}
