/**
 * What keeps a connection ended whose entry was taken out of connection tracking (mode `cut`).
 *
 * Its own packets are judged as new ones and denied, but answers that are still on their way could
 * open it again from the other end, with what was denied as the answer:
 *
 * - TCP: a packet in the middle of a stream makes an entry while nf_conntrack_tcp_loose is set. New
 *   TCP connections of local pods must begin with SYN.
 * - UDP and SCTP have no such mark: the answers' addresses and ports are held back in `ended4/6`, as
 *   long as they keep coming and some minutes more, unless the state allows the connection again.
 */
import {
  type ChainDefinition,
  type Expression,
  hostU32Bytes,
  nftDataType,
  type Register,
  type RuleDefinition,
  type SetDefinition,
} from '@weir/kernel';
import { addressFromBytes, addressToBytes, type Family, type Flow, protocolNumber } from '@weir/net';
import { heldBackMax } from '../connections/connection-review.ts';
import { accept, drop, isEstablishedOrRelated, isFamily, loadAddress, type PacketEnd } from './packet-steps.ts';
import { familySets } from './sets.ts';

/** (source . destination . protocol . source port . destination port) of answers that are held back. */
export const endedSets: Readonly<Record<Family, string>> = { 4: 'ended4', 6: 'ended6' };

/** As long as the kernel keeps an idle stream of UDP packets, and some more. */
const heldBackMs = 200_000;

const families = [4, 6] as const;

/** The two sets; they are empty in mode `keep`. */
export const endedSetDefinitions: readonly SetDefinition[] = families.map((family) => {
  const address = family === 4 ? { dataType: nftDataType.ipv4, length: 4 } : { dataType: nftDataType.ipv6, length: 16 };
  const port = { dataType: nftDataType.service, length: 2 };
  return {
    name: endedSets[family],
    key: [address, address, { dataType: nftDataType.protocol, length: 1 }, port, port],
    timeoutMs: heldBackMs,
    size: heldBackMax,
  };
});

/** Behind all other chains of the table; what they let through has to pass here too. */
const priority = -10;

/** Base chains of their own, empty in mode `keep`, with the ends at which their packets have local pods. */
const chains = [
  { name: 'ended_forward', hook: 'forward', podEnds: ['source', 'destination'] },
  { name: 'ended_input', hook: 'input', podEnds: ['source'] },
  { name: 'ended_output', hook: 'output', podEnds: ['destination'] },
] as const;

/** The chains, in both modes: changing the mode leaves them in place. */
export const endedChainDefinitions: readonly ChainDefinition[] = chains.map(({ name, hook }) => ({ name, hook: { name: hook, priority } }));

/** The rules of mode `cut`. */
export function endedRules(): RuleDefinition[] {
  return chains.flatMap(({ name: chain, podEnds }) => [
    { chain, expressions: [...isEstablishedOrRelated(), accept] },
    ...families.flatMap((family) => [heldBackRule(chain, family), ...podEnds.map((end) => tcpBeginsWithSyn(chain, family, end))]),
  ]);
}

function heldBackRule(chain: string, family: Family): RuleDefinition {
  return {
    chain,
    expressions: [...isUnknown(), ...isFamily(family), ...loadAnswer(family), ...holdBack(endedSets[family]), { kind: 'counter' }, drop],
    comment: 'an answer of a connection that was ended',
  };
}

function tcpBeginsWithSyn(chain: string, family: Family, podEnd: PacketEnd): RuleDefinition {
  return {
    chain,
    expressions: [
      ...isUnknown(),
      ...isFamily(family),
      ...isTcpWithoutSyn(),
      loadAddress(family, podEnd, 0),
      { kind: 'lookup', set: familySets(family).local, key: 0 },
      { kind: 'counter' },
      drop,
    ],
    comment: 'a connection does not begin in its middle',
  };
}

/** The element that holds back the answers of a connection. */
export function endedKey({ source, destination, protocol, sourcePort = 0, destinationPort = 0 }: Flow): Uint8Array {
  const rest = Buffer.alloc(12);
  rest[0] = protocol;
  rest.writeUInt16BE(destinationPort, 4);
  rest.writeUInt16BE(sourcePort, 8);
  return Buffer.concat([addressToBytes(destination), addressToBytes(source), rest]);
}

/** The connection whose answers an element holds back. */
export function endedFlow(key: Uint8Array): Flow {
  const width = (key.length - 12) / 2;
  const rest = Buffer.from(key.subarray(2 * width));
  return {
    source: addressFromBytes(key.subarray(width, 2 * width)),
    destination: addressFromBytes(key.subarray(0, width)),
    protocol: rest.readUInt8(0),
    sourcePort: rest.readUInt16BE(8),
    destinationPort: rest.readUInt16BE(4),
  };
}

/** Goes on for what begins a connection, and for what connection tracking finds invalid: both belong to none that there is. */
function isUnknown(): Expression[] {
  return [
    { kind: 'ctState', into: 0 },
    // Bits of the connection state as nft_ct gives them: invalid 1, new 8.
    { kind: 'mask', register: 0, mask: hostU32Bytes(9) },
    { kind: 'compare', register: 0, operator: 'neq', value: hostU32Bytes(0) },
  ];
}

function isTcpWithoutSyn(): Expression[] {
  return [
    { kind: 'meta', key: 'l4proto', into: 0 },
    { kind: 'compare', register: 0, operator: 'eq', value: Uint8Array.of(protocolNumber.TCP) },
    { kind: 'payload', base: 'transport', offset: 13, length: 1, into: 0 },
    { kind: 'mask', register: 0, mask: Uint8Array.of(2) },
    { kind: 'compare', register: 0, operator: 'eq', value: Uint8Array.of(0) },
  ];
}

function loadAnswer(family: Family): Expression[] {
  const words = family === 4 ? 1 : 4;
  const port = (offset: number, into: Register): Expression => ({ kind: 'payload', base: 'transport', offset, length: 2, into });
  return [
    loadAddress(family, 'source', 0),
    loadAddress(family, 'destination', words),
    { kind: 'meta', key: 'l4proto', into: 2 * words },
    port(0, 2 * words + 1),
    port(2, 2 * words + 2),
  ];
}

function holdBack(set: string): Expression[] {
  return [
    { kind: 'lookup', set, key: 0 },
    { kind: 'refresh', set, key: 0, timeoutMs: heldBackMs },
  ];
}
