/**
 * Reading connection-tracking entries: the two tuples of a connection, and what names it to the kernel.
 *
 * A table can have a hundred thousand entries of which a few are wanted, so entries are looked at as
 * bytes first ({@link hasAddress}) and become values only when they are wanted.
 */
import { type Address, addressFromBytes, addressToBytes, hasPorts, isIcmp, type ProtocolNumber } from '@weir/net';
import { type NetlinkMessage, readAttributeList, readAttributes } from '../netlink/message-reader.ts';

/** `CTA_*` of linux/netfilter/nfnetlink_conntrack.h; only those in use here. */
const conntrackAttribute = { original: 1, reply: 2, id: 12, zone: 18 } as const;
const tupleAttribute = { ip: 1, protocol: 2 } as const;
const ipAttribute = { source4: 1, destination4: 2, source6: 3, destination6: 4 } as const;
const protocolAttribute = { number: 1, sourcePort: 2, destinationPort: 3, icmpType: 5, icmpCode: 6, icmp6Type: 8, icmp6Code: 9 } as const;

/** One direction of a connection as the kernel expects its packets; ports and message are absent where the protocol has none. */
export interface ConntrackTuple {
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: ProtocolNumber;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** Of ICMP and ICMPv6: type × 256 + code. */
  readonly message?: number;
}

/**
 * A connection. `original` is as its opener sent it; `reply` as its answers come, from the machine
 * behind any destination translation. `identity` names it in requests.
 */
export interface TrackedConnection {
  readonly original: ConntrackTuple;
  readonly reply: ConntrackTuple;
  readonly identity: ReadonlyMap<number, Buffer>;
}

/** The two tuples of an entry as they stand in its message. */
export interface RawEntry {
  readonly original: Buffer;
  readonly reply: Buffer;
}

/** Finds the tuples of an entry; undefined in messages that have not both. */
export function rawEntry(message: NetlinkMessage): RawEntry | undefined {
  let original: Buffer | undefined;
  let reply: Buffer | undefined;
  for (const { type, value } of readAttributeList(message.payload.subarray(4))) {
    if (type === conntrackAttribute.original) original = value;
    else if (type === conntrackAttribute.reply) {
      reply = value;
      break;
    }
  }
  return original === undefined || reply === undefined ? undefined : { original, reply };
}

/** Addresses as the keys that {@link hasAddress} looks up. */
export function addressKeys(addresses: Iterable<Address>): Set<string> {
  const keys = new Set<string>();
  for (const address of addresses) keys.add(Buffer.from(addressToBytes(address)).toString('latin1'));
  return keys;
}

/** Whether an end of either tuple is one of the addresses. */
export function hasAddress({ original, reply }: RawEntry, keys: ReadonlySet<string>): boolean {
  return tupleHasAddress(original, keys) || tupleHasAddress(reply, keys);
}

/** Whether one of the addresses opened the connection, or answers it behind translation. */
export function hasEnd({ original, reply }: RawEntry, keys: ReadonlySet<string>): boolean {
  return keys.has(sourceKey(original)) || keys.has(sourceKey(reply));
}

function sourceKey(tuple: Buffer): string {
  for (const { type, value } of readAttributeList(tuple)) {
    if (type !== tupleAttribute.ip) continue;
    for (const end of readAttributeList(value)) {
      if (end.type === ipAttribute.source4 || end.type === ipAttribute.source6) return end.value.toString('latin1');
    }
  }
  return '';
}

function tupleHasAddress(tuple: Buffer, keys: ReadonlySet<string>): boolean {
  for (const { type, value } of readAttributeList(tuple)) {
    if (type !== tupleAttribute.ip) continue;
    for (const end of readAttributeList(value)) if (keys.has(end.value.toString('latin1'))) return true;
  }
  return false;
}

/** The connection of an entry; undefined for what is no connection between two addresses. */
export function readConnection(message: NetlinkMessage): TrackedConnection | undefined {
  const attributes = readAttributes(message.payload.subarray(4));
  const original = readTuple(attributes.get(conntrackAttribute.original));
  const reply = readTuple(attributes.get(conntrackAttribute.reply));
  if (original === undefined || reply === undefined) return undefined;
  return { original, reply, identity: identityOf(attributes) };
}

/** What names the entry in a request, copied out of the datagram. */
export function identityOf(attributes: ReadonlyMap<number, Buffer>): Map<number, Buffer> {
  const kept = new Map<number, Buffer>();
  for (const type of [conntrackAttribute.original, conntrackAttribute.id, conntrackAttribute.zone]) {
    const value = attributes.get(type);
    if (value !== undefined) kept.set(type, Buffer.from(value));
  }
  return kept;
}

/** What the opener of an entry's connection sent, from the attributes of the entry alone; undefined where they have no tuple. */
export function readOriginal(entry: Buffer): ConntrackTuple | undefined {
  return readTuple(readAttributes(entry).get(conntrackAttribute.original));
}

function readTuple(tuple: Buffer | undefined): ConntrackTuple | undefined {
  if (tuple === undefined) return undefined;
  const parts = readAttributes(tuple);
  const ip = readAttributes(parts.get(tupleAttribute.ip) ?? Buffer.alloc(0));
  const transport = readAttributes(parts.get(tupleAttribute.protocol) ?? Buffer.alloc(0));
  const source = ip.get(ipAttribute.source4) ?? ip.get(ipAttribute.source6);
  const destination = ip.get(ipAttribute.destination4) ?? ip.get(ipAttribute.destination6);
  const protocol = transport.get(protocolAttribute.number)?.[0];
  if (source === undefined || destination === undefined || protocol === undefined) return undefined;
  const ends = { source: addressFromBytes(source), destination: addressFromBytes(destination), protocol };
  if (isIcmp(protocol)) return { ...ends, message: readMessage(transport) };
  if (!hasPorts(protocol)) return ends;
  return {
    ...ends,
    sourcePort: transport.get(protocolAttribute.sourcePort)?.readUInt16BE(0) ?? 0,
    destinationPort: transport.get(protocolAttribute.destinationPort)?.readUInt16BE(0) ?? 0,
  };
}

function readMessage(transport: ReadonlyMap<number, Buffer>): number {
  const { icmpType, icmpCode, icmp6Type, icmp6Code } = protocolAttribute;
  const byte = (either: number, or: number): number => (transport.get(either) ?? transport.get(or))?.[0] ?? 0;
  return byte(icmpType, icmp6Type) * 256 + byte(icmpCode, icmp6Code);
}
