/** Reads the protobuf wire format (protobuf.dev/programming-guides/encoding) with every bound checked. */
import { ProtobufError } from './protobuf-error.ts';

/** The wire types that proto2 messages use; 3 and 4 (groups) are refused. */
export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Field number and wire type before each value. */
export interface Tag {
  readonly field: number;
  readonly wireType: number;
}

/** A position in bytes. All methods throw ProtobufError `malformed` at the end of the bytes. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether everything has been read. */
  get done(): boolean {
    return this.#position >= this.#bytes.length;
  }

  /** The next tag. */
  tag(): Tag {
    const { low, high } = this.#varintWords();
    const field = low >>> 3;
    if (high !== 0 || field === 0 || field > 0x1f_ff_ff_ff) throw new ProtobufError('malformed', 'a field number is out of range');
    return { field, wireType: low & 7 };
  }

  /** A varint as a signed 64-bit integer. Throws when it does not fit a JSON number exactly. */
  integer(): number {
    const { low, high } = this.#varintWords();
    const value = (high | 0) * 0x1_00_00_00_00 + (low >>> 0);
    if (!Number.isSafeInteger(value)) throw new ProtobufError('malformed', 'an integer is beyond 53 bits');
    return value;
  }

  /** A varint as a truth value. */
  boolean(): boolean {
    const { low, high } = this.#varintWords();
    return low !== 0 || high !== 0;
  }

  /** Length-delimited bytes; a view, not a copy. */
  bytes(): Uint8Array {
    const { low, high } = this.#varintWords();
    const length = low >>> 0;
    if (high !== 0 || length > this.#bytes.length - this.#position) {
      throw new ProtobufError('malformed', `a length of ${length} goes beyond the end of the message`);
    }
    const start = this.#position;
    this.#position += length;
    return this.#bytes.subarray(start, this.#position);
  }

  /** Leaves a value out. */
  skip(wireType: number): void {
    switch (wireType) {
      case wireTypes.varint:
        this.#varintWords();
        return;
      case wireTypes.bytes:
        this.bytes();
        return;
      case wireTypes.fixed64:
        this.#advance(8);
        return;
      case wireTypes.fixed32:
        this.#advance(4);
        return;
      default:
        throw new ProtobufError('malformed', `wire type ${wireType} is not used by Kubernetes`);
    }
  }

  #advance(length: number): void {
    if (length > this.#bytes.length - this.#position) throw endOfInput();
    this.#position += length;
  }

  /** A varint of at most 10 bytes as two 32-bit words. */
  #varintWords(): { low: number; high: number } {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.#position];
      if (byte === undefined) throw endOfInput();
      this.#position += 1;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else if (bits > 1) break;
      else high |= bits << 31;
      if ((byte & 0x80) === 0) return { low, high };
    }
    throw new ProtobufError('malformed', 'a number is longer than 64 bits');
  }
}

function endOfInput(): ProtobufError {
  return new ProtobufError('malformed', 'the message ends in the middle of a field');
}
