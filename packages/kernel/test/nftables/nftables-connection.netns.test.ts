/** Transactions and read-backs in a namespace of the test, seen through nft as well. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ConntrackConnection,
  createNetns,
  deleteNetns,
  type Expression,
  encodeExpressions,
  inNetns,
  NetlinkError,
  NftablesConnection,
  nftDataType,
  Transaction,
} from '../../src/index.ts';

const table = { family: 'inet', name: 'weirt' } as const;
const set = { name: 's', key: [{ dataType: nftDataType.ipv4, length: 4 }], counter: true };

describe('an nf_tables connection', () => {
  let netns = '';
  let connection: NftablesConnection;
  const nft = (...command: string[]) =>
    execFileSync('ip', ['netns', 'exec', netns, 'nft', ...command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  beforeEach(() => {
    netns = `weirt-${randomBytes(3).toString('hex')}`;
    createNetns(netns);
    inNetns(netns, () => {
      connection = new NftablesConnection();
    });
  });
  afterEach(() => {
    connection.close();
    deleteNetns(netns);
  });

  it('commits what nft then lists, and reads it back', () => {
    const key = Uint8Array.of(192, 0, 2, 1);
    connection.commit(
      new Transaction(table)
        .addTable()
        .addSet(set)
        .addElements('s', [{ key, comment: 'one' }]),
    );
    expect(nft('list', 'table', 'inet', 'weirt')).toContain('192.0.2.1 counter packets 0 bytes 0 comment "one"');
    expect(connection.elements(table, 's')).toEqual([{ key, comment: 'one', packets: 0n, bytes: 0n }]);
    expect(connection.sets(table).map(({ name, keyLength }) => ({ name, keyLength }))).toEqual([{ name: 's', keyLength: 4 }]);
  });

  it('rehearses a transaction: says what would be refused, and puts nothing into force either way', () => {
    const element = { key: Uint8Array.of(192, 0, 2, 1) };
    const good = () => new Transaction(table).addTable().addSet(set).addElements('s', [element]);
    expect(connection.rehearse(good())).toBeUndefined();
    expect(connection.hasTable(table)).toBe(false);
    expect(connection.rehearse(good().deleteElements('s', [{ key: Uint8Array.of(1, 2, 3, 4) }]))).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('delete from set s') as string,
    });
    expect(connection.hasTable(table)).toBe(false);
    connection.commit(good());
    expect(connection.rehearse(new Transaction(table).deleteElements('s', [element]))).toBeUndefined();
    expect(connection.elements(table, 's')).toHaveLength(1);
  });

  it('puts nothing of a refused transaction into force and says what was refused and why', () => {
    const bad = new Transaction(table)
      .addTable()
      .addSet(set)
      .deleteElements('s', [{ key: Uint8Array.of(1, 2, 3, 4) }]);
    let refusal: unknown;
    try {
      connection.commit(bad);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(NetlinkError);
    expect((refusal as NetlinkError).code).toBe('refused');
    expect((refusal as NetlinkError).message).toBe('nf_tables refused "delete from set s": ENOENT');
    expect(connection.hasTable(table)).toBe(false);
  });

  it('loads and reads back a hundred thousand elements in one transaction', () => {
    const elements = Array.from({ length: 100_000 }, (_, i) => ({ key: Uint8Array.of(10, i >>> 16, (i >>> 8) & 255, i & 255) }));
    connection.commit(new Transaction(table).addTable().addSet(set).addElements('s', elements));
    expect(connection.elements(table, 's')).toHaveLength(100_000);
  });

  it('gives back what deleted elements had counted', () => {
    const key = Uint8Array.of(127, 0, 0, 1);
    connection.commit(
      new Transaction(table)
        .addTable()
        .addSet(set)
        .addElements('s', [{ key, comment: 'one' }]),
    );
    const deleted = connection.commit(new Transaction(table).deleteElements('s', [{ key }], true));
    expect(deleted).toEqual([{ set: 's', elements: [{ key, comment: 'one', packets: 0n, bytes: 0n }] }]);
  });

  it('reads rules back byte by byte as they were meant: limits, logs, refreshed elements', () => {
    const pairs = { name: 'pairs', key: [...set.key, ...set.key], timeoutMs: 60_000, size: 100 };
    const expressions: Expression[] = [
      { kind: 'payload', base: 'network', offset: 12, length: 4, into: 0 },
      { kind: 'payload', base: 'network', offset: 16, length: 4, into: 1 },
      { kind: 'lookup', set: 'pairs', key: 0 },
      { kind: 'refresh', set: 'pairs', key: 0, timeoutMs: 60_000 },
      { kind: 'limit', perSecond: 50 },
      { kind: 'log', prefix: 'weirt', group: 7, bytes: 64 },
      { kind: 'verdict', verdict: 'drop' },
    ];
    const key = Uint8Array.of(192, 0, 2, 1, 192, 0, 2, 2);
    connection.commit(
      new Transaction(table)
        .addTable()
        .addSet(pairs)
        .addChain({ name: 'c' })
        .addRule({ chain: 'c', expressions })
        .addElements('pairs', [{ key }]),
    );
    expect(connection.rules(table).map((rule) => rule.expressions.toString('hex'))).toEqual([
      encodeExpressions(expressions).toString('hex'),
    ]);
    expect(connection.elements(table, 'pairs')).toEqual([{ key }]);
    const listed = nft('list', 'ruleset');
    for (const text of [
      'timeout 1m',
      'size 100',
      '192.0.2.1 . 192.0.2.2',
      'limit rate 50/second burst 50 packets',
      'log prefix "weirt" group 7 snaplen 64',
    ])
      expect(listed).toContain(text);
  });

  it('has no elements of a set that is not there', () => {
    expect(connection.elements(table, 's')).toEqual([]);
  });

  it('deletes connection tracking entries of an address only', async () => {
    nft('add table inet t { chain c { type filter hook output priority 0; ct state new accept; }; }');
    const send = (address: string) =>
      execFileSync('ip', ['netns', 'exec', netns, 'bash', '-c', `echo x > /dev/udp/${address}/9`], { stdio: 'ignore' });
    execFileSync('ip', ['-n', netns, 'link', 'set', 'lo', 'up']);
    send('127.0.0.2');
    send('127.0.0.3');
    let conntrack: ConntrackConnection | undefined;
    inNetns(netns, () => {
      conntrack = new ConntrackConnection();
    });
    expect(await conntrack?.deleteByAddress([{ family: 4, words: [0x7f000002] }])).toBe(1);
    expect(await conntrack?.deleteByAddress([{ family: 4, words: [0x7f000002] }])).toBe(0);
    expect(await conntrack?.deleteByAddress([{ family: 4, words: [0x7f000003] }])).toBe(1);
    conntrack?.close();
  });
});
