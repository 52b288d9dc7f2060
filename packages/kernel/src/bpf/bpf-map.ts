/** A map of the kernel: its elements, one by one and by the thousand. */
import { constants } from 'node:os';
import { close } from '../libc/libc.ts';
import { checkedBpf, libbpf } from './libbpf.ts';

/** Elements read at once. */
const pieceElements = 4096;
const infoBytes = 80;

/** An element as bytes; maps with a value for each processor give them in a row. */
export interface BpfElement {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** An open map; {@link close} lets go of it and leaves it in the kernel while something else holds it. */
export class BpfMap {
  readonly fd: number;
  readonly keyBytes: number;
  /** Of a read value: with all processors' where the map has one for each. */
  readonly valueBytes: number;
  readonly entriesMax: number;
  readonly #name: string;

  /** `processors`: how many values an element has, where it has one for each possible processor. */
  constructor(name: string, fd: number, processors?: number) {
    this.#name = name;
    this.fd = fd;
    const info = readInfo(fd, name);
    this.keyBytes = info.readUInt32LE(8);
    const valueBytes = info.readUInt32LE(12);
    this.valueBytes = processors === undefined ? valueBytes : Math.ceil(valueBytes / 8) * 8 * processors;
    this.entriesMax = info.readUInt32LE(16);
  }

  /** Throws a SystemCallError: `ENOSPC` when the map is full. */
  set(key: Uint8Array, value: Uint8Array): void {
    checkedBpf(libbpf().update(this.fd, key, value, 0), 'bpf', `update of ${this.#name}`);
  }

  /** Elements one after another; what throws leaves those before it in the map. */
  setAll(elements: readonly BpfElement[]): void {
    for (let i = 0; i < elements.length; i += pieceElements) {
      const piece = elements.slice(i, i + pieceElements);
      const keys = Buffer.concat(piece.map(({ key }) => key));
      const values = Buffer.concat(piece.map(({ value }) => value));
      checkedBpf(libbpf().updateBatch(this.fd, keys, values, countBytes(piece.length), null), 'bpf', `update of ${this.#name}`);
    }
  }

  /** Undefined when there is none. */
  get(key: Uint8Array): Buffer | undefined {
    const value = Buffer.alloc(this.valueBytes);
    const result = libbpf().lookup(this.fd, key, value);
    if (result === -constants.errno.ENOENT) return undefined;
    checkedBpf(result, 'bpf', `lookup in ${this.#name}`);
    return value;
  }

  /** Keys that are not there are no error. */
  deleteAll(keys: readonly Uint8Array[]): void {
    for (const key of keys) {
      const result = libbpf().remove(this.fd, key);
      if (result !== -constants.errno.ENOENT) checkedBpf(result, 'bpf', `deletion from ${this.#name}`);
    }
  }

  /** All elements in pieces; the map may change between two of them, and an element may then come twice. */
  *pieces(): Generator<BpfElement[], void, undefined> {
    const tokenBytes = Math.max(this.keyBytes, 4);
    let before: Buffer | null = null;
    // Changes in between can make the kernel begin anew; nobody changes a map so often.
    const piecesMax = 4 + Math.ceil((4 * this.entriesMax) / pieceElements);
    for (let turn = 0; turn < piecesMax; turn++) {
      const after = Buffer.alloc(tokenBytes);
      const keys = Buffer.alloc(pieceElements * this.keyBytes);
      const values = Buffer.alloc(pieceElements * this.valueBytes);
      const count = countBytes(pieceElements);
      const result = libbpf().lookupBatch(this.fd, before, after, keys, values, count, null);
      const isLast = result === -constants.errno.ENOENT;
      if (!isLast) checkedBpf(result, 'bpf', `reading of ${this.#name}`);
      const elements: BpfElement[] = [];
      for (let i = 0; i < count.readUInt32LE(0); i++) {
        const key = keys.subarray(i * this.keyBytes, (i + 1) * this.keyBytes);
        elements.push({ key, value: values.subarray(i * this.valueBytes, (i + 1) * this.valueBytes) });
      }
      yield elements;
      if (isLast) return;
      before = after;
    }
  }

  /** How many elements there are. */
  count(): number {
    let count = 0;
    for (const piece of this.pieces()) count += piece.length;
    return count;
  }

  close(): void {
    close(this.fd);
  }
}

function readInfo(fd: number, name: string): Buffer {
  const info = Buffer.alloc(infoBytes);
  checkedBpf(libbpf().info(fd, info, countBytes(infoBytes)), 'bpf', `what ${name} is`);
  return info;
}

function countBytes(count: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(count);
  return bytes;
}
