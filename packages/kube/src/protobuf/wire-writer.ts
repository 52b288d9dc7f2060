/** Writes the protobuf wire format (protobuf.dev/programming-guides/encoding). */
import { wireTypes } from './wire-reader.ts';

/** Bytes that grow. */
export class WireWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** What has been written, as a view. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** An integer or a truth value. Negative numbers take ten bytes, as all of proto2's do. */
  integer(field: number, value: number): void {
    this.#varint(field * 8 + wireTypes.varint);
    this.#varint(value);
  }

  /** Length-delimited bytes. */
  bytes(field: number, value: Uint8Array): void {
    this.head(field, value.length);
    this.raw(value);
  }

  /** What stands before length-delimited bytes. */
  head(field: number, length: number): void {
    this.#varint(field * 8 + wireTypes.bytes);
    this.#varint(length);
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  #varint(value: number): void {
    this.#reserve(10);
    // Two words of 32 bits, because bit operations see no more.
    let high = Math.floor(value / 0x1_00_00_00_00) >>> 0;
    let low = value >>> 0;
    while (high !== 0 || low > 0x7f) {
      this.#bytes[this.#length++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#bytes[this.#length++] = low;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
