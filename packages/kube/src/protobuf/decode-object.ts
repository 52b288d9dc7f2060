/**
 * Decodes the body of a request in Kubernetes' protobuf encoding
 * (`application/vnd.kubernetes.protobuf`): the magic `k8s\0`, then a `runtime.Unknown` that names the kind.
 */
import type { JsonObject } from '../registry/json-object.ts';
import { MessageDecoder } from './decode-message.ts';
import { findKindTable, messageTables } from './kind-tables.ts';
import { ProtobufError } from './protobuf-error.ts';
import { decodeUtf8 } from './utf8.ts';
import { WireReader, wireTypes } from './wire-reader.ts';

/** An object as it came. */
export interface DecodedObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** The whole object as JSON, `apiVersion` and `kind` included. */
  readonly object: JsonObject;
}

/** The first four bytes of every body: `k8s` and a zero. */
export const protobufMagic: readonly number[] = [0x6b, 0x38, 0x73, 0x00];

/** Upstream's limit of a request body. */
const defaultLimitBytes = 3 * 1024 * 1024;

let decoder: MessageDecoder | undefined;

/** Whether `bytes` begin like a protobuf body. */
export function hasProtobufMagic(bytes: Uint8Array): boolean {
  return protobufMagic.every((byte, index) => bytes[index] === byte);
}

/** Decodes a body. Throws ProtobufError; `unknown-kind` is what the server answers 415 for. */
export function decodeProtobufObject(bytes: Uint8Array, limitBytes: number = defaultLimitBytes): DecodedObject {
  if (bytes.length > limitBytes)
    throw new ProtobufError('too-large', `the body has ${bytes.length} bytes; at most ${limitBytes} are accepted`);
  if (!hasProtobufMagic(bytes)) throw new ProtobufError('malformed', 'the body does not begin with the protobuf magic number "k8s\\0"');
  const envelope = readEnvelope(bytes.subarray(protobufMagic.length));
  const { apiVersion, kind } = envelope;
  decoder ??= new MessageDecoder(messageTables());
  const table = findKindTable(apiVersion, kind);
  if (table === undefined)
    throw new ProtobufError('unknown-kind', `no kind ${JSON.stringify(kind)} is known for version ${JSON.stringify(apiVersion)}`);
  const fields = decoder.decode(table, envelope.raw);
  // An empty metadata is no more than two bytes on the wire; every object has one all the same.
  if (fields['metadata'] === undefined && table.fields.get(1)?.name === 'metadata') fields['metadata'] = {};
  return { apiVersion, kind, object: { apiVersion, kind, ...fields } };
}

/** runtime.Unknown: 1 typeMeta (1 apiVersion, 2 kind), 2 raw, 3 contentEncoding, 4 contentType. */
function readEnvelope(bytes: Uint8Array): { apiVersion: string; kind: string; raw: Uint8Array } {
  const fields = readByteFields(bytes);
  const typeMeta = readByteFields(fields.get(1) ?? new Uint8Array(0));
  const encoding = decodeUtf8(fields.get(3) ?? new Uint8Array(0));
  if (encoding !== '') throw new ProtobufError('malformed', `the content encoding ${JSON.stringify(encoding)} is not accepted`);
  return {
    apiVersion: decodeUtf8(typeMeta.get(1) ?? new Uint8Array(0)),
    kind: decodeUtf8(typeMeta.get(2) ?? new Uint8Array(0)),
    raw: fields.get(2) ?? new Uint8Array(0),
  };
}

function readByteFields(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const fields = new Map<number, Uint8Array>();
  const reader = new WireReader(bytes);
  while (!reader.done) {
    const { field, wireType } = reader.tag();
    if (wireType === wireTypes.bytes) fields.set(field, reader.bytes());
    else reader.skip(wireType);
  }
  return fields;
}
