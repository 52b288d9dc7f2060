/**
 * IP protocols by their IANA numbers, and the names that Kubernetes gives to three of them.
 */

/** An IANA protocol number, 0 to 255. */
export type ProtocolNumber = number;

/** The protocols that Weir names; numbers from the IANA registry "Protocol Numbers". */
export const protocolNumber = { ICMP: 1, TCP: 6, UDP: 17, ICMPv6: 58, SCTP: 132, UDPLite: 136 } as const;

/** The protocols that a Kubernetes port can have. */
export type TransportName = 'TCP' | 'UDP' | 'SCTP';

/** The number of a Kubernetes protocol name; the name is case-sensitive, as in the API. */
export function transportNumber(name: TransportName): ProtocolNumber {
  return protocolNumber[name];
}

/** Whether the text is one of the three protocol names of the Kubernetes API. */
export function isTransportName(text: string): text is TransportName {
  return text === 'TCP' || text === 'UDP' || text === 'SCTP';
}

/** Whether packets of the protocol carry ports. */
export function hasPorts(protocol: ProtocolNumber): boolean {
  return (
    protocol === protocolNumber.TCP ||
    protocol === protocolNumber.UDP ||
    protocol === protocolNumber.SCTP ||
    protocol === protocolNumber.UDPLite
  );
}

/** Whether the protocol is ICMP, of either family: its packets carry a message instead of ports. */
export function isIcmp(protocol: ProtocolNumber): boolean {
  return protocol === protocolNumber.ICMP || protocol === protocolNumber.ICMPv6;
}

/** A protocol by its name, whatever its case, or by its number in text; undefined when it is neither. `icmpv4` is ICMP. */
export function parseProtocol(text: string): ProtocolNumber | undefined {
  const name = text.toLowerCase().replace(/^icmpv4$/, 'icmp');
  const known = Object.entries(protocolNumber).find(([each]) => each.toLowerCase() === name)?.[1];
  return known ?? (/^\d{1,3}$/.test(name) && Number(name) < 256 ? Number(name) : undefined);
}

/** The name of a protocol, or its number as text when it has none here. */
export function formatProtocol(protocol: ProtocolNumber): string {
  const entry = Object.entries(protocolNumber).find(([, number]) => number === protocol);
  return entry === undefined ? String(protocol) : entry[0];
}
