/**
 * Rule expressions as data, and their encoding.
 *
 * Registers are the sixteen 32-bit ones, counted 0 to 15. Attributes are written in the order and
 * number in which the kernel dumps them, so that a rule read back can be compared byte by byte
 * with the rule that was meant (see {@link encodeExpressions}).
 */
import { assert, unreachable } from '@weir/net';
import { readAttributeList, readAttributes, readText } from '../netlink/message-reader.ts';
import { MessageWriter } from '../netlink/message-writer.ts';
import { counterAttribute, dataAttribute, expressionAttribute, listElement, verdictAttribute, verdictCode } from './numbers.ts';

/** A 32-bit register, 0 to 15; longer values take the registers that follow. */
export type Register = number;

const metaKey = { mark: 3, iifname: 6, oifname: 7, nfproto: 15, l4proto: 16 } as const;
const compareOperator = { eq: 0, neq: 1, lt: 2, lte: 3, gt: 4, gte: 5 } as const;
const payloadBase = { network: 1, transport: 2 } as const;
/** Of the tuple of a connection; of ICMP the destination's port is type and code. */
const tupleKey = { sourcePort: 11, destinationPort: 12, source4: 19, destination4: 20, source6: 21, destination6: 22 } as const;
const setOperation = { remember: 0, refresh: 1, forget: 2 } as const;
const originalDirection = 0;

/** One step of a rule; the steps run in order until one does not match. */
export type Expression =
  | {
      readonly kind: 'payload';
      readonly base: 'network' | 'transport';
      readonly offset: number;
      readonly length: number;
      readonly into: Register;
    }
  | { readonly kind: 'meta'; readonly key: keyof typeof metaKey; readonly into: Register }
  /** Loads the connection state bit (host byte order) and switches connection tracking on. */
  | { readonly kind: 'ctState'; readonly into: Register }
  /** Loads what became of the packet's connection, bit by bit (`IPS_*` of linux/netfilter/nf_conntrack_common.h, host byte order). */
  | { readonly kind: 'ctStatus'; readonly into: Register }
  /** Loads a part of the tuple that opened the packet's connection, as it was sent; ends the rule for packets without a connection. */
  | { readonly kind: 'ctOriginal'; readonly key: keyof typeof tupleKey; readonly into: Register }
  /** Keeps the packet out of connection tracking; at hooks in front of that. */
  | { readonly kind: 'notrack' }
  /** `register & mask`, in place. */
  | { readonly kind: 'mask'; readonly register: Register; readonly mask: Uint8Array }
  /** Compares as many bytes as `value` has, in memory order. */
  | { readonly kind: 'compare'; readonly register: Register; readonly operator: keyof typeof compareOperator; readonly value: Uint8Array }
  /** Goes on when the key is in the set; with `into` (maps) loads its value; inverted: when it is not. */
  | { readonly kind: 'lookup'; readonly set: string; readonly key: Register; readonly into?: Register; readonly inverted?: boolean }
  | { readonly kind: 'immediate'; readonly into: Register; readonly value: Uint8Array }
  | { readonly kind: 'counter' }
  /** Sends the first `bytes` of the packet to a netlink log group. */
  | { readonly kind: 'log'; readonly prefix: string; readonly group: number; readonly bytes: number }
  /** Goes on for at most so many packets a second, and as many at once. */
  | { readonly kind: 'limit'; readonly perSecond: number }
  /** Gives the element with this key its whole time again; the set must have been made with `timeoutMs`. */
  | { readonly kind: 'refresh'; readonly set: string; readonly key: Register; readonly timeoutMs: number }
  /** Puts an element into a map, which must have been made with `timeoutMs`; one with this key that is there stays as it is. */
  | { readonly kind: 'remember'; readonly set: string; readonly key: Register; readonly data: Register }
  /** Takes the element with this key out of a map, if it is there; the kernel wants a register for data and does not ask it. */
  | { readonly kind: 'forget'; readonly set: string; readonly key: Register; readonly data: Register }
  | { readonly kind: 'verdict'; readonly verdict: 'accept' | 'drop' | 'return' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string };

