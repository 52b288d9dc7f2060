/** Which flows are shown. */
import { type FlowFilter, flowMatches, type ObservedFlow } from '@weir/flows';
import { defined, parseAddress, protocolNumber } from '@weir/net';
import { expect, it } from 'vitest';

const flow: ObservedFlow = {
  format: 'weir',
  time: '2026-01-31T12:00:00.000Z',
  verdict: 'allow',
  source: { namespace: 'shop', pod: 'web-1', address: defined(parseAddress('10.0.0.1'), 'an address') },
  destination: {
    is: 'node',
    name: 'n1',
    address: defined(parseAddress('192.168.0.1'), 'an address'),
    port: 8080,
    domains: ['n1.example.com'],
  },
  service: { ip: '10.96.0.1', port: 80, namespace: 'shop', name: 'front' },
  protocol: protocolNumber.TCP,
  count: 1,
};

const matching: readonly FlowFilter[] = [
  {},
  { namespace: 'shop', verdict: 'allow', protocol: protocolNumber.TCP },
  { pod: 'web-1' },
  { pod: 'web-*', from: 'shop/', to: 'n1' },
  { from: 'shop/web-1', to: '192.168.0.0/24' },
  { from: '10.0.0.1', to: '10.96.0.1' },
  { from: 'sh*/web-*' },
  { to: 'front' },
  { to: 'shop/front' },
  { to: 'shop/fr*' },
  { to: 'n1.example.com' },
  { port: 8080 },
  { port: 80 },
  { sinceMs: Date.parse('2026-01-31T12:00:00Z') },
  { untilMs: Date.parse('2026-01-31T12:00:00Z') },
];
const others: readonly FlowFilter[] = [
  { namespace: 'web-1' },
  { pod: 'web' },
  { from: 'n1' },
  { from: 'other/web-1' },
  { to: '192.168.1.0/24' },
  { to: '10.0.0.1' },
  { to: 'other/front' },
  { to: 'shop/' },
  { from: 'shop/front' },
  { to: 'example.com' },
  { port: 443 },
  { verdict: 'deny' },
  { protocol: protocolNumber.UDP },
  { sinceMs: Date.parse('2026-01-31T12:00:01Z') },
  { untilMs: Date.parse('2026-01-31T11:59:59Z') },
];

it.each(matching)('a flow is shown where %j asks for it', (filter) => expect(flowMatches(flow, filter)).toBe(true));

it.each(others)('a flow is not shown where %j asks for others', (filter) => expect(flowMatches(flow, filter)).toBe(false));
