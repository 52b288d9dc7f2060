import { describe, expect, it } from 'vitest';
import { parsePort, parsePortOrName } from '../src/port.ts';

describe('a port as people write it', () => {
  it.each([
    ['80', { port: 80, protocol: 'TCP' }],
    ['53/UDP', { port: 53, protocol: 'UDP' }],
    ['53/udp', { port: 53, protocol: 'UDP' }],
    ['443/tcp', { port: 443, protocol: 'TCP' }],
    ['9000/SCTP', { port: 9000, protocol: 'SCTP' }],
    ['icmp', { protocol: 'ICMP' }],
    ['icmp/3/4', { protocol: 'ICMP', icmp: { type: 3, code: 4 } }],
  ])('%s is a number, or a message', (text, expected) => {
    expect(parsePort(text)).toEqual(expected);
    expect(parsePortOrName(text)).toEqual(expected);
  });

  it.each([
    ['http', { port: 'http', protocol: 'TCP' }],
    ['dns/UDP', { port: 'dns', protocol: 'UDP' }],
    ['p2p-8/sctp', { port: 'p2p-8', protocol: 'SCTP' }],
    ['8080-tcp', { port: '8080-tcp', protocol: 'TCP' }],
  ])('%s is a name that the destination has for it', (text, expected) => {
    expect(parsePortOrName(text)).toEqual(expected);
  });

  it.each(['0', '65536', '80/icmp', 'http/', '-http', '80-', 'udp/53', 'a-name-longer-than-fifteen', 'icmp/256', ''])(
    '%s is none',
    (text) => {
      expect(() => parsePortOrName(text)).toThrow(/write 80, 53\/UDP|write icmp\/TYPE/);
    },
  );

  it('is one, and not a range, of which the matrix tells', () => {
    expect(() => parsePort('80-90')).toThrow(
      "'80-90' is no port: write 80, 53/UDP, 9000/SCTP, icmp or icmp/8; weir matrix --from SRC --to DST tells of all ports",
    );
  });
});
