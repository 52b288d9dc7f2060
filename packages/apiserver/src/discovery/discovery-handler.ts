/**
 * Serves discovery: `/api`, `/apis`, `/apis/GROUP`, `/api/v1`, `/apis/GROUP/VERSION`.
 *
 * `/api` and `/apis` come in two styles; both choose by the same header, else clients throw away
 * what they got and ask group by group.
 */
import type { ResourceRegistry } from '@weir/kube';
import { methodNotAllowed } from '../errors/api-error.ts';
import type { ApiHandler, ApiRequest, ApiResponse } from '../server/api-message.ts';
import { aggregatedGroups, coreVersions, groupList, resourceList, singleGroup } from './discovery-documents.ts';

/** Makes the handler; it looks into the registry at every request, since kinds come and go. */
export function makeDiscoveryHandler(registry: ResourceRegistry): ApiHandler {
  return (request) => {
    const [root, group, version, ...more] = request.path.replace(/\/$/, '').split('/').slice(1);
    if ((root !== 'api' && root !== 'apis') || more.length > 0) return undefined;
    const response = root === 'api' ? core(registry, request, [group, version]) : named(registry, request, [group, version]);
    if (response !== undefined && request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
    return response;
  };
}

type Segments = readonly (string | undefined)[];

function core(registry: ResourceRegistry, request: ApiRequest, [version, more]: Segments): ApiResponse | undefined {
  if (version === undefined)
    return answerRoot(request, (style) => (style === undefined ? coreVersions(registry) : aggregatedGroups(registry, 'core', style)));
  return more === undefined ? json(resourceList(registry, '', version)) : undefined;
}

function named(registry: ResourceRegistry, request: ApiRequest, [group, version]: Segments): ApiResponse | undefined {
  if (group === undefined)
    return answerRoot(request, (style) => (style === undefined ? groupList(registry) : aggregatedGroups(registry, 'named', style)));
  if (group === '') return undefined;
  return json(version === undefined ? singleGroup(registry, group) : resourceList(registry, group, version));
}

function json(body: unknown): ApiResponse | undefined {
  return body === undefined ? undefined : { kind: 'json', status: 200, body };
}

/** Answers in the first style of the Accept header that is served. */
function answerRoot(request: ApiRequest, body: (style: string | undefined) => unknown): ApiResponse {
  const style = aggregatedStyle(request.headers['accept'] ?? '');
  const contentType =
    style === undefined ? 'application/json' : `application/json;g=apidiscovery.k8s.io;v=${style};as=APIGroupDiscoveryList`;
  return { kind: 'json', status: 200, body: body(style), contentType, headers: { vary: 'Accept' } };
}

/** The version of apidiscovery.k8s.io that the client likes best; undefined for the plain style. */
function aggregatedStyle(accept: string): 'v2' | 'v2beta1' | undefined {
  for (const range of accept.split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim());
    if (type !== 'application/json') continue;
    if (!parameters.includes('g=apidiscovery.k8s.io') || !parameters.includes('as=APIGroupDiscoveryList')) return undefined;
    if (parameters.includes('v=v2')) return 'v2';
    if (parameters.includes('v=v2beta1')) return 'v2beta1';
  }
  return undefined;
}
