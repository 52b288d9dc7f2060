/** Connection tracking of a namespace of the test: finding connections by their ends, and ending them. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { type Address, defined, formatAddress, parseAddress } from '@weir/net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConntrackConnection, createNetns, deleteNetns, inNetns, openUdp, RawSocket, type TrackedConnection } from '../../src/index.ts';

const address = (text: string): Address => defined(parseAddress(text), text);

describe('tracked connections', () => {
  let netns = '';
  let conntrack: ConntrackConnection;

  const send = async (from: string, to: string, port: number): Promise<void> => {
    const socket = openUdp({ netns, address: from, port: 0 });
    await new Promise<void>((resolve) => socket.send('x', port, to, () => resolve()));
    socket.close();
  };
  const text = ({ original, reply }: TrackedConnection): string =>
    `${formatAddress(original.source)} ${formatAddress(original.destination)}:${original.destinationPort} ${formatAddress(reply.source)}:${reply.sourcePort}`;
  const found = async (...addresses: readonly string[]): Promise<string[]> =>
    (await conntrack.connectionsOf(addresses.map(address))).map(text).sort();

  beforeEach(async () => {
    netns = `weirt-${randomBytes(3).toString('hex')}`;
    createNetns(netns);
    execFileSync('ip', ['-n', netns, 'link', 'set', 'lo', 'up']);
    const rules =
      'chain nat { type nat hook output priority -100; ip daddr 127.9.9.9 udp dport 53 dnat ip to 127.0.0.3:5353; }; chain track { type filter hook output priority 0; ct state new accept; };';
    execFileSync('ip', ['netns', 'exec', netns, 'nft', `add table inet t { ${rules} }`]);
    inNetns(netns, () => {
      conntrack = new ConntrackConnection();
    });
    await send('127.0.0.1', '127.0.0.2', 9);
    await send('127.0.0.2', '127.0.0.1', 9);
    await send('127.0.0.4', '127.9.9.9', 53);
    await send('::1', '::1', 9);
  });
  afterEach(() => {
    conntrack.close();
    deleteNetns(netns);
  });

  const between = ['127.0.0.1 127.0.0.2:9 127.0.0.2:9', '127.0.0.2 127.0.0.1:9 127.0.0.1:9'];
  const translated = '127.0.0.4 127.9.9.9:53 127.0.0.3:5353';

  it('are found by who opened them and by who answers behind translation, each once', async () => {
    expect(await found('127.0.0.1')).toEqual(between);
    expect(await found('127.0.0.1', '127.0.0.2')).toEqual(between);
    expect(await found('127.0.0.3')).toEqual([translated]);
    expect(await found('127.0.0.4', '127.0.0.3')).toEqual([translated]);
    expect(await found('127.9.9.9')).toEqual([]);
    expect(await found('::1')).toEqual(['::1 ::1:9 ::1:9']);
    expect(await found()).toEqual([]);
  });

  it('end alone, and may have ended before', async () => {
    const wanted = (await conntrack.connectionsOf([address('127.0.0.2')])).filter(
      ({ original }) => formatAddress(original.source) === '127.0.0.1',
    );
    await conntrack.delete(wanted);
    await conntrack.delete(wanted);
    expect(await found('127.0.0.1')).toEqual([between[1]]);
    expect(await found('127.0.0.4', '::1')).toEqual([translated, '::1 ::1:9 ::1:9']);
  });

  it('are asked for and ended by calls that come together, one after another', async () => {
    const [before, ended, after, endedToo] = await Promise.all([
      found('127.0.0.1'),
      conntrack.deleteByAddress([address('127.0.0.1')]),
      found('127.0.0.1', '127.0.0.3'),
      conntrack.deleteByAddress([address('::1')]),
    ]);
    expect([before, ended, after, endedToo]).toEqual([between, 2, [translated], 1]);
  });

  it('of ICMP have the message that opened them', async () => {
    const socket = new RawSocket({ netns, family: 4 });
    // Echo request, code 7, as the whole packet: the kernel fills in length and checksum of its header.
    const packet = Buffer.from('45000000000000004001000000000000000000000807f7f100050002', 'hex');
    packet.set([127, 0, 0, 1, 127, 0, 0, 8], 12);
    socket.send(packet, address('127.0.0.8'));
    socket.close();
    const told = (await conntrack.connectionsOf([address('127.0.0.8')])).map(({ original }) => original.message);
    expect(told).toEqual([8 * 256 + 7]);
  });

  it('are looked through in pieces, however many there are: the event loop has its turns meanwhile', async () => {
    const count = 20_000;
    const senders = Array.from({ length: count / 1_000 }, () => openUdp({ netns, address: '127.0.0.1', port: 0 }));
    for (const socket of senders) {
      for (let port = 1; port <= 1_000; port++) await new Promise((resolve) => socket.send('x', port, '127.0.1.1', resolve));
      socket.close();
    }
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const wanted = await conntrack.connectionsOf([address('127.0.1.1')]);
    expect(turns).toBeGreaterThan(0);
    expect(wanted).toHaveLength(count);
    turns = 0;
    await conntrack.delete(wanted);
    expect(turns).toBeGreaterThan(0);
    clearInterval(timer);
    expect(await found('127.0.1.1')).toEqual([]);
  });
});
