/**
 * Requests and responses inside the server, free of HTTP/1.1 and HTTP/2 details.
 *
 * Handlers take an {@link ApiRequest} and return an {@link ApiResponse} as a value; only the
 * listener writes to sockets. Upgrades (exec, attach, port-forward) do not pass here.
 */
import type { Readable } from 'node:stream';
import type { AuditTrail } from '../audit/audit-trail.ts';

/** Who asks: from a token, or from the client certificate, CN and O. */
export interface UserInfo {
  readonly username: string;
  readonly groups: readonly string[];
  /** Of service accounts. */
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** One request whose body has been read. */
export interface ApiRequest {
  readonly method: string;
  /** The decoded path without the query, for example `/api/v1/namespaces`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case header names; a repeated header is one text joined by `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The whole body; empty when there is none. Never longer than the server's limit. */
  readonly body: Uint8Array;
  readonly user: UserInfo;
  /** What becomes of the request is told here; absent where no log is kept. */
  readonly audit?: AuditTrail | undefined;
  /** Aborted when the client goes away or the server closes. */
  readonly signal: AbortSignal;
}

/** Many objects, or rows of a table: the parts that a list's text is made of. */
export interface ListBody {
  /** What comes before the members: kind, version, metadata. */
  readonly head: Readonly<Record<string, unknown>>;
  readonly field: 'items' | 'rows';
  /** Each as JSON, made when it is asked for. What they are read from is open until the last one, or until they are returned. */
  readonly members: Generator<Uint8Array, void>;
}

/** What goes out as it is. */
export type WholeResponse =
  /** A JSON value; `contentType` is `application/json` unless given. */
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly body: unknown;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Bytes or text as they are. */
  | {
      readonly kind: 'bytes';
      readonly status: number;
      readonly body: Uint8Array | string;
      readonly contentType: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A stream; the listener flushes the headers at once and destroys the stream when the client leaves. */
  | {
      readonly kind: 'stream';
      readonly status: number;
      readonly body: Readable;
      readonly contentType: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

/** What a handler answers. */
export type ApiResponse =
  | WholeResponse
  /** A list, to be written in the format that the client accepts. */
  | {
      readonly kind: 'list';
      readonly status: number;
      readonly list: ListBody;
      readonly contentType?: undefined;
      readonly headers?: Readonly<Record<string, string>>;
    };

/** What is sent. */
export type SentResponse =
  | WholeResponse
  /** A long body, made as the client takes it; the listener ends `rest` when nobody takes more of it. */
  | {
      readonly kind: 'pieces';
      readonly status: number;
      readonly first: Uint8Array;
      /** Yields what comes next and returns the end. What it reads from is open until then. */
      readonly rest: Generator<Uint8Array, Uint8Array>;
      readonly contentType: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

/** A handler of some paths: undefined when the path is not its own. */
export type ApiHandler = (request: ApiRequest) => ApiResponse | undefined;

/** Everything that an answer in pieces consists of. */
export function* allPieces({ first, rest }: Extract<SentResponse, { kind: 'pieces' }>): Iterable<Uint8Array> {
  yield first;
  yield yield* rest;
}
