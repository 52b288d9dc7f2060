/**
 * Errors as the real API server words them: a meta/v1 Status with code, reason and details.
 *
 * Thrown anywhere below a handler and turned into an answer by the listener. The wording follows
 * `k8s.io/apimachinery/pkg/api/errors`.
 */
import { type FieldError, formatFieldError, formatFieldErrorBody, type GroupVersionKind, type Status, type StatusCause } from '@weir/kube';

/** An answer that is a failure. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: Status;

  constructor(status: Status) {
    super(status.message ?? status.reason ?? 'failure');
    this.status = status;
  }
}

/** What an error is about: resource (or kind) and name. */
export interface ErrorSubject {
  readonly group: string;
  readonly plural: string;
  readonly name: string;
}

interface FailureOptions {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: Status['details'];
}

/** A failure with any code and reason. */
export function failure(options: FailureOptions): ApiError {
  const { code, reason, message, details } = options;
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  });
}

/** 404 for an object: `pods "x" not found`. */
export function notFound(subject: ErrorSubject): ApiError {
  return failure({ code: 404, reason: 'NotFound', message: `${named(subject)} not found`, details: detailsOf(subject) });
}

/** 404 for a path or a resource that is not served. */
export function pathNotFound(): ApiError {
  return failure({ code: 404, reason: 'NotFound', message: 'the server could not find the requested resource', details: {} });
}

/** 409: the name is taken. */
export function alreadyExists(subject: ErrorSubject): ApiError {
  return failure({ code: 409, reason: 'AlreadyExists', message: `${named(subject)} already exists`, details: detailsOf(subject) });
}

/** 409: the name that was made from `generateName` is taken; another attempt makes another one. */
export function generatedNameTaken(subject: ErrorSubject): ApiError {
  return failure({
    code: 409,
    reason: 'AlreadyExists',
    message: `${named(subject)} already exists, the server was not able to generate a unique name for the object`,
    details: { ...detailsOf(subject), retryAfterSeconds: 1 },
  });
}

/** 409: somebody changed the object meanwhile, or a precondition does not hold. */
export function conflict(subject: ErrorSubject, why: string): ApiError {
  return failure({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${named(subject)}: ${why}`,
    details: detailsOf(subject),
  });
}

/** 403 with a reason, for example of admission. */
export function forbidden(subject: ErrorSubject, why: string, causes?: readonly StatusCause[]): ApiError {
  return failure({
    code: 403,
    reason: 'Forbidden',
    message: `${subject.name === '' ? `${resourceText(subject)} is forbidden` : `${named(subject)} is forbidden`}: ${why}`,
    details: { ...detailsOf(subject), ...(causes === undefined ? {} : { causes }) },
  });
}

/** 422: the object is not valid; all errors at once. */
export function invalid(gvk: Pick<GroupVersionKind, 'group' | 'kind'>, name: string, errors: readonly FieldError[]): ApiError {
  const lines = [...new Set(errors.map(formatFieldError))];
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const kind = gvk.group === '' ? gvk.kind : `${gvk.kind}.${gvk.group}`;
  return failure({
    code: 422,
    reason: 'Invalid',
    message: `${kind} ${JSON.stringify(name)} is invalid: ${text}`,
    details: {
      name,
      ...(gvk.group === '' ? {} : { group: gvk.group }),
      kind: gvk.kind,
      causes: errors.map((error) => ({ reason: error.reason, message: formatFieldErrorBody(error), field: error.field })),
    },
  });
}

/** 429: not now; `retryAfterSeconds` when it is known. */
export function tooManyRequests(message: string, causes: readonly StatusCause[], retryAfterSeconds?: number): ApiError {
  const details = { ...(causes.length === 0 ? {} : { causes }), ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  return failure({ code: 429, reason: 'TooManyRequests', message, details });
}

/** 400 with a message. */
export function badRequest(message: string): ApiError {
  return failure({ code: 400, reason: 'BadRequest', message });
}

/** 401: no or no accepted client certificate. */
export function unauthorized(): ApiError {
  return failure({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
}

/** 405: the resource does not take this verb, or not now. */
export function methodNotAllowed(message = 'the server does not allow this method on the requested resource'): ApiError {
  return failure({
    code: 405,
    reason: 'MethodNotAllowed',
    message,
    details: {},
  });
}

/** 406: none of the accepted representations is served. */
export function notAcceptable(accepted: readonly string[]): ApiError {
  return failure({
    code: 406,
    reason: 'NotAcceptable',
    message: `only the following media types are accepted: ${accepted.join(', ')}`,
  });
}

/** 415: the body is of a type that is not read here. */
export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  return failure({
    code: 415,
    reason: 'UnsupportedMediaType',
    message: `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  });
}

/** 413: the body is longer than the server takes. */
export function requestTooLarge(limitBytes: number): ApiError {
  return failure({ code: 413, reason: 'RequestEntityTooLarge', message: `Request entity too large: limit is ${limitBytes}` });
}

/** 408: the head or the body did not come in time. */
export function requestTimeout(): ApiError {
  return failure({ code: 408, reason: 'Timeout', message: 'the request did not arrive in time' });
}

/** 431: request line and headers are longer than the server takes. */
export function headTooLarge(): ApiError {
  return failure({ code: 431, reason: 'BadRequest', message: 'the URL and the headers of the request are too long' });
}

/** 410: the resource version (of a watch or a continue token) is older than the history. */
export function expired(message: string): ApiError {
  return failure({ code: 410, reason: 'Expired', message });
}

/** 410: the state that a continue token names is gone; `token` continues with the state of now. */
export function expiredContinue(token: string): ApiError {
  const { status } = expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
  return new ApiError({ ...status, metadata: { continue: token } });
}

/** 504: the resource version lies in the future. */
export function resourceVersionTooLarge(asked: number, current: number): ApiError {
  return failure({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: Too large resource version: ${asked}, current: ${current}`,
    details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1 },
  });
}

/** 500: a fault of ours; the text says what broke, without a stack. */
export function internalError(message: string): ApiError {
  return failure({
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${message}`,
    details: { causes: [{ reason: '', message }] },
  });
}

/** 500 with nothing but a message, for what the real server does not put into a Status of its own. */
export function unexplained(message: string): ApiError {
  return new ApiError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 });
}

function resourceText(subject: ErrorSubject): string {
  return subject.group === '' ? subject.plural : `${subject.plural}.${subject.group}`;
}

function named(subject: ErrorSubject): string {
  return `${resourceText(subject)} ${JSON.stringify(subject.name)}`;
}

function detailsOf(subject: ErrorSubject): NonNullable<Status['details']> {
  return {
    ...(subject.name === '' ? {} : { name: subject.name }),
    ...(subject.group === '' ? {} : { group: subject.group }),
    kind: subject.plural,
  };
}
