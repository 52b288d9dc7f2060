/** What the kernel adds to a logged packet of its connection, where it was built to (linux/netfilter/nfnetlink_conntrack.h). */
import { defined, formatAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { readOriginal } from '../../src/conntrack/conntrack-entry.ts';
import { MessageWriter } from '../../src/netlink/message-writer.ts';

/** `CTA_TUPLE_ORIG` and its parts. */
function entry(
  direction: number,
  addresses: readonly [source: number[], destination: number[]],
  protocol: readonly [number, number, number],
): Buffer {
  const writer = new MessageWriter();
  const [source, destination] = addresses.map((bytes) => Uint8Array.from(bytes));
  const tuple = writer.beginNest(direction);
  const ip = writer.beginNest(1);
  const isIpv4 = source?.length === 4;
  writer.raw(isIpv4 ? 1 : 3, source ?? new Uint8Array());
  writer.raw(isIpv4 ? 2 : 4, destination ?? new Uint8Array());
  writer.endNest(ip);
  const transport = writer.beginNest(2);
  writer.raw(1, Uint8Array.of(protocol[0]));
  writer.u16(2, protocol[1]);
  writer.u16(3, protocol[2]);
  writer.endNest(transport);
  writer.endNest(tuple);
  return Buffer.from(writer.bytes());
}

describe('the connection of a logged packet', () => {
  it('is read as its opener sent it, IPv4 and IPv6', () => {
    const text = (bytes: Buffer): string => {
      const { source, sourcePort, destination, destinationPort, protocol } = defined(readOriginal(bytes), 'it has a tuple');
      return `${protocol} ${formatAddress(source)} ${sourcePort} ${formatAddress(destination)} ${destinationPort}`;
    };
    const [pod, service] = [
      [10, 0, 0, 1],
      [10, 96, 0, 1],
    ];
    expect(text(entry(1, [pod, service], [6, 40_000, 80]))).toBe('6 10.0.0.1 40000 10.96.0.1 80');
    const long = (last: number): number[] => [0xfd, ...Array.from({ length: 14 }, () => 0), last];
    expect(text(entry(1, [long(1), long(2)], [17, 5353, 53]))).toBe('17 fd00::1 5353 fd00::2 53');
  });

  it('is not known where only the direction of its answers is told', () => {
    expect(
      readOriginal(
        entry(
          2,
          [
            [10, 0, 0, 1],
            [10, 0, 0, 2],
          ],
          [6, 1, 2],
        ),
      ),
    ).toBeUndefined();
    expect(readOriginal(Buffer.alloc(0))).toBeUndefined();
  });
});
