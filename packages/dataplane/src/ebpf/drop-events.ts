/** Reports of dropped packets, as the programs write them into `events`. */
import { type BpfMap, type PacketBatch, RingBuffer } from '@weir/kernel';
import { addressFromBytes, type Flow } from '@weir/net';
import { type DropKind, prefixOfDrop } from '../connections/drop-reports.ts';

/** In the order of their numbers in `bpf/state.h`. */
const kinds: readonly DropKind[] = ['egress', 'ingress', 'closed source', 'closed target', 'forged source'];
const addressBytes = 16;
const rateOffset = { overRate: 16, overQueue: 24 } as const;

/** The reports of one object's programs. */
export class DropEvents {
  readonly #ring: RingBuffer;
  readonly #rates: BpfMap;
  #lost: number;

  /** `events` and `event_rates`; what is in the queue already is of an earlier process and is thrown away. */
  constructor(events: BpfMap, rates: BpfMap) {
    this.#ring = new RingBuffer(events);
    this.#rates = rates;
    this.#ring.read(Number.MAX_SAFE_INTEGER);
    this.#lost = this.#sum(rateOffset.overQueue);
  }

  /** What has come since the last call; see `PacketLog.read`. */
  read(recordsMax: number): PacketBatch {
    const packets = this.#ring.read(recordsMax).flatMap((record) => {
      const kind = kinds[record.readUInt32LE(0)];
      return kind === undefined ? [] : [{ prefix: prefixOfDrop(kind), flow: flowOfRecord(record) }];
    });
    const lost = this.#sum(rateOffset.overQueue);
    const more = lost - this.#lost;
    this.#lost = lost;
    return { packets, lost: Math.max(0, more) };
  }

  /** How many were dropped and not reported because there were too many a second. */
  unreported(): number {
    return this.#sum(rateOffset.overRate);
  }

  close(): void {
    this.#ring.close();
  }

  #sum(offset: number): number {
    let sum = 0n;
    for (const piece of this.#rates.pieces()) for (const { value } of piece) sum += Buffer.from(value).readBigUInt64LE(offset);
    return Number(sum);
  }
}

function flowOfRecord(record: Buffer): Flow {
  const width = record.readUInt8(4) === 4 ? 4 : addressBytes;
  const flow = {
    source: addressFromBytes(record.subarray(12, 12 + width)),
    destination: addressFromBytes(record.subarray(28, 28 + width)),
    protocol: record.readUInt8(5),
  };
  if (record.readUInt8(6) === 0) return flow;
  return { ...flow, sourcePort: record.readUInt16BE(8), destinationPort: record.readUInt16BE(10) };
}
