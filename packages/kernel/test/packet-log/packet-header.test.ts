/** Five-tuples of packets, from their first bytes. */
import { formatAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { readFlow } from '../../src/packet-log/packet-header.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const read = (text: string): unknown => {
  const flow = readFlow(hex(text));
  return flow === undefined ? undefined : { ...flow, source: formatAddress(flow.source), destination: formatAddress(flow.destination) };
};

const v4 = (fragment: string, protocol: string): string => `4500 003c 0001 ${fragment} 40${protocol} 0000 0a000001 0a000002`;
const v6 = (next: string): string => `6000 0000 0008 ${next}40 fd000000000000000000000000000001 fd000000000000000000000000000002`;
const ports = '3039 0050 0000 0000';
const ends4 = { source: '10.0.0.1', destination: '10.0.0.2' };
const ends6 = { source: 'fd00::1', destination: 'fd00::2' };

describe('the five-tuple of a packet', () => {
  it('is read behind the header of IPv4, options or not', () => {
    expect(read(v4('0000', '06') + ports)).toEqual({ ...ends4, protocol: 6, sourcePort: 12345, destinationPort: 80 });
    const withOptions = v4('0000', '11').replace('4500', '4600') + '01010101' + ports;
    expect(read(withOptions)).toEqual({ ...ends4, protocol: 17, sourcePort: 12345, destinationPort: 80 });
    expect(read(v4('0000', '2f') + ports)).toEqual({ ...ends4, protocol: 47 });
  });

  it('is read behind extension headers of IPv6', () => {
    expect(read(v6('11') + ports)).toEqual({ ...ends6, protocol: 17, sourcePort: 12345, destinationPort: 80 });
    const hopByHop = `2c01 000000000000 0000000000000000`;
    const firstFragment = '0600 0001 00000001';
    expect(read(v6('00') + hopByHop + firstFragment + ports)).toEqual({ ...ends6, protocol: 6, sourcePort: 12345, destinationPort: 80 });
  });

  it('has the message of ICMP, where that is not cut off', () => {
    expect(read(`${v4('0000', '01')} 0805 0000 0001 0001`)).toEqual({ ...ends4, protocol: 1, message: 8 * 256 + 5 });
    expect(read(`${v6('3a')} 8000 0000 0001 0001`)).toEqual({ ...ends6, protocol: 58, message: 128 * 256 });
    expect(read(`${v4('0000', '01')} 08`)).toEqual({ ...ends4, protocol: 1 });
    expect(read(`${v4('0010', '01')} 0805 0000`)).toEqual({ ...ends4, protocol: 1 });
  });

  it('has no ports in later fragments', () => {
    expect(read(v4('0010', '06') + ports)).toEqual({ ...ends4, protocol: 6 });
    expect(read(`${v6('2c')} 0600 0009 00000001 ${ports}`)).toEqual({ ...ends6, protocol: 6 });
  });

  it.each(['', '45', `${v4('0000', '06')} 3039`, v6('00'), `${v6('06')} 30`, '0000'])('is not made up of too few bytes: %s', (text) => {
    expect(read(text)).toBeUndefined();
  });
});
