/**
 * From a request to its answer: who asks, whether there is room, what is in the body, and then the handlers.
 *
 * Nothing of a stranger's body is read, and nobody's before there is room for it.
 */
import { writtenDown } from '../audit/audited-answer.ts';
import { type AuditWorld, RequestAudit } from '../audit/request-audit.ts';
import type { Authenticate } from '../authentication/authenticator.ts';
import { impersonated } from '../authentication/impersonation.ts';
import type { Authorizer } from '../authorization/access.ts';
import { ApiError, internalError } from '../errors/api-error.ts';
import { type FlightLimits, flightKindOf } from '../limits/flight-limits.ts';
import { encodeAnswer } from '../wire/encode-answer.ts';
import type { ApiRequest, ApiResponse, SentResponse, WholeResponse } from './api-message.ts';
import type { Dispatch } from './dispatch.ts';
import { type IncomingRequest, modernWatch, parseRequestTarget } from './incoming-request.ts';

/** What requests pass on their way. */
export interface RequestStations {
  /** Tells who a client is; throws 401. */
  readonly authenticate: Authenticate;
  /** Says who may act as somebody else. */
  readonly authorizer: Authorizer;
  readonly limits: FlightLimits;
  readonly dispatch: Dispatch;
  /** Absent: nothing is written down. */
  readonly audit: AuditWorld | undefined;
  /** Told about faults of ours, with their stack. */
  onFault(error: unknown): void;
}

/** Answers any request; failures become Status answers. Never rejects. */
export type AnswerRequest = (request: IncomingRequest) => Promise<SentResponse>;

/** Makes what answers the requests of a server. */
export function makeAnswerRequest(stations: RequestStations): AnswerRequest {
  return async (request) => {
    const audit = stations.audit === undefined ? undefined : new RequestAudit(stations.audit, request);
    const accept = headerText(request.headers['accept']);
    try {
      const made = await answer(stations, request, audit);
      return await encodeAnswer(audit === undefined ? made : writtenDown(audit, request, made), accept);
    } catch (error) {
      if (error instanceof ApiError) {
        const refusal = statusResponse(error);
        return await encodeAnswer(audit === undefined ? refusal : writtenDown(audit, request, refusal), accept);
      }
      stations.onFault(error);
      audit?.panicked(error);
      return statusResponse(internalError(error instanceof Error ? error.message : String(error)));
    }
  };
}

async function answer(stations: RequestStations, request: IncomingRequest, audit: RequestAudit | undefined): Promise<ApiResponse> {
  const { method, headers, signal } = request;
  const client = await stations.authenticate(request.certified, headers);
  const asked = parseRequestTarget(request.target);
  const { path, query } = method === 'GET' || method === 'HEAD' ? modernWatch(asked) : asked;
  audit?.received(client, { path, query });
  const user = impersonated(client, headers, stations.authorizer);
  audit?.actsAs(user);
  request.whenClosed(await stations.limits.enter(flightKindOf(method, path, query), user.username, signal));
  const body = await request.readBody();
  const read: ApiRequest = { method, path, query, headers: flatHeaders(headers), body, user, audit, signal };
  return await stations.dispatch(read);
}

function flatHeaders(headers: IncomingRequest['headers']): ApiRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, headerText(value)]));
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function statusResponse({ status }: ApiError): WholeResponse {
  const seconds = status.code === 429 ? status.details?.retryAfterSeconds : undefined;
  return {
    kind: 'json',
    status: status.code,
    body: status,
    ...(seconds === undefined ? {} : { headers: { 'retry-after': String(seconds) } }),
  };
}
