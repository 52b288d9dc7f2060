/**
 * Keys and values of the maps as bytes; `bpf/state.h` has the same layouts.
 *
 * What changes holds two versions: generation `since` and later ones see the new content, earlier ones
 * the old. A content of zeros means that there is nothing.
 */
import { createHash } from 'node:crypto';
import { type Address, addressToBytes, type Cidr, familyBits, type PortRange, type ProtocolNumber } from '@weir/net';

/** Contents of `local4/6`: what an address of the node's own pods is. */
export interface EndpointContent {
  /** Numbers of programs; 0: not isolated. */
  readonly egress: number;
  readonly ingress: number;
  readonly owner: Uint8Array;
  readonly link: string | undefined;
}

const sinceBytes = 8;
const endpointBytes = 48;
const classBytes = 4;
const ownerOffset = 16;
const ownerBytes = 16;
const linkBytes = 16;
const flag = { present: 1, linked: 2, closed: 4 } as const;

/** Nothing, as content of `local4/6`. */
export const noEndpoint: Uint8Array = Buffer.alloc(endpointBytes);
/** Nothing, as content of `pods4/6` and `blocks4/6`. */
export const noClass: Uint8Array = Buffer.alloc(classBytes);

/** What stands for a uid in the kernel. */
export function ownerMark(uid: string): Uint8Array {
  return createHash('sha256').update(uid).digest().subarray(0, ownerBytes);
}

export function endpointContent({ egress, ingress, owner, link }: EndpointContent): Uint8Array {
  const content = Buffer.alloc(endpointBytes);
  content.writeUInt32LE(egress, 0);
  content.writeUInt32LE(ingress, 4);
  content.writeUInt32LE(flag.present | (link === undefined ? 0 : flag.linked), 8);
  content.set(owner, ownerOffset);
  content.write(link ?? '', ownerOffset + ownerBytes, linkBytes - 1);
  return content;
}

/** The same address with a program that allows nothing, not even talking to itself. */
export function closedContent(content: Uint8Array, program: number): Uint8Array {
  const closed = Buffer.from(content);
  closed.writeUInt32LE(program, 0);
  closed.writeUInt32LE(program, 4);
  closed.writeUInt32LE(closed.readUInt32LE(8) | flag.closed, 8);
  return closed;
}

/** The owner's mark in a content of `local4/6`; undefined when it is nothing. */
export function ownerOfContent(content: Uint8Array): Uint8Array | undefined {
  return isNothing(content) ? undefined : content.subarray(ownerOffset, ownerOffset + ownerBytes);
}

export function classContent(number: number): Uint8Array {
  return u32(number);
}

export function isNothing(content: Uint8Array): boolean {
  return content.every((byte) => byte === 0);
}

/** An entry: `before` up to a generation, `now` from it on. */
export function versionedValue(since: bigint, now: Uint8Array, before: Uint8Array): Uint8Array {
  const value = Buffer.alloc(sinceBytes + now.length + before.length);
  value.writeBigUInt64LE(since, 0);
  value.set(now, sinceBytes);
  value.set(before, sinceBytes + now.length);
  return value;
}

/** What a generation sees in an entry. */
export function contentAt(value: Uint8Array, generation: bigint): Uint8Array {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  const width = (value.length - sinceBytes) / 2;
  const start = generation >= bytes.readBigUInt64LE(0) ? sinceBytes : sinceBytes + width;
  return bytes.subarray(start, start + width);
}

/** The key of a block, or of a single address, in a trie. */
export function blockKey({ network, prefixLength }: Cidr): Uint8Array {
  return Buffer.concat([u32(prefixLength), addressToBytes(network)]);
}

/** The key of an address in a trie. */
export function addressKey(address: Address): Uint8Array {
  return Buffer.concat([u32(familyBits(address.family)), addressToBytes(address)]);
}

/** A key as text that a Map can hold. */
export function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}

/** A trie key's address. */
export function bytesOfKey(key: Uint8Array): Uint8Array {
  return key.subarray(4);
}

const programAndClassBits = 64;
const protocolBits = 8;
const portBits = 16;
const policyKeyBytes = 15;

/** Which packets an entry of `policies` is for. */
export interface PolicyScope {
  readonly program: number;
  /** 0: any peer. */
  readonly class: number;
  readonly protocol: ProtocolNumber | undefined;
  /** The port's leading bits; undefined: all ports. */
  readonly port: PortPrefix | undefined;
}

/** Ports that begin with the same bits. */
export interface PortPrefix {
  readonly port: number;
  readonly bits: number;
}

export function policyKey({ program, class: peerClass, protocol, port }: PolicyScope): Uint8Array {
  const key = Buffer.alloc(policyKeyBytes);
  key.writeUInt32LE(programAndClassBits + (protocol === undefined ? 0 : protocolBits) + (port?.bits ?? 0), 0);
  key.writeUInt32BE(program, 4);
  key.writeUInt32BE(peerClass, 8);
  key[12] = protocol ?? 0;
  key.writeUInt16BE(port?.port ?? 0, 13);
  return key;
}

/** What an entry of `policies` says. */
export interface PolicyContent {
  readonly action: 'allow' | 'deny';
  readonly isLogged: boolean;
  readonly order: number;
  /** The number of the rule that counts; 0: none. */
  readonly rule: number;
}

export function policyValue({ action, isLogged, order, rule }: PolicyContent): Uint8Array {
  const value = Buffer.alloc(16);
  value.writeUInt32LE((action === 'allow' ? 1 : 2) | (isLogged ? 4 : 0), 0);
  value.writeUInt32LE(order, 4);
  value.writeUInt32LE(rule, 8);
  return value;
}

/** A range of ports as the fewest prefixes: at most 30. */
export function portPrefixes({ first, last }: PortRange): PortPrefix[] {
  const prefixes: PortPrefix[] = [];
  for (let port = first; port <= last; ) {
    let bits: number = portBits;
    while (bits > 0 && port % (1 << (portBits - bits + 1)) === 0 && port + (1 << (portBits - bits + 1)) - 1 <= last) bits--;
    prefixes.push({ port, bits });
    port += 1 << (portBits - bits);
  }
  return prefixes;
}

export function u32(number: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}

export function u64(number: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(number);
  return bytes;
}

/** What does not depend on policies. */
export interface SettingsContent {
  readonly podInterfaces: readonly string[];
  readonly isCut: boolean;
  /** Events of each kind that are told in a second. */
  readonly rate: number;
  /** Policies are not asked about packets of pods to their own node. */
  readonly sparesOwnNode: boolean;
}

const settingsBytes = 16 + 8 * 32;
/** More beginnings of link names do not fit. */
export const podInterfacesMax = 8;

export function settingsValue({ podInterfaces, isCut, rate, sparesOwnNode }: SettingsContent): Uint8Array {
  const value = Buffer.alloc(settingsBytes);
  value.writeUInt32LE(podInterfaces.length, 0);
  value.writeUInt32LE(isCut ? 1 : 0, 4);
  value.writeUInt32LE(rate, 8);
  value.writeUInt32LE(sparesOwnNode ? 1 : 0, 12);
  for (const [i, prefix] of podInterfaces.entries()) {
    const start = 16 + i * 32;
    value.write(prefix, start, linkBytes);
    value.fill(0xff, start + linkBytes, start + linkBytes + Math.min(Buffer.byteLength(prefix), linkBytes));
  }
  return value;
}
