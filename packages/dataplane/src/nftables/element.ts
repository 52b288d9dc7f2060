/**
 * Elements of the table's sets: how addresses, numbers and tuples become keys and values.
 *
 * Elements are compared by {@link elementIdentity}: the set and the key. Two elements with one
 * identity and different values are a change: the old one is deleted and the new one added in the
 * same transaction.
 */
import { hostU32Bytes, type SetElement, writeHostU32 } from '@weir/kernel';
import { type Address, addressToBytes, addToGroup, isIcmp, nextAddress, type PortRange, type ProtocolNumber } from '@weir/net';
import { sharedSets } from './sets.ts';

/** An element and the set that it belongs to. */
export interface PlacedElement {
  readonly set: string;
  readonly element: SetElement;
}

/** Elements by the set that they are in. */
export type ElementsBySet = ReadonlyMap<string, readonly SetElement[]>;

/** Groups elements by their sets. */
export function bySet(elements: Iterable<PlacedElement>): ElementsBySet {
  const sets = new Map<string, SetElement[]>();
  for (const { set, element } of elements) {
    addToGroup(sets, set, element);
  }
  return sets;
}

const interfaceNameBytes = 16;
const tupleKeyBytes = 16;
const everyPort: PortRange = { first: 0, last: 65_535 };

/** The text that two elements share when they cannot be in the kernel together. */
export function elementIdentity({ set, element }: PlacedElement): string {
  const end = element.keyEnd === undefined ? '' : `-${hex(element.keyEnd)}`;
  return `${set} ${hex(element.key)}${end}${element.intervalEnd === true ? ' end' : ''}`;
}

/** Whether an element with the same identity also has the same value and comment. */
export function sameValue(a: SetElement, b: SetElement): boolean {
  return a.comment === b.comment && hex(a.data ?? new Uint8Array()) === hex(b.data ?? new Uint8Array());
}

/** The value of a map: four zero bytes, then the number. */
export function numberValue(number: number): Uint8Array {
  const value = Buffer.allocUnsafe(8);
  value.writeUInt32LE(0, 0);
  writeHostU32(value, number, 4);
  return value;
}

/** The key of `link4` and `link6`. */
export function linkKey(interfaceName: string, address: Address): Uint8Array {
  const name = Buffer.alloc(interfaceNameBytes);
  name.write(interfaceName, 0, interfaceNameBytes - 1);
  return Buffer.concat([name, addressToBytes(address)]);
}

/** The key of `self4` and `self6`. */
export function pairKey(source: Address, destination: Address): Uint8Array {
  return Buffer.concat([addressToBytes(source), addressToBytes(destination)]);
}

/** The two elements of a range in `block4` or `block6`; the last range of a family has no end. */
export function blockElements(set: string, range: { first: Address; last: Address }, number: number): PlacedElement[] {
  const start = { set, element: { key: addressToBytes(range.first), data: numberValue(number) } };
  const after = nextAddress(range.last);
  return after === undefined ? [start] : [start, { set, element: { key: addressToBytes(after), intervalEnd: true } }];
}

/** Packets of one port, of a range of ports, or (ports undefined) of all of them; of ICMP messages stand for ports. */
export interface Tuple {
  /** Undefined: all protocols, or those of a range, and then all ports. */
  readonly protocol?: ProtocolNumber;
  readonly protocols?: { readonly first: ProtocolNumber; readonly last: ProtocolNumber };
  readonly ports?: PortRange | undefined;
  /** Undefined: from all ports. */
  readonly sourcePorts?: PortRange | undefined;
  /** The id of the rule that counts it; undefined where no rule but a default allows. */
  readonly rule?: string | undefined;
}

/** The numbers that a tuple is made of: class 0 is any peer, rule 0 no rule but a default. */
export interface TupleNumbers {
  readonly program: number;
  readonly class: number;
  readonly rule: number;
}

