/** Questions and answers of DNS as bytes, reduced to what a resolver of addresses needs. */
import { decode, encode, RECURSION_DESIRED } from 'dns-packet';

/** The record types that carry addresses. */
export type AddressRecordType = 'A' | 'AAAA';

/** An answer, reduced to what a resolver of addresses needs. */
export interface AddressAnswer {
  readonly id: number;
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, … */
  readonly rcode: string;
  readonly addresses: readonly string[];
}

/** Largest datagram that is announced by EDNS(0): what fits through every link of the lab. */
const udpPayloadSizeBytes = 4096;

/** The bytes of one question for the addresses of a name. */
export function encodeAddressQuestion(id: number, name: string, type: AddressRecordType): Buffer {
  return encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED,
    questions: [{ name, type }],
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: udpPayloadSizeBytes, flags: 0, options: [] }],
  });
}

/** Reads an answer; undefined when the bytes are no DNS message. */
export function decodeAddressAnswer(bytes: Buffer): AddressAnswer | undefined {
  try {
    const packet = decode(bytes);
    const addresses = (packet.answers ?? []).flatMap(({ type, data }) =>
      (type === 'A' || type === 'AAAA') && typeof data === 'string' ? [data] : [],
    );
    return { id: packet.id ?? -1, rcode: packet.rcode ?? 'SERVFAIL', addresses };
  } catch {
    return undefined;
  }
}
