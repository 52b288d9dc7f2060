/**
 * One request as the audit log sees it, from its head to the end of its answer. The policy is asked when the sender
 * is known; what it does not want costs nothing from there on.
 *
 * Bodies of Secrets and of whatever holds a token are never written, whatever the policy says.
 */
import { randomUUID } from 'node:crypto';
import {
  type AuditDecision,
  type AuditPolicy,
  type AuditStage,
  auditDecision,
  isJsonObject,
  type JsonObject,
  objectAt,
  type ResourceRegistry,
  textAt,
} from '@weir/kube';
import type { AccessDecision } from '../authorization/access.ts';
import { accessTo } from '../authorization/authorize-request.ts';
import { flightKindOf } from '../limits/flight-limits.ts';
import type { UserInfo } from '../server/api-message.ts';
import type { IncomingRequest, RequestTarget } from '../server/incoming-request.ts';
import { verbOf } from '../server/request-verb.ts';
import { parseResourcePath } from '../server/resource-target.ts';
import { type AuditObjectReference, auditLine, bodiesMax } from './audit-event.ts';
import type { AuditTrail } from './audit-trail.ts';
import { holdsSecrets, withoutManagedFields } from './audited-body.ts';

/** What requests are written down with. */
export interface AuditWorld {
  readonly policy: AuditPolicy;
  readonly registry: ResourceRegistry;
  /** Takes one event as a line. */
  write(line: string): void;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** What is known before anything is read. */
export type AuditedHead = Pick<IncomingRequest, 'method' | 'target' | 'headers' | 'sourceAddress'>;

/** How a request ended. */
export interface AuditedAnswer {
  readonly status: number;
  /** A Status, or what was answered in JSON; undefined for anything else. */
  readonly body?: unknown;
  /** The same as text, where it is one already. */
  readonly text?: string | undefined;
}

const annotationsMax = 64;
const annotationLength = 10 * 1024;
const messageLength = 8 * 1024;
const idLength = 64;
const nothing: AuditDecision = { level: 'None', omitStages: [], omitManagedFields: false };

/** One request. */
export class RequestAudit implements AuditTrail {
  /** Names the request; the client may choose it (`Audit-ID`). */
  readonly id: string;
  readonly #world: AuditWorld;
  readonly #head: AuditedHead;
  readonly #receivedMs: number;
  readonly #annotations = new Map<string, string>();
  #client: UserInfo | undefined;
  #impersonated: UserInfo | undefined;
  #decision: AuditDecision | undefined;
  #verb = '';
  #objectRef: AuditObjectReference | undefined;
  /** Bodies of this kind are nobody's business. */
  #isSecret = false;
  #isLong = false;
  #wasForbidden = false;
  #requestBody: string | undefined;
  #responseBody: string | undefined;
  #responseStatus: JsonObject | undefined;

  constructor(world: AuditWorld, head: AuditedHead) {
    this.#world = world;
    this.#head = head;
    this.#receivedMs = world.now();
    const given = head.headers['audit-id'];
    this.id = typeof given === 'string' && given !== '' && given.length <= idLength ? given : randomUUID();
  }

  /** Whether the body of the answer is to be written down. */
  get wantsAnswer(): boolean {
    return this.#decision?.level === 'RequestResponse' && !this.#isSecret;
  }

  /** The sender is known: the request is judged, and its receipt is written down. */
  received(client: UserInfo, target: RequestTarget): void {
    this.#client = client;
    this.#judge(target);
    this.#emit('RequestReceived');
  }

