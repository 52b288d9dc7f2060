/**
 * Reading a ring buffer of the kernel (BPF_MAP_TYPE_RINGBUF) without waiting: its pages are mapped, records
 * lie between the consumer's position, which is ours to move, and the producer's.
 */
import koffi from 'koffi';
import { SystemCallError } from '../libc/libc.ts';
import type { BpfMap } from './bpf-map.ts';

const pageBytes = 4096;
const protection = { read: 1, write: 2 } as const;
const shared = 1;
const headerBytes = 8;
/** Bits of a record's length: its writer is not done yet; it was given up. */
const busyBit = 0x8000_0000;
const discardedBit = 0x4000_0000;
const mapFailed = 0xffff_ffff_ffff_ffffn;

const libc = koffi.load('libc.so.6');
const mmap = libc.func('void *mmap(void *, size_t, int, int, int, int64_t)') as (
  address: null,
  bytes: number,
  ...rest: [protection: number, flags: number, fd: number, offset: number]
) => unknown;
const munmap = libc.func('int munmap(void *, size_t)') as (address: unknown, bytes: number) => number;

/** A ring buffer that this process reads; one process reads it at a time. */
export class RingBuffer {
  readonly #size: number;
  readonly #consumerPage: unknown;
  readonly #pages: unknown;
  readonly #consumer: BigUint64Array;
  readonly #producer: BigUint64Array;
  readonly #data: Buffer;
  #isClosed = false;

  /** Throws a SystemCallError when the map is none, or too large. */
  constructor(map: BpfMap) {
    this.#size = map.entriesMax;
    this.#consumerPage = mapped(map.fd, pageBytes, protection.read | protection.write, 0);
    // The data are mapped twice in a row, so that a record at the end lies in one piece.
    this.#pages = mapped(map.fd, pageBytes + 2 * this.#size, protection.read, pageBytes);
    this.#consumer = new BigUint64Array(koffi.view(this.#consumerPage, pageBytes), 0, 1);
    const pages = koffi.view(this.#pages, pageBytes + 2 * this.#size);
    this.#producer = new BigUint64Array(pages, 0, 1);
    this.#data = Buffer.from(pages, pageBytes);
  }

  /** Copies of the records that are there, at most so many. */
  read(recordsMax: number): Buffer[] {
    const records: Buffer[] = [];
    // Its pages are not there any more.
    if (this.#isClosed) return records;
    let position = this.#consumer[0] ?? 0n;
    while (records.length < recordsMax && position < (this.#producer[0] ?? 0n)) {
      const offset = Number(position % BigInt(this.#size));
      const header = this.#data.readUInt32LE(offset);
      if (header >= busyBit) break;
      const length = header % discardedBit;
      const start = offset + headerBytes;
      if (header < discardedBit) records.push(Buffer.from(this.#data.subarray(start, start + length)));
      position += BigInt(Math.ceil((headerBytes + length) / 8) * 8);
      this.#consumer[0] = position;
    }
    return records;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    munmap(this.#consumerPage, pageBytes);
    munmap(this.#pages, pageBytes + 2 * this.#size);
  }
}

function mapped(fd: number, bytes: number, access: number, offset: number): unknown {
  const address = mmap(null, bytes, access, shared, fd, offset);
  if (address === null || koffi.address(address) === mapFailed) throw new SystemCallError('mmap', koffi.errno(), 'of a ring buffer');
  return address;
}