/** Writes the expressions into the open nest of a rule or set. */
export function writeExpressions(writer: MessageWriter, expressions: readonly Expression[]): void {
  for (const expression of expressions) {
    const nest = writer.beginNest(listElement);
    writeExpression(writer, expression);
    writer.endNest(nest);
  }
}

/** Writes name and data of one expression. */
export function writeExpression(writer: MessageWriter, expression: Expression): void {
  writer.text(expressionAttribute.name, expressionName(expression));
  // It has no data, and the kernel gives none back.
  if (expression.kind === 'notrack') return;
  const data = writer.beginNest(expressionAttribute.data);
  writeData(writer, expression);
  writer.endNest(data);
}

/** The bytes that the kernel gives back for a rule with these expressions and no traffic yet. */
export function encodeExpressions(expressions: readonly Expression[]): Buffer {
  const writer = new MessageWriter(1024);
  writeExpressions(writer, expressions);
  return Buffer.from(writer.bytes());
}

/** How many packets the first counter of a dumped expression list has counted; 0 without one. */
export function countedPackets(expressions: Buffer): bigint {
  for (const { value } of readAttributeList(expressions)) {
    const attributes = readAttributes(value);
    if (readText(attributes.get(expressionAttribute.name)) !== 'counter') continue;
    const counter = readAttributes(attributes.get(expressionAttribute.data) ?? Buffer.alloc(0));
    return counter.get(counterAttribute.packets)?.readBigUInt64BE() ?? 0n;
  }
  return 0n;
}

/** A dumped expression list with every counter set back to zero, comparable to the one meant. */
export function withoutCounts(expressions: Buffer): Buffer {
  const result = Buffer.from(expressions);
  for (const { value } of readAttributeList(result)) {
    const attributes = readAttributes(value);
    if (readText(attributes.get(expressionAttribute.name)) !== 'counter') continue;
    for (const { type, value: count } of readAttributeList(attributes.get(expressionAttribute.data) ?? Buffer.alloc(0))) {
      if (type === counterAttribute.bytes || type === counterAttribute.packets) count.fill(0);
    }
  }
  return result;
}

function expressionName(expression: Expression): string {
  switch (expression.kind) {
    case 'ctState':
    case 'ctStatus':
    case 'ctOriginal':
      return 'ct';
    case 'mask':
      return 'bitwise';
    case 'compare':
      return 'cmp';
    case 'refresh':
    case 'remember':
    case 'forget':
      return 'dynset';
    case 'verdict':
    case 'jump':
    case 'goto':
      return 'immediate';
    case 'payload':
    case 'meta':
    case 'lookup':
    case 'immediate':
    case 'counter':
    case 'log':
    case 'limit':
    case 'notrack':
      return expression.kind;
    default:
      return unreachable(expression);
  }
}

