/** Encodings against bytes that nft 1.0.6 sends for the same objects (read off its sendmsg calls). */
import { describe, expect, it } from 'vitest';
import { hostU32Bytes, nftDataType, Transaction } from '../../src/index.ts';
import { readAttributeList, readMessages } from '../../src/netlink/message-reader.ts';
import { MessageWriter } from '../../src/netlink/message-writer.ts';
import { type Expression, writeExpressions } from '../../src/nftables/expression.ts';

const table = { family: 'inet', name: 't' } as const;

/** Nesting flags and the order of attributes are free in netlink: compare without them. */
function canonical(bytes: Buffer, depth: number): unknown {
  const list = readAttributeList(bytes).map(
    ({ type, value }) => [type, depth > 0 ? canonicalValue(value, depth) : value.toString('hex')] as const,
  );
  return list.sort(([a], [b]) => a - b);
}

function canonicalValue(value: Buffer, depth: number): unknown {
  const looksNested =
    value.length >= 4 &&
    value.readUInt16LE(0) >= 4 &&
    value.readUInt16LE(0) <= value.length &&
    (value.readUInt16LE(2) & 0x3fff) <= 20 &&
    (value.readUInt16LE(2) & 0x3fff) > 0;
  return looksNested ? canonical(value, depth - 1) : value.toString('hex');
}

function expressionsOf(...expressions: Expression[]): unknown {
  const writer = new MessageWriter();
  writeExpressions(writer, expressions);
  return canonical(Buffer.from(writer.bytes()), 5);
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

describe.runIf(hostU32Bytes(1)[0] === 1)('nf_tables encodings', () => {
  it('encode `ct state established,related accept` as nft does', () => {
    const sent = hex(`
      20000180 07000100 63740000 14000280 08000200 00000000 08000100 00000001
      44000180 0c000100 62697477 69736500 34000280 08000100 00000001 08000200 00000001 08000300 00000004
        0c000480 08000100 06000000 0c000580 08000100 00000000
      2c000180 08000100 636d7000 20000280 08000100 00000001 08000200 00000001 0c000380 08000100 00000000
      30000180 0e000100 696d6d65 64696174 65000000 1c000280 08000100 00000000 10000280 0c000280 08000100 00000001`);
    const ours = expressionsOf(
      { kind: 'ctState', into: 0 },
      { kind: 'mask', register: 0, mask: hostU32Bytes(6) },
      { kind: 'compare', register: 0, operator: 'neq', value: hostU32Bytes(0) },
      { kind: 'verdict', verdict: 'accept' },
    );
    // The kernel gives the operation of a bitwise expression back (attribute 6); nft leaves out its default.
    expect(JSON.stringify(ours).replace(',[6,"00000000"]', '')).toBe(JSON.stringify(canonical(sent, 5)));
  });

  it('encode an element of a set of tuples as nft does', () => {
    const key = Buffer.concat([hostU32Bytes(5), hostU32Bytes(1), Buffer.from([6, 0, 0, 0, 0, 80, 0, 0])]);
    const { bytes } = new Transaction(table).addElements('allow', [{ key, comment: 'hello' }]).finish();
    const sent = hex(
      `3c000180 18000180 14000100 05000000 01000000 06000000 00500000 0c000600 00066865 6c6c6f00 14000780 0c000100 636f756e 74657200 04000280`,
    );
    const message = readMessages(bytes)[1];
    const list = readAttributeList(message?.payload.subarray(4) ?? Buffer.alloc(0)).find(({ type }) => type === 3);
    const counterless = JSON.stringify(canonical(sent, 5)).replace(/,\[7,.*?"\]\]\]/, ']');
    expect(JSON.stringify(canonical(list?.value ?? Buffer.alloc(0), 5))).toContain('"0500000001000000060000000050');
    expect(counterless).toContain('"000668656c6c6f00"');
    expect(JSON.stringify(canonical(list?.value ?? Buffer.alloc(0), 5))).toContain('"000668656c6c6f00"');
  });

  it('frame a batch with begin and end, and ask for an answer to its last message only', () => {
    const { bytes, lastSequence, subjects } = new Transaction(table).addTable().deleteTable().finish();
    const messages = readMessages(bytes);
    expect(messages.map(({ type }) => type)).toEqual([0x10, 0xa00, 0xa02, 0x11]);
    expect(messages.map(({ flags }) => (flags & 4) !== 0)).toEqual([false, false, true, false]);
    expect(messages.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3]);
    expect(subjects[lastSequence]).toBe('delete table');
  });

  it('split many elements into messages whose lists fit a netlink attribute', () => {
    const elements = Array.from({ length: 20_000 }, (_, i) => ({ key: hostU32Bytes(i), comment: 'a comment of some length' }));
    const messages = readMessages(new Transaction(table).addElements('s', elements).finish().bytes).slice(1, -1);
    expect(messages.length).toBeGreaterThan(10);
    const lists = messages.map(
      ({ payload }) => readAttributeList(payload.subarray(4)).find(({ type }) => type === 3)?.value ?? Buffer.alloc(0),
    );
    expect(lists.every((list) => list.length < 65_536)).toBe(true);
    expect(lists.reduce((sum, list) => sum + readAttributeList(list).length, 0)).toBe(20_000);
  });

  it('number a concatenated key as nft does', () => {
    const field = { dataType: nftDataType.mark, length: 4 };
    const set = {
      name: 's',
      key: [field, field, { dataType: nftDataType.protocol, length: 1 }, { dataType: nftDataType.service, length: 2 }],
    };
    const { bytes } = new Transaction(table).addSet(set).finish();
    const attributes = new Map(
      readAttributeList(readMessages(bytes)[1]?.payload.subarray(4) ?? Buffer.alloc(0)).map(({ type, value }) => [
        type,
        value.toString('hex'),
      ]),
    );
    expect(attributes.get(4)).toBe('004d330d');
    expect(attributes.get(5)).toBe('00000010');
  });
});
