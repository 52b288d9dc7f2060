/** The five-tuple of a connection attempt, as the packet filter of a node sees it (after DNAT). */
import type { Address } from './address.ts';
import type { ProtocolNumber } from './protocol.ts';

/** One attempted connection; ports are absent for protocols without ports, the message for all but ICMP. */
export interface Flow {
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: ProtocolNumber;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** Of ICMP and ICMPv6: type × 256 + code of the first packet; absent: not known. */
  readonly message?: number;
}
