/** POST …/serviceaccounts/NAME/token: a token for a service account (TokenRequest, KEP-1205). */
import { type JsonObject, listAt, numberAt, objectAt, textAt } from '@weir/kube';
import type { BoundObject } from '../authentication/service-account-tokens.ts';
import { nodeNameOf } from '../authorization/node-user.ts';
import { conflict, forbidden, invalid, notFound } from '../errors/api-error.ts';
import type { ApiRequest, ApiResponse, UserInfo } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import { decodeObject } from './read-body.ts';
import { apiTime, keyOf, type RestContext, subjectOf } from './rest-context.ts';
import { parseWriteOptions } from './write-options.ts';

const shortest = 600;
const longest = 2 ** 32;
const usual = 3_600;

/** Kinds that a token can be bound to, and where they are. */
const bindable: Readonly<Record<string, string>> = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' };

/** Issues a token. It is stored nowhere, so a dry run is no other run. */
export async function tokenVerb(context: RestContext, target: ResourceTarget, request: ApiRequest): Promise<ApiResponse> {
  parseWriteOptions(request, { kind: 'CreateOptions' });
  const body = decodeObject(context, request, 'TokenRequest');
  const spec = objectAt(body, 'spec') ?? {};
  const account = context.store.get(keyOf(target.definition, target.namespace, target.name));
  if (account === undefined) throw notFound(subjectOf(target));
  const seconds = numberAt(spec, 'expirationSeconds') ?? usual;
  if (seconds < shortest || seconds > longest) {
    const message =
      seconds < shortest ? 'may not specify a duration less than 10 minutes' : 'may not specify a duration larger than 2^32 seconds';
    const error = { reason: 'FieldValueInvalid', field: 'spec.expirationSeconds', value: seconds, message } as const;
    throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [error]);
  }
  const audiences = listAt(spec, 'audiences').map(String);
  const uid = textAt(objectAt(account.json, 'metadata'), 'uid');
  const bound = boundObject(context, target, spec);
  // As upstream's admission: a node speaks for the pods that it has, and only for them.
  if (nodeNameOf(request.user) !== undefined && bound?.kind !== 'Pod')
    throw forbidden(subjectOf(target), 'node requested token not bound to a pod');
  if (bound?.kind === 'Pod') assertPodOfNode(context, target, { user: request.user, pod: bound.name });
  const claims = {
    namespace: target.namespace,
    account: { name: target.name, uid },
    audiences: audiences.length === 0 ? context.tokens.audiences : audiences,
    seconds,
    ...(bound === undefined ? {} : { bound }),
  };
  const issued = await context.tokens.issue(claims, context.now());
  const answer: JsonObject = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: target.name, namespace: target.namespace, creationTimestamp: apiTime(context.now()) },
    spec: { ...spec, audiences: claims.audiences, expirationSeconds: seconds },
    status: { token: issued.token, expirationTimestamp: apiTime(issued.expiresMs) },
  };
  return { kind: 'json', status: 201, body: answer };
}

function assertPodOfNode(
  context: RestContext,
  target: ResourceTarget,
  { user, pod }: { readonly user: UserInfo; readonly pod: string },
): void {
  const node = nodeNameOf(user);
  if (node === undefined) return;
  const found = context.store.get({ resource: 'pods', namespace: target.namespace, name: pod });
  if (textAt(objectAt(found?.json, 'spec'), 'nodeName') === node) return;
  throw forbidden(subjectOf(target), `node requested token bound to a pod scheduled on a different node`);
}

/** The object that the token is to live and die with; throws 404 or 409 when it is not that one. */
function boundObject(context: RestContext, target: ResourceTarget, spec: JsonObject): BoundObject | undefined {
  const reference = objectAt(spec, 'boundObjectRef');
  if (reference === undefined) return undefined;
  const kind = textAt(reference, 'kind');
  const name = textAt(reference, 'name');
  const resource = bindable[kind];
  if (resource === undefined) {
    const error = {
      reason: 'FieldValueInvalid',
      field: 'spec.boundObjectRef',
      value: reference,
      message: `cannot bind token for serviceaccount to type ${kind}`,
    } as const;
    throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [error]);
  }
  const found = context.store.get({ resource, namespace: kind === 'Node' ? '' : target.namespace, name });
  if (found === undefined) throw notFound({ group: '', plural: resource, name });
  const uid = textAt(objectAt(found.json, 'metadata'), 'uid');
  const wanted = textAt(reference, 'uid');
  if (wanted !== '' && wanted !== uid) {
    throw conflict(
      { group: '', plural: resource, name },
      `the UID in the bound object reference (${wanted}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (kind === 'Pod' && textAt(objectAt(found.json, 'spec'), 'serviceAccountName') !== target.name) {
    const error = {
      reason: 'FieldValueInvalid',
      field: 'spec.boundObjectRef',
      value: reference,
      message: `cannot bind token for serviceaccount ${JSON.stringify(target.name)} to pod running with different serviceaccount name.`,
    } as const;
    throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [error]);
  }
  return { kind, name, uid };
}
