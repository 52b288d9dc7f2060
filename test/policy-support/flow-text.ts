/**
 * Flows as short texts, each of them one packet in each family that it names:
 *
 *   a > server tcp 80              the first packet of a connection
 *   a > server udp 81 from 1000-1999   with a source port of that range
 *   a > server icmp                an echo request; `icmp 13/0 [4]` another message
 *   a > server proto 99            a packet of a protocol without ports
 *
 * Without `[4]` or `[6]` at its end a text stands for both families.
 */
import { type Address, defined, parseAddress } from '@weir/net';
import { protocols } from '../packets/crafted-packet.ts';
import { type EndName, endAddresses, isEndName } from './support-world.ts';

/** What is sent. */
export interface TextFlow {
  /** As it was written, with its family. */
  readonly text: string;
  readonly from: EndName;
  readonly to: EndName;
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: number;
  readonly port?: number;
  /** Type × 256 + code. */
  readonly message?: number;
  readonly sourcePorts?: readonly [number, number];
}

const form =
  /^(?<from>\w+) > (?<to>\w+) (?:(?<transport>tcp|udp|sctp) (?<port>\d+)(?: from (?<low>\d+)-(?<high>\d+))?|icmp(?: (?<type>\d+)\/(?<code>\d+))?|proto (?<number>\d+))(?: \[(?<family>[46])\])?$/;

/** The flows of a text; throws for one that is none. */
export function flowsOfText(text: string): readonly TextFlow[] {
  const { groups = {} } = defined(form.exec(text) ?? undefined, `${text} is a flow`);
  const { from = '', to = '', family } = groups;
  if (!isEndName(from) || !isEndName(to)) throw new Error(`${text}: there is no such end`);
  return ([4, 6] as const)
    .filter((each) => family === undefined || Number(family) === each)
    .map((each) => ({
      text: family === undefined ? `${text} [${each}]` : text,
      from,
      to,
      source: addressOf(from, each),
      destination: addressOf(to, each),
      ...packetOf(groups, each),
    }));
}

function addressOf(end: EndName, family: 4 | 6): Address {
  return defined(parseAddress(endAddresses[end][family]), `${end} has an address`);
}

function packetOf(
  { transport, port, low, high, type, code, number }: Readonly<Record<string, string | undefined>>,
  family: 4 | 6,
): Pick<TextFlow, 'protocol' | 'port' | 'message' | 'sourcePorts'> {
  if (number !== undefined) return { protocol: Number(number) };
  if (transport !== undefined) {
    const name = transport.toUpperCase() as 'TCP' | 'UDP' | 'SCTP';
    return { protocol: protocols[name], port: Number(port), ...(low === undefined ? {} : { sourcePorts: [Number(low), Number(high)] }) };
  }
  const echo = family === 4 ? 8 : 128;
  return { protocol: family === 4 ? protocols.ICMP : protocols.ICMPv6, message: Number(type ?? echo) * 256 + Number(code ?? 0) };
}
