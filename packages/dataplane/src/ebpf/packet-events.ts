/** Reports of packets that are dropped or logged, as the programs write them into `events`. */
import { type BpfMap, type LoggedPacket, type PacketBatch, RingBuffer } from '@weir/kernel';
import { addressFromBytes, type Flow, isIcmp } from '@weir/net';
import { prefixOfReport, type ReportKind } from '../connections/packet-reports.ts';

/** In the order of their numbers in `bpf/state.h`: what they are called of a packet that passes, and of one that is denied. */
const kinds: readonly (readonly [passed: ReportKind, denied: ReportKind])[] = [
  ['egress', 'egress'],
  ['ingress', 'ingress'],
  ['closed source', 'closed source'],
  ['closed target', 'closed target'],
  ['forged source', 'forged source'],
  ['logged egress allow', 'logged egress deny'],
  ['logged ingress allow', 'logged ingress deny'],
];
const addressBytes = 16;
const offset = {
  kind: 0,
  family: 4,
  protocol: 5,
  hasPorts: 6,
  isDenied: 7,
  ports: 8,
  addresses: 12,
  opener: 44,
  openerPorts: 76,
  tracked: 80,
} as const;
const tracked = { told: 1, notTold: 2 } as const;
const rateOffset = { overRate: 16, overQueue: 24 } as const;

/** The reports of one object's programs. */
export class PacketEvents {
  readonly #ring: RingBuffer;
  readonly #rates: BpfMap;
  #lost: number;
  #tellsConnections = true;

  /** `events` and `event_rates`; what is in the queue already is of an earlier process and is thrown away. */
  constructor(events: BpfMap, rates: BpfMap) {
    this.#ring = new RingBuffer(events);
    this.#rates = rates;
    this.#ring.read(Number.MAX_SAFE_INTEGER);
    this.#lost = this.#sum(rateOffset.overQueue);
  }

  /** Whether the programs know how the kernel lays out connections; until a report says otherwise. */
  get tellsConnections(): boolean {
    return this.#tellsConnections;
  }

  /** What has come since the last call; see `PacketLog.read`. */
  read(recordsMax: number): PacketBatch {
    const packets = this.#ring.read(recordsMax).flatMap((record) => {
      if (record.readUInt32LE(offset.tracked) === tracked.notTold) this.#tellsConnections = false;
      const kind = kinds[record.readUInt32LE(offset.kind)]?.[record.readUInt8(offset.isDenied) === 0 ? 0 : 1];
      return kind === undefined ? [] : [{ prefix: prefixOfReport(kind), flow: flowOfRecord(record), ...originalOfRecord(record) }];
    });
    const lost = this.#sum(rateOffset.overQueue);
    const more = lost - this.#lost;
    this.#lost = lost;
    return { packets, lost: Math.max(0, more) };
  }

  /** How many were not reported because there were too many a second. */
  unreported(): number {
    return this.#sum(rateOffset.overRate);
  }

  close(): void {
    this.#ring.close();
  }

  #sum(at: number): number {
    let sum = 0n;
    for (const piece of this.#rates.pieces()) for (const { value } of piece) sum += Buffer.from(value).readBigUInt64LE(at);
    return Number(sum);
  }
}

/** What opened the packet's connection; of another protocol than the packet's it is not told. */
function originalOfRecord(record: Buffer): Pick<LoggedPacket, 'original'> {
  if (record.readUInt32LE(offset.tracked) !== tracked.told) return {};
  const original = { ...endsAt(record, offset.opener), protocol: record.readUInt8(offset.protocol) };
  if (record.readUInt8(offset.hasPorts) === 0) return { original };
  const [sourcePort, destinationPort] = [record.readUInt16BE(offset.openerPorts), record.readUInt16BE(offset.openerPorts + 2)];
  return { original: { ...original, sourcePort, destinationPort } };
}

function endsAt(record: Buffer, at: number): Pick<Flow, 'source' | 'destination'> {
  const width = record.readUInt8(offset.family) === 4 ? 4 : addressBytes;
  const addressAt = (from: number) => addressFromBytes(record.subarray(from, from + width));
  return { source: addressAt(at), destination: addressAt(at + addressBytes) };
}

function flowOfRecord(record: Buffer): Flow {
  const flow = { ...endsAt(record, offset.addresses), protocol: record.readUInt8(offset.protocol) };
  // Of ICMP the message; 0 where it is cut off.
  const target = record.readUInt16BE(offset.ports + 2);
  if (isIcmp(flow.protocol)) return { ...flow, message: target };
  if (record.readUInt8(offset.hasPorts) === 0) return flow;
  return { ...flow, sourcePort: record.readUInt16BE(offset.ports), destinationPort: target };
}
