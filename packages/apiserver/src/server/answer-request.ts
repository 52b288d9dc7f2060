/**
 * From a request to its answer: who asks, whether there is room, what is in the body, and then the handlers.
 *
 * Nothing of a stranger's body is read, and nobody's before there is room for it.
 */
import type { Authenticate } from '../authentication/authenticator.ts';
import { ApiError, internalError } from '../errors/api-error.ts';
import { type FlightLimits, flightKindOf } from '../limits/flight-limits.ts';
import { encodeAnswer } from '../wire/encode-answer.ts';
import type { ApiRequest, ApiResponse } from './api-message.ts';
import type { Dispatch } from './dispatch.ts';
import { type IncomingRequest, modernWatch, parseRequestTarget } from './incoming-request.ts';

/** What requests pass on their way. */
export interface RequestStations {
  /** Tells who a client is; throws 401. */
  readonly authenticate: Authenticate;
  readonly limits: FlightLimits;
  readonly dispatch: Dispatch;
  /** Told about faults of ours, with their stack. */
  onFault(error: unknown): void;
}

/** Answers any request; failures become Status answers. Never rejects. */
export type AnswerRequest = (request: IncomingRequest) => Promise<ApiResponse>;

/** Makes what answers the requests of a server. */
export function makeAnswerRequest(stations: RequestStations): AnswerRequest {
  return async (request) => {
    try {
      return encodeAnswer(await answer(stations, request), headerText(request.headers['accept']));
    } catch (error) {
      if (error instanceof ApiError) return encodeAnswer(statusResponse(error), headerText(request.headers['accept']));
      stations.onFault(error);
      return statusResponse(internalError(error instanceof Error ? error.message : String(error)));
    }
  };
}

async function answer(stations: RequestStations, request: IncomingRequest): Promise<ApiResponse> {
  const { method, headers, signal } = request;
  const user = await stations.authenticate(request.certified, headers);
  const asked = parseRequestTarget(request.target);
  const { path, query } = method === 'GET' || method === 'HEAD' ? modernWatch(asked) : asked;
  request.whenClosed(await stations.limits.enter(flightKindOf(method, path, query), user.username, signal));
  const body = await request.readBody();
  const read: ApiRequest = { method, path, query, headers: flatHeaders(headers), body, user, signal };
  return await stations.dispatch(read);
}

function flatHeaders(headers: IncomingRequest['headers']): ApiRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, headerText(value)]));
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function statusResponse({ status }: ApiError): ApiResponse {
  const seconds = status.code === 429 ? status.details?.retryAfterSeconds : undefined;
  return {
    kind: 'json',
    status: status.code,
    body: status,
    ...(seconds === undefined ? {} : { headers: { 'retry-after': String(seconds) } }),
  };
}
