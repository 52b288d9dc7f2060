/**
 * Lists in the format that the client accepts, made while they are sent and as they are read: of a long one never more
 * is there than a piece. Protobuf says first how long it is, so there all of it must be encoded before; that is done in
 * turns, so that others are served meanwhile.
 */
import { ProtobufError, ProtobufList } from '@weir/kube';
import { unreachable } from '@weir/net';
import { stringify } from 'yaml';
import { internalError } from '../errors/api-error.ts';
import type { ApiResponse, ListBody, SentResponse } from '../server/api-message.ts';
import type { AcceptedMedia } from './accepted-media.ts';

/** The media type of objects in protobuf. */
export const protobufType = 'application/vnd.kubernetes.protobuf';

/** A value as YAML; lists stand as deep as their field, as Go writes them. */
export function yamlText(value: unknown): string {
  return stringify(value, { lineWidth: 0, indentSeq: false });
}

/** The answer that goes out for a list. */
export async function encodeList(response: Extract<ApiResponse, { kind: 'list' }>, format: AcceptedMedia['format']): Promise<SentResponse> {
  const { status, headers = {}, list } = response;
  switch (format) {
    case 'json':
      return inPieces({ status, headers, contentType: 'application/json' }, joined(jsonParts(list)));
    case 'yaml':
      return inPieces({ status, headers, contentType: 'application/yaml' }, joined(yamlParts(list)));
    case 'protobuf':
      return inPieces({ status, headers, contentType: protobufType }, joined(await protobufParts(list)));
    default:
      return unreachable(format);
  }
}

type Outside = Pick<Extract<SentResponse, { kind: 'pieces' }>, 'status' | 'contentType' | 'headers'>;

/** What is short is known as a whole. */
function inPieces(outside: Outside, rest: Generator<Uint8Array, Uint8Array>): SentResponse {
  const { value: first, done } = rest.next();
  return done === true ? { kind: 'bytes', body: first, ...outside } : { kind: 'pieces', first, rest, ...outside };
}

/** How long the pieces of a list are at least. */
const pieceBytes = 256 * 1024;

/** Parts together in pieces; yields while there are more, and returns the end. */
function* joined(parts: Iterable<Uint8Array>): Generator<Uint8Array, Uint8Array> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for (const part of parts) {
    if (length >= pieceBytes) {
      yield Buffer.concat(waiting);
      waiting = [];
      length = 0;
    }
    waiting.push(part);
    length += part.length;
  }
  return Buffer.concat(waiting);
}

const encoder = new TextEncoder();

function* jsonParts({ head, field, members }: ListBody): Iterable<Uint8Array> {
  yield encoder.encode(`${JSON.stringify(head).slice(0, -1)},"${field}":[`);
  const comma = encoder.encode(',');
  let isFirst = true;
  for (const member of members) {
    if (!isFirst) yield comma;
    isFirst = false;
    yield member;
  }
  yield encoder.encode(']}');
}

function* yamlParts({ head, field, members }: ListBody): Iterable<Uint8Array> {
  yield encoder.encode(yamlText(head));
  let isEmpty = true;
  for (const member of members) {
    yield encoder.encode(`${isEmpty ? `${field}:\n` : ''}${yamlText([valueOf(member)])}`);
    isEmpty = false;
  }
  if (isEmpty) yield encoder.encode(`${field}: []\n`);
}

/** For how long members are encoded before others have their turn. */
const turnMs = 10;

async function protobufParts({ head, members }: ListBody): Promise<readonly Uint8Array[]> {
  try {
    const list = new ProtobufList(head);
    let turnEnds = performance.now() + turnMs;
    for (const member of members) {
      list.add(valueOf(member) as Readonly<Record<string, unknown>>);
      if (performance.now() < turnEnds) continue;
      await new Promise(setImmediate);
      turnEnds = performance.now() + turnMs;
    }
    return list.finish();
  } catch (error) {
    if (error instanceof ProtobufError) throw internalError(`an object of the list has no form in protobuf: ${error.message}`);
    throw error;
  } finally {
    members.return();
  }
}

function valueOf(member: Uint8Array): unknown {
  return JSON.parse(Buffer.from(member.buffer, member.byteOffset, member.byteLength).toString());
}
