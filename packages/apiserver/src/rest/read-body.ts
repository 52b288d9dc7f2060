/**
 * From the bytes of a request to an object of the expected kind, with Go's strictness.
 *
 * Order of the checks as in the real server: format, type, then fields. Unknown and duplicate fields
 * are refused, warned about or ignored, as `fieldValidation` says (`Warn` when absent).
 */
import { apiVersionOf, type GroupVersionKind, isJsonObject, type JsonObject, type ResourceDefinition } from '@weir/kube';
import { badRequest } from '../errors/api-error.ts';
import type { ApiRequest } from '../server/api-message.ts';
import { repeatedYamlKeys } from '../wire/repeated-yaml-keys.ts';
import { duplicateFields } from './duplicate-fields.ts';
import { assertBoundedDepth } from './json-depth.ts';
import type { RestContext } from './rest-context.ts';

/** How unknown and duplicate fields are treated. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** An object as the client meant it, and what to warn the client about. */
export interface ReadObject {
  readonly object: JsonObject;
  readonly warnings: readonly string[];
}

/** Reads `fieldValidation`; what is none of its values is the default (who takes options refuses it). */
export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const value = query.get('fieldValidation');
  return value === 'Strict' || value === 'Ignore' ? value : 'Warn';
}

/** Decodes the body; a JSON object or an error. `kindHint` helps formats that carry no field names. */
export function decodeObject(context: RestContext, request: ApiRequest, kindHint: string): JsonObject {
  const value = context.decodeBody(request.headers['content-type'] ?? '', request.body, kindHint);
  assertBoundedDepth(value);
  if (!isJsonObject(value)) throw badRequest(`the object provided is unrecognized (must be of type ${kindHint})`);
  request.audit?.requested(value);
  return value;
}

/** Reads the object of a create or an update. */
export function readObject(context: RestContext, definition: ResourceDefinition, request: ApiRequest): ReadObject {
  const decoded = decodeObject(context, request, definition.kind);
  const repeated = repeatedFields(request, decoded);
  fillType(decoded, definition);
  return fitObject(decoded, definition, { fieldValidation: fieldValidationOf(request.query), repeated });
}

/** What else must be known to fit an object. */
export interface FitOptions {
  readonly fieldValidation: FieldValidation;
  /** Sentences about fields that stand twice in the text. */
  readonly repeated: readonly string[];
}

/** Fits an object to the schema of its kind; throws 400 for wrong types and, when strict, for unknown fields. */
export function fitObject(object: JsonObject, definition: ResourceDefinition, options: FitOptions): ReadObject {
  const { value, unknownFields, wrongTypes } = definition.fit(object);
  const wrongType = wrongTypes[0];
  if (wrongType !== undefined) throw badRequest(`${cannotBeHandled(definition)}: ${wrongType}`);
  const problems = [...unknownFields.map((field) => `unknown field ${JSON.stringify(field)}`), ...options.repeated];
  if (problems.length > 0 && options.fieldValidation === 'Strict') {
    throw badRequest(`${cannotBeHandled(definition)}: strict decoding error: ${problems.join(', ')}`);
  }
  return { object: value, warnings: options.fieldValidation === 'Warn' ? problems : [] };
}

/** What strict decoding says of fields that stand twice; protobuf has none. */
function repeatedFields(request: ApiRequest, decoded: unknown): readonly string[] {
  if (isJson(request)) return duplicateFields(request.body, decoded).map((field) => `duplicate field ${JSON.stringify(field)}`);
  const told = mediaTypeOf(request) === 'application/yaml' ? repeatedYamlKeys(request.body) : undefined;
  return told === undefined ? [] : [told];
}

/** Sets `apiVersion` and `kind` when absent; throws 400 when they are another's. */
export function fillType(object: JsonObject, definition: GroupVersionKind): void {
  const expected = apiVersionOf(definition);
  const apiVersion = object['apiVersion'] ?? expected;
  const kind = object['kind'] ?? definition.kind;
  if (apiVersion !== expected) {
    throw badRequest(`the API version in the data (${jsonText(apiVersion)}) does not match the expected API version (${expected})`);
  }
  if (kind !== definition.kind) {
    throw badRequest(
      `${jsonText(kind)} in version ${JSON.stringify(definition.version)} cannot be handled as a ${definition.kind}: no kind ${JSON.stringify(kind)} is served here`,
    );
  }
  object['apiVersion'] = apiVersion;
  object['kind'] = kind;
}

/** All warnings of an answer together, in bytes: clients read heads of a bounded size (`maxWarnings` upstream). */
const warningBytes = 4_096;

/** The `Warning` header for what was found (RFC 7234, as `299 - "…"`), or none. What does not fit is left out. */
export function warningHeaders(warnings: readonly string[]): Readonly<Record<string, string>> {
  const parts: string[] = [];
  let length = 0;
  for (const warning of warnings) {
    // In UTF-8, as Go writes headers; Node takes a header's text for its bytes.
    const part = Buffer.from(`299 - ${JSON.stringify(warning).replaceAll('\u007f', '\\u007f')}`).toString('latin1');
    length += part.length;
    if (length <= warningBytes) parts.push(part);
  }
  return parts.length === 0 ? {} : { warning: parts.join(', ') };
}

/** A text as it is, anything else as JSON. */
function jsonText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isJson(request: ApiRequest): boolean {
  const type = mediaTypeOf(request);
  return type === '' || type === 'application/json';
}

function mediaTypeOf(request: ApiRequest): string {
  return (request.headers['content-type'] ?? 'application/json').split(';')[0]?.trim() ?? '';
}

function cannotBeHandled(definition: ResourceDefinition): string {
  return `${definition.kind} in version ${JSON.stringify(definition.version)} cannot be handled as a ${definition.kind}`;
}
