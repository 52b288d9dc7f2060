/**
 * What can go wrong between a client and an API server: an answer that says no ({@link ApiError}) or
 * no usable answer at all ({@link TransportError}).
 */
import type { Status } from '@weir/kube';

/** The server answered with an error (HTTP 4xx or 5xx, or an ERROR event of a watch). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP code, for example 404. */
  readonly code: number;
  /** Machine-readable reason of the Status, for example `NotFound`; `Unknown` when the server gave none. */
  readonly reason: string;
  /** The Status as answered, or one made from the body when the server sent something else. */
  readonly status: Status;
  /** Seconds to wait before the next try, when the server asked for it (429 and 503). */
  readonly retryAfterSeconds?: number;

  constructor(status: Status, retryAfterSeconds?: number) {
    super(status.message === undefined || status.message === '' ? `the server answered ${status.code}` : status.message);
    this.code = status.code;
    this.reason = status.reason === undefined || status.reason === '' ? 'Unknown' : status.reason;
    this.status = status;
    const seconds = retryAfterSeconds ?? status.details?.retryAfterSeconds;
    if (seconds !== undefined) this.retryAfterSeconds = seconds;
  }
}

/**
 * Why there was no usable answer: `connect` (no connection, or it broke), `timeout` (nothing in time),
 * `too-large` (more bytes than allowed), `garbage` (an answer that is not what was asked for),
 * `cut` (a stream that ended in the middle of an object).
 */
export type TransportErrorCode = 'connect' | 'timeout' | 'too-large' | 'garbage' | 'cut';

/** No usable answer from the server; `message` names the server and the request, `cause` the error below. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: TransportErrorCode;

  constructor(code: TransportErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Whether `error` is the server's answer that something does not exist. */
export function isNotFound(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 404;
}

/** Whether `error` is the server's answer that the client has no right to what it asked for. */
export function isForbidden(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 403;
}

/** Whether `error` says that the object exists already (409 AlreadyExists). */
export function isAlreadyExists(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 409 && error.reason === 'AlreadyExists';
}

/** Whether `error` says that somebody else has changed the object meanwhile (409 Conflict). */
export function isConflict(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 409 && error.reason === 'Conflict';
}

/** 422: the object is not valid. */
export function isInvalid(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 422;
}

/** Whether `error` says that the resourceVersion asked for is no longer in the server's history. */
export function isExpired(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.code === 410 || error.reason === 'Expired' || error.reason === 'Gone');
}

/** Makes an {@link ApiError} from the body of an HTTP answer with a code of 400 or more. */
export function apiErrorFromBody(code: number, body: string, retryAfter: string | undefined): ApiError {
  const seconds = retryAfter !== undefined && /^\d+$/.test(retryAfter) ? Number(retryAfter) : undefined;
  return new ApiError(statusFromBody(code, body), seconds);
}

/** The Status in `body`, or one that quotes the body when it is something else. */
function statusFromBody(code: number, body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    if (isStatus(parsed)) return { ...parsed, code: parsed.code ?? code };
  } catch {
    // Proxies in between answer in plain text or HTML; quoted below.
  }
  const text = body.trim().slice(0, 500);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: text, code };
}

function isStatus(value: unknown): value is Omit<Status, 'code'> & { code?: number } {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status';
}
