/**
 * From the bytes of a request body to a JSON value: JSON, YAML and Kubernetes' protobuf.
 *
 * Only the format is looked at here; kinds and fields are judged by the handlers.
 */
import { decodeProtobufObject, ProtobufError } from '@weir/kube';
import { unreachable } from '@weir/net';
import { parseDocument } from 'yaml';
import { badRequest, requestTooLarge, unsupportedMediaType } from '../errors/api-error.ts';

/** The media types that the 415 names; protobuf is read too, but never named, as upstream's text has it. */
const acceptedMediaTypes = ['application/json', 'application/yaml'] as const;

/** Upstream's limit of a request body. */
const limitBytes = 3 * 1024 * 1024;

/** How a body is written. */
type BodyFormat = 'json' | 'yaml' | 'protobuf';

const formats: ReadonlyMap<string, BodyFormat> = new Map([
  ['', 'json'],
  ['application/json', 'json'],
  ['application/yaml', 'yaml'],
  ['application/vnd.kubernetes.protobuf', 'protobuf'],
]);

/**
 * Decodes a body. `kindHint` names the expected kind in messages. Patch types are not known here: PATCH says which of
 * the formats its patch is written in.
 * Throws ApiError: 415 for a type or a protobuf kind that is not read, 413 for too much, 400 for a body that is not what it says.
 */
export function decodeBody(contentType: string, bytes: Uint8Array, kindHint: string): unknown {
  const format = formats.get(mediaType(contentType));
  if (format === undefined) throw unsupportedMediaType(acceptedMediaTypes);
  return decodeFormat(format, bytes, kindHint);
}

function decodeFormat(format: BodyFormat, bytes: Uint8Array, kindHint: string): unknown {
  if (bytes.length > limitBytes) throw requestTooLarge(limitBytes);
  switch (format) {
    case 'json':
      return decodeJson(decodeText(bytes, kindHint), kindHint);
    case 'yaml':
      return decodeYaml(decodeText(bytes, kindHint), kindHint);
    case 'protobuf':
      return decodeProtobuf(bytes);
    default:
      return unreachable(format);
  }
}

function decodeJson(text: string, kindHint: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unrecognized(kindHint, `json parse error: ${messageOf(error)}`);
  }
}

function decodeYaml(text: string, kindHint: string): unknown {
  try {
    const document = parseDocument(text, { uniqueKeys: true, logLevel: 'silent' });
    // A key that stands twice is no mistake of form: the last one counts (`repeated-yaml-keys.ts` tells of it).
    const problem = document.errors.find(({ code }) => code !== 'DUPLICATE_KEY');
    if (problem !== undefined) throw problem;
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    // Through JSON text: what JSON cannot say (NaN, dates, numeric keys) must not get further.
    return JSON.parse(JSON.stringify(value ?? null));
  } catch (error) {
    throw unrecognized(kindHint, `yaml: ${messageOf(error).split('\n')[0] ?? ''}`);
  }
}

function decodeProtobuf(bytes: Uint8Array): unknown {
  try {
    return decodeProtobufObject(bytes, limitBytes).object;
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    if (error.code === 'unknown-kind') throw unsupportedMediaType(acceptedMediaTypes);
    throw badRequest(`the body is not valid protobuf: ${error.message}`);
  }
}

function decodeText(bytes: Uint8Array, kindHint: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unrecognized(kindHint, 'the body is not valid UTF-8');
  }
}

function unrecognized(kindHint: string, why: string): Error {
  const kind = kindHint === '' ? '' : ` (must be of type ${kindHint})`;
  return badRequest(`the object provided is unrecognized${kind}: couldn't get version/kind; ${why}`);
}

function mediaType(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
