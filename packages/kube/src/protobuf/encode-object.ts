/**
 * Encodes answers in Kubernetes' protobuf encoding (`application/vnd.kubernetes.protobuf`): objects, lists of
 * them, Status and discovery documents, in the envelope that `decode-object.ts` describes; and the events of watches.
 */
import { type JsonObject, objectsAt, textAt } from '../registry/json-object.ts';
import { protobufMagic } from './decode-object.ts';
import { ProtobufList } from './encode-list.ts';
import { MessageEncoder } from './encode-message.ts';
import { findKindTable, messageTables } from './kind-tables.ts';
import { ProtobufError } from './protobuf-error.ts';
import { encodeUtf8 } from './utf8.ts';
import { WireWriter } from './wire-writer.ts';

/** Discovery documents: kinds without metadata. */
const documentKinds: ReadonlySet<string> = new Set(['APIVersions', 'APIGroupList', 'APIGroup', 'APIResourceList']);

let encoder: MessageEncoder | undefined;

/** Encodes an object, or a list, that names its kind. Throws ProtobufError; `unknown-kind` when there is no table for it. */
export function encodeProtobufObject(object: Readonly<JsonObject>): Uint8Array {
  const apiVersion = textAt(object, 'apiVersion');
  const kind = textAt(object, 'kind');
  if (Array.isArray(object['items']) && !documentKinds.has(kind) && findKindTable(apiVersion, kind) === undefined)
    return encodeList(object);
  const type = new WireWriter();
  type.bytes(1, encodeUtf8(apiVersion));
  type.bytes(2, encodeUtf8(kind));
  const envelope = new WireWriter();
  envelope.raw(Uint8Array.from(protobufMagic));
  envelope.bytes(1, type.finish());
  envelope.bytes(2, encodeFields(object, apiVersion, kind));
  envelope.bytes(3, new Uint8Array(0));
  envelope.bytes(4, new Uint8Array(0));
  return envelope.finish();
}

/** Whether objects of a kind have a form in protobuf. */
export function isProtobufKind(apiVersion: string, kind: string): boolean {
  return findKindTable(apiVersion, kind) !== undefined;
}

/** One event of a watch: a length of four bytes, big end first, then `WatchEvent` (1 type, 2 object: 1 raw). */
export function encodeProtobufEvent(type: string, object: Readonly<JsonObject>): Uint8Array {
  const raw = new WireWriter();
  raw.bytes(1, encodeProtobufObject(object));
  const event = new WireWriter();
  event.bytes(1, encodeUtf8(type));
  event.bytes(2, raw.finish());
  const bytes = event.finish();
  const framed = new Uint8Array(bytes.length + 4);
  new DataView(framed.buffer).setUint32(0, bytes.length);
  framed.set(bytes, 4);
  return framed;
}

function encodeFields(object: Readonly<JsonObject>, apiVersion: string, kind: string): Uint8Array {
  encoder ??= new MessageEncoder(messageTables());
  const table = documentKinds.has(kind) ? messageTables().find('', kind) : findKindTable(apiVersion, kind);
  if (table !== undefined) return encoder.encode(table, object);
  throw new ProtobufError('unknown-kind', `no kind ${JSON.stringify(kind)} is known for version ${JSON.stringify(apiVersion)}`);
}

function encodeList(list: Readonly<JsonObject>): Uint8Array {
  const encoded = new ProtobufList(list);
  for (const item of objectsAt(list, 'items')) encoded.add(item);
  const whole = new WireWriter();
  for (const part of encoded.finish()) whole.raw(part);
  return whole.finish();
}
