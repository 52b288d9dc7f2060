/** Names of ICMP messages in policies, by family (RFC 792, RFC 4443 and those that IANA lists beside them). */

const types4: Readonly<Record<string, number>> = {
  EchoReply: 0,
  DestinationUnreachable: 3,
  Redirect: 5,
  Echo: 8,
  EchoRequest: 8,
  RouterAdvertisement: 9,
  RouterSelection: 10,
  TimeExceeded: 11,
  ParameterProblem: 12,
  Timestamp: 13,
  TimestampReply: 14,
  Photuris: 40,
  ExtendedEchoRequest: 42,
  ExtendedEchoReply: 43,
};

const types6: Readonly<Record<string, number>> = {
  DestinationUnreachable: 1,
  PacketTooBig: 2,
  TimeExceeded: 3,
  ParameterProblem: 4,
  EchoRequest: 128,
  EchoReply: 129,
  MulticastListenerQuery: 130,
  MulticastListenerReport: 131,
  MulticastListenerDone: 132,
  RouterSolicitation: 133,
  RouterAdvertisement: 134,
  NeighborSolicitation: 135,
  NeighborAdvertisement: 136,
  RedirectMessage: 137,
  RouterRenumbering: 138,
  ICMPNodeInformationQuery: 139,
  ICMPNodeInformationResponse: 140,
  InverseNeighborDiscoverySolicitation: 141,
  InverseNeighborDiscoveryAdvertisement: 142,
  HomeAgentAddressDiscoveryRequest: 144,
  HomeAgentAddressDiscoveryReply: 145,
  MobilePrefixSolicitation: 146,
  MobilePrefixAdvertisement: 147,
  DuplicateAddressRequestCodeSuffix: 157,
  DuplicateAddressConfirmationCodeSuffix: 158,
  ExtendedEchoRequest: 160,
  ExtendedEchoReply: 161,
};

/** Every name that one of the families has, for the schema. */
export const icmpTypeNames: readonly string[] = [...new Set([...Object.keys(types4), ...Object.keys(types6)])];

/** The type of a message of a family, `IPv4` or `IPv6`, by number or name; undefined when there is none. */
export function icmpTypeOf(type: number | string, family: string): number | undefined {
  if (typeof type === 'number' || /^[0-9]+$/.test(type)) {
    const value = Number(type);
    return Number.isInteger(value) && value >= 0 && value <= 255 ? value : undefined;
  }
  const names = family === 'IPv6' ? types6 : types4;
  return Object.hasOwn(names, type) ? names[type] : undefined;
}