function writeData(writer: MessageWriter, expression: Exclude<Expression, { readonly kind: 'notrack' }>): void {
  switch (expression.kind) {
    case 'payload':
      writer.u32(1, registerNumber(expression.into));
      writer.u32(2, payloadBase[expression.base]);
      writer.u32(3, expression.offset);
      writer.u32(4, expression.length);
      break;
    case 'meta':
      writer.u32(2, metaKey[expression.key]);
      writer.u32(1, registerNumber(expression.into));
      break;
    case 'ctState':
    case 'ctStatus':
      writer.u32(1, registerNumber(expression.into));
      writer.u32(2, expression.kind === 'ctState' ? 0 : 2);
      break;
    case 'ctOriginal':
      writeTupleKey(writer, expression.into, tupleKey[expression.key]);
      break;
    case 'mask':
      writeMask(writer, expression.register, expression.mask);
      break;
    case 'compare':
      writer.u32(1, registerNumber(expression.register));
      writer.u32(2, compareOperator[expression.operator]);
      writeValue(writer, 3, expression.value);
      break;
    case 'lookup':
      assert(expression.inverted !== true || expression.into === undefined, 'an inverted lookup loads nothing');
      writer.text(1, expression.set);
      writer.u32(2, registerNumber(expression.key));
      if (expression.into !== undefined) writer.u32(3, registerNumber(expression.into));
      writer.u32(5, expression.inverted === true ? 1 : 0);
      break;
    case 'immediate':
      writer.u32(1, registerNumber(expression.into));
      writeValue(writer, 2, expression.value);
      break;
    case 'counter':
      writer.u64(counterAttribute.bytes, 0n);
      writer.u64(counterAttribute.packets, 0n);
      break;
    case 'log':
      writer.text(2, expression.prefix);
      writer.u16(1, expression.group);
      writer.u32(3, expression.bytes);
      break;
    case 'limit':
      writeLimit(writer, expression.perSecond);
      break;
    case 'refresh':
    case 'remember':
    case 'forget':
      writeSetChange(writer, expression);
      break;
    case 'verdict':
      writeVerdict(writer, verdictCode[expression.verdict], undefined);
      break;
    case 'jump':
    case 'goto':
      writeVerdict(writer, verdictCode[expression.kind], expression.chain);
      break;
    default:
      unreachable(expression);
  }
}

function writeSetChange(
  writer: MessageWriter,
  expression: Extract<Expression, { readonly kind: 'refresh' | 'remember' | 'forget' }>,
): void {
  writer.u32(4, registerNumber(expression.key));
  if (expression.kind !== 'refresh') writer.u32(5, registerNumber(expression.data));
  writer.u32(3, setOperation[expression.kind]);
  writer.text(1, expression.set);
  if (expression.kind !== 'refresh') return;
  writer.u64(6, BigInt(expression.timeoutMs));
  writer.u32(9, 0);
}

/** So many packets a second, and as many at once. */
function writeLimit(writer: MessageWriter, perSecond: number): void {
  writer.u64(1, BigInt(perSecond));
  writer.u64(2, 1n);
  writer.u32(3, perSecond);
  writer.u32(4, 0);
  writer.u32(5, 0);
}

function writeTupleKey(writer: MessageWriter, into: Register, key: number): void {
  writer.u32(1, registerNumber(into));
  writer.u32(2, key);
  writer.raw(3, Uint8Array.of(originalDirection));
}

function writeMask(writer: MessageWriter, register: Register, mask: Uint8Array): void {
  writer.u32(1, registerNumber(register));
  writer.u32(2, registerNumber(register));
  writer.u32(3, mask.length);
  writer.u32(6, 0);
  writeValue(writer, 4, mask);
  writeValue(writer, 5, new Uint8Array(mask.length));
}

function writeVerdict(writer: MessageWriter, code: number, chain: string | undefined): void {
  writer.u32(1, 0);
  const data = writer.beginNest(2);
  const verdict = writer.beginNest(dataAttribute.verdict);
  writer.u32(verdictAttribute.code, code);
  if (chain !== undefined) writer.text(verdictAttribute.chain, chain);
  writer.endNest(verdict);
  writer.endNest(data);
}

/** A value in the nest that nf_tables data takes. */
export function writeValue(writer: MessageWriter, type: number, value: Uint8Array): void {
  const nest = writer.beginNest(type);
  writer.raw(dataAttribute.value, value);
  writer.endNest(nest);
}

/** The kernel names registers that start 16 bytes by their old numbers 1 to 4, others 8 to 23. */
function registerNumber(register: Register): number {
  assert(Number.isInteger(register) && register >= 0 && register <= 15, `there is no register ${register}`);
  return register % 4 === 0 ? 1 + register / 4 : 8 + register;
}
