/** `audit.k8s.io/v1 Event` as one line. */
import type { AuditLevel, AuditStage, JsonObject } from '@weir/kube';
import type { UserInfo } from '../server/api-message.ts';

/** What the request is about, as far as it is known. */
export interface AuditObjectReference {
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly apiGroup?: string;
  readonly apiVersion: string;
  readonly resourceVersion?: string;
  readonly subresource?: string;
}

/** What is in the line besides the bodies; times in milliseconds since the epoch. */
export interface AuditEvent {
  readonly level: AuditLevel;
  readonly auditId: string;
  readonly stage: AuditStage;
  readonly requestUri: string;
  readonly verb: string;
  /** Who sent it; nobody without a certificate or a token of the cluster. */
  readonly user: UserInfo | undefined;
  readonly impersonatedUser: UserInfo | undefined;
  readonly sourceAddress: string;
  readonly userAgent: string;
  readonly objectRef: AuditObjectReference | undefined;
  readonly responseStatus: Readonly<JsonObject> | undefined;
  readonly receivedMs: number;
  readonly stageMs: number;
  readonly annotations: ReadonlyMap<string, string>;
  /** JSON texts. */
  readonly requestBody: string | undefined;
  readonly responseBody: string | undefined;
}

/** Upstream's (`--audit-log-truncate-max-event-size`): a longer event loses its bodies. */
export const bodiesMax: number = 100 * 1024;
/** Upstream's. */
const userAgentMax = 1024;
const requestUriMax = 8 * 1024;
const cutMark = '...TRUNCATED';
/** On events that lack a body. */
export const truncatedAnnotation = 'audit.k8s.io/truncated';

/** The event as a line of JSON, without its end. */
export function auditLine(event: AuditEvent): string {
  const { requestBody, responseBody } = event;
  const isTooLong = (requestBody?.length ?? 0) + (responseBody?.length ?? 0) > bodiesMax;
  const annotations = Object.fromEntries(event.annotations);
  if (isTooLong) annotations[truncatedAnnotation] = 'true';
  const { user, impersonatedUser, objectRef, responseStatus, userAgent } = event;
  const head = JSON.stringify({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: event.level,
    auditID: event.auditId,
    stage: event.stage,
    requestURI: cut(event.requestUri, requestUriMax),
    verb: event.verb,
    user: user ?? {},
    ...(impersonatedUser === undefined ? {} : { impersonatedUser }),
    sourceIPs: [event.sourceAddress],
    ...(userAgent === '' ? {} : { userAgent: cut(userAgent, userAgentMax) }),
    ...(objectRef === undefined ? {} : { objectRef }),
    ...(responseStatus === undefined ? {} : { responseStatus }),
    requestReceivedTimestamp: microTime(event.receivedMs),
    stageTimestamp: microTime(event.stageMs),
    ...(event.annotations.size === 0 && !isTooLong ? {} : { annotations }),
  });
  if (isTooLong || (requestBody === undefined && responseBody === undefined)) return head;
  const request = requestBody === undefined ? '' : `,"requestObject":${requestBody}`;
  const response = responseBody === undefined ? '' : `,"responseObject":${responseBody}`;
  return `${head.slice(0, -1)}${request}${response}}`;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length) + cutMark;
}

/** Microseconds, as the kind has them. */
function microTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}000Z`;
}
