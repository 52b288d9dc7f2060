/** Which traffic policies of an API have words for: what has none is told, and never allowed as a part of something larger. */
import type { IcmpMessages, PolicyApi } from '@weir/model';
import { formatProtocol, hasPorts, isIcmp, type ProtocolNumber, protocolNumber } from '@weir/net';
import type { ObservedConnection } from './observed-connections.ts';
import { describeParty } from './parties.ts';

/** Traffic without ports: a protocol, and of ICMP the messages. */
export interface PortlessTraffic {
  readonly protocol: ProtocolNumber;
  readonly icmp?: IcmpMessages;
}

/** Messages whose types have no other code than 0, so that the type says it all (RFC 792, RFC 4443). */
const withoutCodes: Readonly<Record<number, readonly number[]>> = {
  [protocolNumber.ICMP]: [0, 8, 13, 14],
  [protocolNumber.ICMPv6]: [128, 129],
};

/** Why there are no words for a connection; undefined when there are. */
export function whyWithoutWords(connection: ObservedConnection, api: PolicyApi): string | undefined {
  const { source, destination, protocol, port } = connection;
  const unknown = [source, destination].find(({ kind }) => kind === 'unknown');
  if (unknown !== undefined) return `nobody told what ${describeParty(unknown)} is`;
  if (!hasPorts(protocol) || protocol === protocolNumber.UDPLite)
    return portlessTraffic(connection, api) === undefined ? `${api} has no words for ${trafficName(connection)}` : undefined;
  return port === undefined || port === 0 ? 'the log does not tell the port, and all ports would be more than was seen' : undefined;
}

/** How the API tells a protocol without ports, or a message of ICMP; undefined where it does not. */
export function portlessTraffic({ protocol, icmp }: ObservedConnection, api: PolicyApi): PortlessTraffic | undefined {
  if (hasPorts(protocol) || (api !== 'Calico' && api !== 'Cilium')) return undefined;
  if (!isIcmp(protocol)) return api === 'Calico' ? { protocol } : undefined;
  if (icmp === undefined) return undefined;
  if (api === 'Calico') return { protocol, icmp };
  return icmp.code === 0 && withoutCodes[protocol]?.includes(icmp.type) === true ? { protocol, icmp: { type: icmp.type } } : undefined;
}

function trafficName({ protocol, icmp }: ObservedConnection): string {
  return `${formatProtocol(protocol)}${icmp === undefined ? '' : ` type ${icmp.type} code ${icmp.code}`}`;
}
