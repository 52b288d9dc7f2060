/** What the client wants to see: the object itself, a Table, or its metadata alone (`Accept`). */
import { formatFieldError } from '@weir/kube';
import { badRequest, notAcceptable } from '../errors/api-error.ts';
import { acceptedMedia, servedMediaTypes } from '../wire/accepted-media.ts';

/** How answers are rendered. `version` is the version of `meta.k8s.io` that was asked for. */
export type Representation =
  | { readonly kind: 'object' }
  | { readonly kind: 'table'; readonly version: string; readonly includeObject: 'None' | 'Metadata' | 'Object' }
  | { readonly kind: 'partial'; readonly version: string };

/** Reads the header (and `includeObject` of the query); throws 406 when nothing in it is served, 400 for what no Table can include. */
export function parseRepresentation(accept: string | undefined, query: URLSearchParams): Representation {
  const media = acceptedMedia(accept);
  if (media === undefined) throw notAcceptable(servedMediaTypes);
  const { as, version } = media;
  if (as === '') return { kind: 'object' };
  return as === 'Table' ? { kind: 'table', version, includeObject: includeObjectOf(query) } : { kind: 'partial', version };
}

function includeObjectOf(query: URLSearchParams): 'None' | 'Metadata' | 'Object' {
  const value = query.get('includeObject') ?? '';
  if (value === '') return 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  const message = "must be 'Metadata', 'Object', 'None', or empty";
  throw badRequest(
    `Unable to convert to Table as requested: ${formatFieldError({ reason: 'FieldValueInvalid', field: 'includeObject', value, message })}`,
  );
}
