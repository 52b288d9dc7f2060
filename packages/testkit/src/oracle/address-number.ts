/**
 * The oracle's own address arithmetic: an address is one big integer and a block is the integers
 * that agree with it above the prefix. Slow and plain on purpose; shares nothing with `@weir/net`.
 */

/** An address as a number: below 2^32 for family 4, below 2^128 for family 6. */
export interface AddressNumber {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** Reads an address; throws an Error when the text is none, since worlds are valid. */
export function readAddress(text: string): AddressNumber {
  return text.includes(':') ? { family: 6, value: readSixteenBitGroups(text) } : { family: 4, value: readDottedQuad(text) };
}

/** Whether the block, written `address/length` with any host bits, holds the address. */
export function blockHolds(block: string, address: AddressNumber): boolean {
  const [baseText, lengthText] = block.split('/');
  if (baseText === undefined || lengthText === undefined || !/^[0-9]+$/.test(lengthText)) throw new Error(`not a block: ${block}`);
  const base = readAddress(baseText);
  if (base.family !== address.family) return false;
  const hostBits = BigInt((base.family === 4 ? 32 : 128) - Number(lengthText));
  return base.value >> hostBits === address.value >> hostBits;
}

function readDottedQuad(text: string): bigint {
  const bytes = text.split('.');
  if (bytes.length !== 4 || !bytes.every((byte) => /^[0-9]{1,3}$/.test(byte) && Number(byte) <= 255))
    throw new Error(`not an address: ${text}`);
  return bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n);
}

function readSixteenBitGroups(text: string): bigint {
  const [left, right] = text.split('::');
  const groupsOf = (part: string | undefined): string[] => (part === undefined || part === '' ? [] : part.split(':'));
  const head = groupsOf(left);
  const tail = groupsOf(right);
  const zeros = text.includes('::') ? 8 - head.length - tail.length : 0;
  const groups = [...head, ...Array.from({ length: Math.max(zeros, 0) }, () => '0'), ...tail];
  if (groups.length !== 8 || !groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) throw new Error(`not an address: ${text}`);
  return groups.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n);
}
