/**
 * From a request to its handler: resources first, then whatever else is mounted (discovery, OpenAPI,
 * health, version).
 */
import type { ResourceDefinition, ResourceRegistry } from '@weir/kube';
import type { Access } from '../authorization/access.ts';
import { accessTo, assertDecided } from '../authorization/authorize-request.ts';
import { methodNotAllowed, pathNotFound } from '../errors/api-error.ts';
import { deleteCollectionVerb, deleteVerb } from '../rest/delete-verbs.ts';
import { patchVerb } from '../rest/patch-verb.ts';
import { warningHeaders } from '../rest/read-body.ts';
import { getObject, listObjects } from '../rest/read-objects.ts';
import { booleanParameter, type RestContext } from '../rest/rest-context.ts';
import { subresourceVerb } from '../rest/subresource-verbs.ts';
import { createVerb, updateVerb } from '../rest/write-verbs.ts';
import { watchObjects } from '../watch/watch-objects.ts';
import { assertEncodable } from '../wire/encode-answer.ts';
import type { ApiHandler, ApiRequest, ApiResponse } from './api-message.ts';
import { verbOf } from './request-verb.ts';
import { parseResourcePath, type ResourceTarget } from './resource-target.ts';

/** Answers any request; throws ApiError for failures. */
export type Dispatch = (request: ApiRequest) => Promise<ApiResponse>;

/** Makes the dispatcher of a server. */
export function makeDispatch(context: RestContext, registry: ResourceRegistry, mounted: readonly ApiHandler[]): Dispatch {
  return async (request) => {
    const target = parseResourcePath(request.path, registry);
    if (target !== undefined) return withDeprecation(await handleResource(context, target, request), target.definition);
    authorize(context, request, { kind: 'path', verb: request.method.toLowerCase(), path: request.path });
    for (const handler of mounted) {
      const response = handler(request);
      if (response !== undefined) return response;
    }
    throw pathNotFound();
  };
}

/** Who uses a deprecated version is told so with every answer. */
function withDeprecation(response: ApiResponse, definition: ResourceDefinition): ApiResponse {
  const warning = definition.deprecationWarning;
  if (warning === undefined) return response;
  const { warning: others = '' } = response.headers ?? {};
  const own = warningHeaders([warning])['warning'] ?? '';
  return { ...response, headers: { ...response.headers, warning: others === '' ? own : `${own}, ${others}` } };
}

async function handleResource(context: RestContext, target: ResourceTarget, request: ApiRequest): Promise<ApiResponse> {
  const verb = verbOf(target, request);
  // What may not be done is refused before it is said whether it can be done.
  if (verb !== undefined) authorize(context, request, accessTo(target, verb, request.query));
  assertVerb(target, verb);
  if (target.subresource !== '' && !['status', 'finalize', 'ephemeralcontainers'].includes(target.subresource)) {
    return subresourceVerb(context, target, request);
  }
  // An answer that its client cannot read is refused before anything is done.
  assertEncodable(request.headers['accept'], target.definition);
  const isCollection = target.name === '';
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      if (booleanParameter(request.query, 'watch')) return watchObjects(context, target, request);
      return isCollection ? listObjects(context, target, request) : getObject(context, target, request);
    case 'POST':
      return createVerb(context, target, request);
    case 'PUT':
      return updateVerb(context, target, request);
    case 'PATCH':
      return patchVerb(context, target, request);
    case 'DELETE':
      return isCollection ? deleteCollectionVerb(context, target, request) : deleteVerb(context, target, request);
    default:
      throw methodNotAllowed();
  }
}

/** Throws 403 when the user may not. */
function authorize({ authorizer }: RestContext, { user, audit }: ApiRequest, access: Access): void {
  const decision = authorizer.decide(user, access);
  audit?.authorized(decision);
  assertDecided(decision, user, access);
}

function assertVerb({ definition, subresource }: ResourceTarget, verb: string | undefined): void {
  const verbs: readonly string[] =
    subresource === '' ? definition.verbs : (definition.subresources.find(({ name }) => name === subresource)?.verbs ?? []);
  if (verb === undefined || !verbs.includes(verb)) throw methodNotAllowed();
}
