/**
 * Questions and answers of DNS as bytes. The library behind it has no type declarations, so the part
 * that is used is declared here.
 */
import { createRequire } from 'node:module';

/** The record types that carry addresses. */
export type AddressRecordType = 'A' | 'AAAA';

/** An answer, reduced to what a resolver of addresses needs. */
export interface AddressAnswer {
  readonly id: number;
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, … */
  readonly rcode: string;
  readonly addresses: readonly string[];
}

interface DnsPacketLibrary {
  readonly RECURSION_DESIRED: number;
  encode(packet: Readonly<Record<string, unknown>>): Buffer;
  decode(bytes: Buffer): {
    readonly id?: number;
    readonly rcode?: string;
    readonly answers?: readonly { readonly type: string; readonly data?: unknown }[];
  };
}

const library = createRequire(import.meta.url)('dns-packet') as DnsPacketLibrary;

/** Largest datagram that is announced by EDNS(0): what fits through every link of the lab. */
const udpPayloadSizeBytes = 4096;

/** The bytes of one question for the addresses of a name. */
export function encodeAddressQuestion(id: number, name: string, type: AddressRecordType): Buffer {
  return library.encode({
    type: 'query',
    id,
    flags: library.RECURSION_DESIRED,
    questions: [{ name, type }],
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: udpPayloadSizeBytes, flags: 0, options: [] }],
  });
}

/** Reads an answer; undefined when the bytes are no DNS message. */
export function decodeAddressAnswer(bytes: Buffer): AddressAnswer | undefined {
  try {
    const packet = library.decode(bytes);
    const addresses = (packet.answers ?? []).flatMap(({ type, data }) =>
      (type === 'A' || type === 'AAAA') && typeof data === 'string' ? [data] : [],
    );
    return { id: packet.id ?? -1, rcode: packet.rcode ?? 'SERVFAIL', addresses };
  } catch {
    return undefined;
  }
}
