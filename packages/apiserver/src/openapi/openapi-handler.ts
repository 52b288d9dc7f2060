/**
 * Serves `/openapi/v3` and the document of each group-version.
 *
 * `/openapi/v2` is there for one thing: kubectl reads it about kinds that v3 does not know, and only
 * when it can does it go on to say "no matches for kind". It is served in protobuf and has no
 * definitions; in any other form it is 404, since clients break on JSON.
 */
import { createHash } from 'node:crypto';
import { apiVersionOf, type ResourceDefinition, type ResourceRegistry } from '@weir/kube';
import { definitionsOf } from '../discovery/discovery-documents.ts';
import { methodNotAllowed, pathNotFound } from '../errors/api-error.ts';
import type { ApiHandler, ApiRequest, ApiResponse } from '../server/api-message.ts';
import { openApiDocument } from './openapi-document.ts';

/** A document as text, kept until the kinds of its group-version change. */
interface Rendered {
  readonly definitions: readonly ResourceDefinition[];
  readonly text: string;
  readonly hash: string;
}

/** Makes the handler. */
export function makeOpenApiHandler(registry: ResourceRegistry): ApiHandler {
  const cache = new Map<string, Rendered>();

  const render = (group: string, version: string): Rendered | undefined => {
    const definitions = definitionsOf(registry, group, version);
    if (definitions.length === 0) return undefined;
    const path = pathOf(group, version);
    const known = cache.get(path);
    if (known !== undefined && isSame(known.definitions, definitions)) return known;
    const text = JSON.stringify(openApiDocument(`/${path}`, definitions));
    const rendered = { definitions, text, hash: createHash('sha256').update(text).digest('hex').toUpperCase() };
    cache.set(path, rendered);
    return rendered;
  };

  return (request) => {
    const path = request.path.replace(/\/$/, '');
    if (path !== '/openapi' && !path.startsWith('/openapi/')) return undefined;
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
    if (path === '/openapi/v2') return emptyV2(request);
    if (path === '/openapi/v3') return { kind: 'json', status: 200, body: index(registry, render) };
    const [root, group, version, ...more] = path.startsWith('/openapi/v3/') ? path.slice('/openapi/v3/'.length).split('/') : [];
    const rendered = more.length > 0 ? undefined : documentAt(render, [root, group, version]);
    if (rendered === undefined) throw pathNotFound();
    return answer(rendered, request.query.get('hash'));
  };
}

/** gnostic's `openapi.v2.Document` in protobuf: 1 swagger "2.0", 2 info (1 title, 2 version). */
function emptyV2(request: ApiRequest): ApiResponse {
  if (!/proto-openapi\.spec\.v2[@.]v1\.0\+protobuf/.test(request.headers['accept'] ?? '')) throw pathNotFound();
  const info = Buffer.concat([textField(1, 'Kubernetes'), textField(2, 'weir')]);
  const body = Buffer.concat([textField(1, '2.0'), Buffer.from([0x12, info.length]), info]);
  return { kind: 'bytes', status: 200, body, contentType: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' };
}

/** A protobuf field of wire type 2 with a short text. */
function textField(field: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([field * 8 + 2, text.length]), Buffer.from(text)]);
}

type Render = (group: string, version: string) => Rendered | undefined;

/** `api/v1` and `apis/GROUP/VERSION`. */
function documentAt(render: Render, [root, group, version]: readonly (string | undefined)[]): Rendered | undefined {
  if (root === 'api' && group !== undefined && version === undefined) return render('', group);
  if (root === 'apis' && group !== undefined && group !== '' && version !== undefined) return render(group, version);
  return undefined;
}

function index(registry: ResourceRegistry, render: Render): unknown {
  const paths: Record<string, { serverRelativeURL: string }> = {};
  for (const { group, version } of registry.all()) {
    const path = pathOf(group, version);
    const rendered = path in paths ? undefined : render(group, version);
    if (rendered !== undefined) paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${rendered.hash}` };
  }
  return { paths };
}

function answer(rendered: Rendered, hash: string | null): ApiResponse {
  // A URL with the hash in it names this very content for ever.
  const caching = hash === rendered.hash ? { 'cache-control': 'public, immutable' } : {};
  return {
    kind: 'bytes',
    status: 200,
    body: rendered.text,
    contentType: 'application/json',
    headers: { etag: JSON.stringify(rendered.hash), ...caching },
  };
}

function pathOf(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${apiVersionOf({ group, version })}`;
}

function isSame(left: readonly ResourceDefinition[], right: readonly ResourceDefinition[]): boolean {
  return left.length === right.length && left.every((definition, position) => definition === right[position]);
}
