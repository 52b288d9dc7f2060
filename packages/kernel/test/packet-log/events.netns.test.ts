/** What the kernel tells of packets and connections, in a namespace of the test. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { formatAddress } from '@weir/net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConnectionEvents, createNetns, deleteNetns, inNetns, type LoggedPacket, openUdp, PacketLog } from '../../src/index.ts';

const group = 7;

describe('of a network namespace', () => {
  let netns = '';
  const nft = (command: string): string =>
    execFileSync('ip', ['netns', 'exec', netns, 'nft', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  /** The kernel handles what is sent over loopback before the call returns. */
  const send = (address: string, port: number, times = 1): Promise<void> => {
    const socket = openUdp({ netns, address: address.includes(':') ? '::' : '0.0.0.0', port: 0 });
    return (async () => {
      for (let i = 0; i < times; i++) await new Promise<void>((resolve) => socket.send('x', port, address, () => resolve()));
      socket.close();
    })();
  };
  function inside<T extends object>(make: () => T): T {
    let made: T | undefined;
    inNetns(netns, () => {
      made = make();
    });
    return made as T;
  }

  async function until(what: string, condition: () => boolean): Promise<void> {
    for (const deadline = Date.now() + 30_000; !condition(); ) {
      if (Date.now() > deadline) throw new Error(`did not happen: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  beforeEach(() => {
    netns = `weirt-${randomBytes(3).toString('hex')}`;
    createNetns(netns);
    execFileSync('ip', ['-n', netns, 'link', 'set', 'lo', 'up']);
    nft(
      `add table inet t { chain out { type filter hook output priority 0; ct state new udp dport 9 log prefix "nine" group ${group} snaplen 128 drop; }; ` +
        'chain nat { type nat hook output priority -100; ip daddr 127.9.9.9 udp dport 53 dnat ip to 127.0.0.3:5353; }; }',
    );
  });
  afterEach(() => {
    deleteNetns(netns);
  });

  it('logged packets are read with the prefix of their rule, both families', async () => {
    const log = inside(() => new PacketLog({ group, bytes: 128 }));
    await send('127.0.0.2', 9);
    await send('::1', 9);
    await send('127.0.0.2', 10);
    const packets: LoggedPacket[] = [];
    await until('both packets are read', () => {
      const batch = log.read(100);
      packets.push(...batch.packets);
      expect(batch.lost).toBe(0);
      return packets.length === 2;
    });
    log.close();
    expect(
      packets.map(({ prefix, flow }) => `${prefix} ${formatAddress(flow.destination)} ${flow.protocol}/${flow.destinationPort}`),
    ).toEqual(['nine 127.0.0.2 17/9', 'nine ::1 17/9']);
  });

  it('packets are counted that came faster than they were read', async () => {
    const log = inside(() => new PacketLog({ group, bytes: 128, queueBytes: 32 * 1024 }));
    let read = 0;
    let lost = 0;
    const drain = (): void => {
      const batch = log.read(1_000_000);
      read += batch.packets.length;
      lost += batch.lost;
    };
    const flood = 5_000;
    await send('127.0.0.2', 9, flood);
    await until('what the kernel kept is read', () => {
      const before = read;
      drain();
      return read === before && read > 0;
    });
    await send('127.0.0.2', 9);
    await until('the number of the last one tells what is missing', () => {
      drain();
      return read + lost === flood + 1;
    });
    log.close();
    expect(lost).toBeGreaterThan(0);
  });

  it('a log group has one listener, and the next one is told so', () => {
    const log = inside(() => new PacketLog({ group, bytes: 64 }));
    expect(() => inside(() => new PacketLog({ group, bytes: 64 }))).toThrow(
      `cannot listen to log group ${group}: another process listens to it`,
    );
    log.close();
    inside(() => new PacketLog({ group, bytes: 64 })).close();
  });

  it('new connections are told once, with what translation made of them; denied ones never', async () => {
    const events = inside(() => new ConnectionEvents());
    await send('127.0.0.2', 9);
    await send('127.0.0.2', 10, 3);
    await send('127.9.9.9', 53);
    const { connections, skipped, overruns } = events.read(100, 100);
    expect({ skipped, overruns }).toEqual({ skipped: 0, overruns: 0 });
    const text = connections.map(
      ({ original, reply }) =>
        `${formatAddress(original.destination)}:${original.destinationPort} ${formatAddress(reply.source)}:${reply.sourcePort}`,
    );
    expect(text).toEqual(['127.0.0.2:10 127.0.0.2:10', '127.9.9.9:53 127.0.0.3:5353']);
    for (let i = 0; i < 3; i++) await send('127.0.0.4', 11);
    expect(events.read(1, 100)).toMatchObject({ connections: { length: 1 }, skipped: 2 });
    events.close();
  });
});
