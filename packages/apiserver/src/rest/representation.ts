/**
 * What the client wants to see: the object itself, a Table, or its metadata alone (`Accept`).
 *
 * Answers are always JSON. A client that lists protobuf first gets the next type that it lists.
 */
import { notAcceptable } from '../errors/api-error.ts';

/** How answers are rendered. `version` is the version of `meta.k8s.io` that was asked for. */
export type Representation =
  | { readonly kind: 'object' }
  | { readonly kind: 'table'; readonly version: string; readonly includeObject: 'None' | 'Metadata' | 'Object' }
  | { readonly kind: 'partial'; readonly version: string };

const served = ['application/json'];
const jsonRanges = new Set(['application/json', 'application/*', '*/*']);

/** Reads the header (and `includeObject` of the query); throws 406 when nothing in it is served. */
export function parseRepresentation(accept: string | undefined, query: URLSearchParams): Representation {
  if (accept === undefined || accept.trim() === '') return { kind: 'object' };
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    if (!jsonRanges.has(type)) continue;
    const values = new Map(parameters.map((parameter) => [parameter.split('=')[0] ?? '', parameter.split('=')[1] ?? '']));
    const as = values.get('as');
    if (as === undefined) return { kind: 'object' };
    const version = values.get('v') ?? '';
    if (values.get('g') !== 'meta.k8s.io' || !['v1', 'v1beta1'].includes(version)) continue;
    if (as === 'Table') return { kind: 'table', version, includeObject: includeObjectOf(query) };
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return { kind: 'partial', version };
  }
  throw notAcceptable(served);
}

function includeObjectOf(query: URLSearchParams): 'None' | 'Metadata' | 'Object' {
  const value = query.get('includeObject');
  return value === 'None' || value === 'Object' ? value : 'Metadata';
}
