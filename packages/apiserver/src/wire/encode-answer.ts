/**
 * Answers in the format that the client accepts: handlers answer JSON, and what is to be YAML or protobuf
 * is made from it. Only objects (what names its kind) have a form in protobuf.
 */
import {
  apiVersionOf,
  encodeProtobufObject,
  isJsonObject,
  isProtobufKind,
  ProtobufError,
  type ResourceDefinition,
  textAt,
} from '@weir/kube';
import { notAcceptable } from '../errors/api-error.ts';
import type { ApiResponse, SentResponse } from '../server/api-message.ts';
import { acceptedMedia, servedMediaTypes } from './accepted-media.ts';
import { encodeList, protobufType, yamlText } from './encode-list.ts';

/**
 * Throws 406 when answers about a kind cannot be made in the only format that the client accepts: before anything is
 * done.
 */
export function assertEncodable(accept: string | undefined, definition: ResourceDefinition): void {
  const media = acceptedMedia(accept);
  if (media === undefined) throw notAcceptable(servedMediaTypes);
  if (media.format !== 'protobuf' || media.as !== '' || isProtobufKind(apiVersionOf(definition), definition.kind)) return;
  throw notAcceptable(['application/json', 'application/yaml']);
}

/** The answer for an `Accept` header; what has no form in protobuf stays JSON. */
export async function encodeAnswer(response: ApiResponse, accept: string | undefined): Promise<SentResponse> {
  const format = acceptedMedia(accept)?.format ?? 'json';
  if (response.kind === 'list') return encodeList(response, format);
  if (format === 'json' || response.kind === 'stream') return response;
  if ((response.contentType ?? 'application/json') !== 'application/json') return response;
  const value: unknown = response.kind === 'json' ? response.body : JSON.parse(Buffer.from(response.body).toString());
  const { status, headers = {} } = response;
  if (format === 'yaml') return { kind: 'bytes', status, headers, body: yamlText(value), contentType: 'application/yaml' };
  if (!isJsonObject(value) || textAt(value, 'kind') === '') return { kind: 'json', status, headers, body: value };
  try {
    return { kind: 'bytes', status, headers, body: encodeProtobufObject(value), contentType: protobufType };
  } catch (error) {
    // What was asked has been done by now, and the client is to hear of it.
    if (error instanceof ProtobufError) return { kind: 'json', status, headers, body: value };
    throw error;
  }
}
