/** What the verbs share: the store, the registry, the clock, and the small words of every handler. */
import type { ResourceRegistry, Status } from '@weir/kube';
import type { AdmissionConfiguration } from '../admission/admission-configuration.ts';
import type { ResolveService } from '../admission/webhooks/call-webhook.ts';
import type { ServiceAccountTokens } from '../authentication/service-account-tokens.ts';
import type { Authorizer } from '../authorization/access.ts';
import type { ApiResponse } from '../server/api-message.ts';
import type { ObjectStore } from '../storage/object-store.ts';

export { keyOf, namespacesResource, subjectOf } from './object-key.ts';

/** Reads a request body into a JSON value; throws an ApiError (400, 415) when it cannot. */
export type DecodeBody = (contentType: string, bytes: Uint8Array, kindHint: string) => unknown;

/** An object that is about to be deleted. */
export interface DeletedObject {
  readonly group: string;
  /** The plural. */
  readonly resource: string;
  readonly name: string;
}

/** Tells why an object has to stay, in words for people; undefined when it may go. */
export type ReasonToKeep = (object: DeletedObject) => string | undefined;

/** What a running server has. */
export interface RestContext {
  readonly store: ObjectStore;
  readonly registry: ResourceRegistry;
  readonly decodeBody: DecodeBody;
  /** Address ranges of services, the primary family first. */
  readonly serviceCidrs: readonly string[];
  readonly authorizer: Authorizer;
  readonly tokens: ServiceAccountTokens;
  /** Webhooks and policies. */
  readonly admission: AdmissionConfiguration;
  /** Where services can be reached that webhooks are behind. */
  readonly resolveService: ResolveService;
  /** Why the cluster itself needs an object, whoever wants to delete it; undefined when it may go. */
  readonly reasonToKeep?: ReasonToKeep | undefined;
  /** Milliseconds since the epoch. */
  now(): number;
  /** The unix socket of a node's server, or undefined when there is no such node. */
  nodeSocket(nodeName: string): string | undefined;
}

/** A time as the API writes it: RFC 3339, whole seconds. */
export function apiTime(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
}

/** The answer to an action that has been taken. */
export function createdStatus(): ApiResponse {
  const body: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
  return { kind: 'json', status: 201, body };
}

/** A query parameter as a boolean: absent, `0` and any case of `false` are false, all else is true. */
export function booleanParameter(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}
