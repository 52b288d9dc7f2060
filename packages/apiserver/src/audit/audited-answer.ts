/** The answer to a request that is written down. */
import { unreachable } from '@weir/net';
import type { ApiResponse, ListBody } from '../server/api-message.ts';
import type { IncomingRequest } from '../server/incoming-request.ts';
import { bodiesMax, truncatedAnnotation } from './audit-event.ts';
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
    case 'list':
      told = audit.wantsAnswer ? { ...response, list: writtenList(audit, response) } : response;
      if (!audit.wantsAnswer) audit.completed({ status });
      break;
    default:
      return unreachable(response);
  }
  return { ...told, headers: { ...told.headers, 'audit-id': audit.id } };
}

function isJson({ contentType = 'application/json' }: ApiResponse): boolean {
  return contentType === 'application/json';
}

/** A list is written down when it is short; what was read of a longer one is sent as if it had not been. */
function writtenList(audit: RequestAudit, { status, list }: Extract<ApiResponse, { kind: 'list' }>): ListBody {
  const known: Uint8Array[] = [];
  let length = 0;
  let next = list.members.next();
  for (; next.done !== true && length <= bodiesMax; next = list.members.next()) {
    known.push(next.value);
    length += next.value.length;
  }
  if (next.done === true) {
    const members = known.map((member) => Buffer.from(member).toString()).join(',');
    audit.completed({ status, text: `${JSON.stringify(list.head).slice(0, -1)},"${list.field}":[${members}]}` });
    return { ...list, members: continued(known, list.members) };
  }
  audit.annotate(truncatedAnnotation, 'true');
  audit.completed({ status });
  return { ...list, members: continued([...known, next.value], list.members) };
}

function* continued(known: readonly Uint8Array[], rest: Generator<Uint8Array, void>): Generator<Uint8Array, void> {
  try {
    yield* known;
    yield* rest;
  } finally {
    rest.return();
  }
}
