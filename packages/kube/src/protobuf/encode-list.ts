/**
 * Encodes a list object by object, so that never more than one of them is there in another form. The envelope says how
 * long the whole is: nothing can be sent before the last one.
 */
import { type JsonObject, objectAt, textAt } from '../registry/json-object.ts';
import { protobufMagic } from './decode-object.ts';
import { MessageEncoder } from './encode-message.ts';
import { findKindTable, messageTables } from './kind-tables.ts';
import type { MessageTable } from './message-table.ts';
import { ProtobufError } from './protobuf-error.ts';
import { encodeUtf8 } from './utf8.ts';
import { WireWriter } from './wire-writer.ts';

/** One list on its way into bytes. */
export class ProtobufList {
  readonly #messages = new MessageEncoder(messageTables());
  readonly #items: MessageTable;
  readonly #type: Uint8Array;
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** `head` has the kind of the list, its version and its metadata. Throws ProtobufError for a kind without a table. */
  constructor(head: Readonly<JsonObject>) {
    const kind = textAt(head, 'kind');
    const apiVersion = textAt(head, 'apiVersion');
    const items = kind.endsWith('List') ? findKindTable(apiVersion, kind.slice(0, -'List'.length)) : undefined;
    if (items === undefined) {
      throw new ProtobufError('unknown-kind', `no kind ${JSON.stringify(kind)} is known for version ${JSON.stringify(apiVersion)}`);
    }
    this.#items = items;
    const type = new WireWriter();
    type.bytes(1, encodeUtf8(apiVersion));
    type.bytes(2, encodeUtf8(kind));
    this.#type = type.finish();
    const metadata = messageTables().find('', 'ListMeta');
    if (metadata !== undefined) this.#field(1, this.#messages.encode(metadata, objectAt(head, 'metadata') ?? {}));
  }

  /** Encodes the next object. Throws ProtobufError for one that has no form in protobuf. */
  add(item: Readonly<JsonObject>): void {
    this.#field(2, this.#messages.encode(this.#items, item));
  }

  /** The whole list in its envelope, in parts. */
  finish(): readonly Uint8Array[] {
    const begin = new WireWriter();
    begin.raw(Uint8Array.from(protobufMagic));
    begin.bytes(1, this.#type);
    begin.head(2, this.#length);
    const end = new WireWriter();
    end.bytes(3, new Uint8Array(0));
    end.bytes(4, new Uint8Array(0));
    return [begin.finish(), ...this.#parts, end.finish()];
  }

  /** Every list: 1 metadata, 2 items. */
  #field(number: number, value: Uint8Array): void {
    const writer = new WireWriter();
    writer.bytes(number, value);
    // A view of a larger buffer would keep all of it.
    const bytes = writer.finish().slice();
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }
}