  /** The request counts as somebody else's. */
  actsAs(user: UserInfo): void {
    if (user !== this.#client) this.#impersonated = user;
  }

  authorized({ allowed, reason }: AccessDecision): void {
    this.#wasForbidden = !allowed;
    this.annotate('authorization.k8s.io/decision', allowed ? 'allow' : 'forbid');
    this.annotate('authorization.k8s.io/reason', reason);
  }

  annotate(key: string, value: string): void {
    if (this.#decision?.level === 'None' || this.#annotations.has(key) || this.#annotations.size >= annotationsMax) return;
    this.#annotations.set(key, value.length <= annotationLength ? value : `${value.slice(0, annotationLength)}…`);
  }

  requested(body: unknown): void {
    const { level, omitManagedFields } = this.#decision ?? nothing;
    if (level === 'None') return;
    if (this.#objectRef !== undefined && isJsonObject(body)) this.#objectRef = named(this.#objectRef, objectAt(body, 'metadata'));
    if (level === 'Metadata' || this.#isSecret) return;
    this.#requestBody = JSON.stringify(omitManagedFields ? withoutManagedFields(body) : body);
  }

  /** The answer begins, and lasts. */
  started(answer: AuditedAnswer): void {
    this.#judge();
    this.#responseStatus = this.#statusOf(answer);
    if (this.#isLong) this.#emit('ResponseStarted');
  }

  /** The answer has been given; without one it is that of {@link started}. */
  completed(answer?: AuditedAnswer): void {
    this.#judge();
    if (answer !== undefined) {
      this.#responseStatus = this.#statusOf(answer);
      if (this.wantsAnswer) this.#responseBody = this.#textOf(answer);
    }
    this.#emit('ResponseComplete');
  }

  /** A fault of the server's own ended the request. */
  panicked(error: unknown): void {
    this.#judge();
    const message = `APIServer panic'd: ${error instanceof Error ? error.message : String(error)}`;
    this.#responseStatus = { metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 };
    this.#emit('Panic');
  }

  /** Asks the policy, once. Without a sender, or a path that can be read, it is asked about what there is. */
  #judge(target: RequestTarget = { path: this.#head.target.split('?')[0] ?? '', query: new URLSearchParams() }): void {
    if (this.#decision !== undefined) return;
    const { policy, registry } = this.#world;
    const { method } = this.#head;
    const { path, query } = target;
    const resource = parseResourcePath(path, registry);
    this.#verb = (resource === undefined ? undefined : verbOf(resource, { method, query })) ?? method.toLowerCase();
    const access = resource === undefined ? undefined : accessTo(resource, this.#verb, query);
    this.#decision = auditDecision(policy, { user: this.#client, verb: this.#verb, path, resource: access });
    if (this.#decision.level === 'None' || access === undefined || resource === undefined) return;
    const { group, version } = resource.definition;
    this.#objectRef = {
      resource: access.resource,
      ...(access.namespace === '' ? {} : { namespace: access.namespace }),
      ...(access.name === '' ? {} : { name: access.name }),
      ...(group === '' ? {} : { apiGroup: group }),
      apiVersion: version,
      ...(access.subresource === '' ? {} : { subresource: access.subresource }),
    };
    this.#isSecret = holdsSecrets(access);
    this.#isLong = flightKindOf(method, path, query) === 'stream' || upgraded.includes(access.subresource);
  }

  #emit(stage: AuditStage): void {
    const { level, omitStages } = this.#decision ?? nothing;
    if (level === 'None' || omitStages.includes(stage)) return;
    const { headers, target, sourceAddress } = this.#head;
    const stageMs = stage === 'RequestReceived' ? this.#receivedMs : this.#world.now();
    this.#world.write(
      auditLine({
        level,
        auditId: this.id,
        stage,
        requestUri: target,
        verb: this.#verb,
        user: this.#client,
        impersonatedUser: this.#impersonated,
        sourceAddress,
        userAgent: headers['user-agent'] ?? '',
        objectRef: this.#objectRef,
        responseStatus: this.#responseStatus,
        receivedMs: this.#receivedMs,
        stageMs,
        annotations: this.#annotations,
        requestBody: this.#requestBody,
        responseBody: this.#responseBody,
      }),
    );
  }

  #statusOf({ status: code, body }: AuditedAnswer): JsonObject | undefined {
    if (this.#decision?.level === 'None') return undefined;
    if (!isJsonObject(body) || body['kind'] !== 'Status' || body['apiVersion'] !== 'v1') return { metadata: {}, code };
    const { status, reason } = body;
    const told: JsonObject = { metadata: {}, status, ...(reason === undefined ? {} : { reason }), code };
    // What is wrong with a Secret may quote it; whether there is one, and who may not see it, does not.
    if (this.#isSecret && !this.#wasForbidden && ![401, 404, 409, 429].includes(code)) return told;
    const message = textAt(body, 'message');
    const details = JSON.stringify(body['details'] ?? null).length > messageLength ? undefined : body['details'];
    return {
      ...told,
      ...(message === '' ? {} : { message: message.slice(0, messageLength) }),
      ...(details === undefined ? {} : { details }),
    };
  }

  #textOf({ body, text }: AuditedAnswer): string | undefined {
    if (text !== undefined && (this.#decision?.omitManagedFields !== true || text.length > bodiesMax)) return text;
    const value: unknown = text === undefined ? body : JSON.parse(text);
    return value === undefined
      ? undefined
      : JSON.stringify(this.#decision?.omitManagedFields === true ? withoutManagedFields(value) : value);
  }
}

/** Subresources that are connections. */
const upgraded: readonly string[] = ['exec', 'attach', 'portforward'];

function named(reference: AuditObjectReference, metadata: JsonObject | undefined): AuditObjectReference {
  const [name, uid, resourceVersion] = ['name', 'uid', 'resourceVersion'].map((field) => textAt(metadata, field));
  return {
    ...reference,
    ...(reference.name === undefined && name !== undefined && name !== '' ? { name } : {}),
    ...(uid === undefined || uid === '' ? {} : { uid }),
    ...(resourceVersion === undefined || resourceVersion === '' ? {} : { resourceVersion }),
  };
}
