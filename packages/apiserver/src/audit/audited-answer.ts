/** The answer to a request that is written down. */
import { unreachable } from '@weir/net';
import type { ApiResponse } from '../server/api-message.ts';
import type { IncomingRequest } from '../server/incoming-request.ts';
import { truncatedAnnotation } from './audit-event.ts';
import type { RequestAudit } from './request-audit.ts';

/** Tells the log of the answer: now, or when it has ended. Returns what to answer, with the request's id. */
export function writtenDown(audit: RequestAudit, request: IncomingRequest, response: ApiResponse): ApiResponse {
  const { status } = response;
  let told = response;
  switch (response.kind) {
    case 'stream':
      audit.started({ status });
      request.whenClosed(() => audit.completed());
      break;
    case 'json':
      audit.completed({ status, body: response.body });
      break;
    case 'bytes':
      audit.completed({ status, text: audit.wantsAnswer && isJson(response) ? Buffer.from(response.body).toString() : undefined });
      break;
    case 'pieces': {
      const whole = audit.wantsAnswer && isJson(response) ? wholeIfShort(response) : response;
      if (whole.kind === 'bytes') audit.completed({ status, text: Buffer.from(whole.body).toString() });
      else {
        if (audit.wantsAnswer) audit.annotate(truncatedAnnotation, 'true');
        audit.completed({ status });
      }
      told = whole;
      break;
    }
    default:
      return unreachable(response);
  }
  return { ...told, headers: { ...told.headers, 'audit-id': audit.id } };
}

function isJson({ contentType = 'application/json' }: ApiResponse): boolean {
  return contentType === 'application/json';
}

/** A list of one or two pieces in one; what is longer is not written down and stays in pieces. */
function wholeIfShort(response: Extract<ApiResponse, { kind: 'pieces' }>): Extract<ApiResponse, { kind: 'pieces' | 'bytes' }> {
  const { status, contentType, headers = {}, first, rest } = response;
  const { value, done = false } = rest.next();
  const known = Buffer.concat([first, value]);
  return done ? { kind: 'bytes', status, contentType, headers, body: known } : { ...response, first: known };
}