/** The element that lets a class have what a tuple stands for. */
export function tupleElement(of: TupleNumbers, tuple: Tuple): PlacedElement {
  return { set: allowSets[kindOf(tuple)], element: { ...tupleKeys(of, tuple), data: numberValue(of.rule) } };
}

/** The element that has reported what a tuple stands for. */
export function loggedElement(of: Omit<TupleNumbers, 'rule'>, tuple: Tuple): PlacedElement {
  return { set: loggedSets[kindOf(tuple)], element: tupleKeys(of, tuple) };
}

/** The element by which packets of a program are looked up by their source ports too. */
export function askingSourceElement(program: number): PlacedElement {
  return { set: sharedSets.askingSource, element: { key: hostU32Bytes(program) } };
}

/** The element by which packets of a program are looked up among those to be reported. */
export function loggingElement(program: number): PlacedElement {
  return { set: sharedSets.logging, element: { key: hostU32Bytes(program) } };
}

/** Which of the sets of tuples one belongs into. */
type TupleKind = 'exact' | 'range' | 'message' | 'source';

const allowSets: Readonly<Record<TupleKind, string>> = {
  exact: sharedSets.allow,
  range: sharedSets.allowRange,
  message: sharedSets.allowMessage,
  source: sharedSets.allowSource,
};
const loggedSets: Readonly<Record<TupleKind, string>> = {
  exact: sharedSets.logged,
  range: sharedSets.loggedRange,
  message: sharedSets.loggedMessage,
  source: sharedSets.loggedSource,
};

function kindOf({ protocol, protocols, ports, sourcePorts }: Tuple): TupleKind {
  if (sourcePorts !== undefined) return 'source';
  if (protocols !== undefined) return 'range';
  if (ports === undefined) return 'exact';
  // A port of ICMP is its checksum: nothing may ask for that.
  if (protocol !== undefined && isIcmp(protocol)) return 'message';
  // Port 0 of the exact set means any port, so a real port 0 is a range of one.
  return ports.first === ports.last && ports.first !== 0 ? 'exact' : 'range';
}

function tupleKeys(of: Omit<TupleNumbers, 'rule'>, tuple: Tuple): Pick<SetElement, 'key' | 'keyEnd'> {
  const { protocol = 0, protocols, ports, sourcePorts } = tuple;
  if (kindOf(tuple) === 'exact') return { key: tupleKey(of, protocol, ports?.first ?? 0) };
  const first = tupleKey(of, protocols?.first ?? protocol, (ports ?? everyPort).first);
  const last = tupleKey(of, protocols?.last ?? protocol, (ports ?? everyPort).last);
  if (sourcePorts === undefined) return { key: first, keyEnd: last };
  return { key: Buffer.concat([first, portBytes(sourcePorts.first)]), keyEnd: Buffer.concat([last, portBytes(sourcePorts.last)]) };
}

/** The element that counts what a rule lets through; a rule's id is at most 128 bytes. */
export function ruleElement(number: number, id: string | undefined): PlacedElement {
  return { set: sharedSets.rules, element: { key: hostU32Bytes(number), ...(id === undefined ? {} : { comment: id }) } };
}

/** The element that counts what a program denies. */
export function deniedElement(program: number): PlacedElement {
  return { set: sharedSets.denied, element: { key: hostU32Bytes(program) } };
}

/** Made by the hundred thousand, so from the pool of small buffers and without parts to join. */
function tupleKey(of: Omit<TupleNumbers, 'rule'>, protocol: ProtocolNumber, port: number): Uint8Array {
  const key = Buffer.allocUnsafe(tupleKeyBytes);
  writeHostU32(key, of.program, 0);
  writeHostU32(key, of.class, 4);
  key.writeUInt32BE((protocol << 24) >>> 0, 8);
  key.writeUInt32BE((port << 16) >>> 0, 12);
  return key;
}

/** A port as a field of a concatenated key. */
function portBytes(port: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(port, 0);
  return bytes;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
