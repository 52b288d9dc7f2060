/** A connection that one node translates and another one denies. */
import { type ObservedFlow, ServicesByConnection } from '@weir/flows';
import { defined, parseAddress, protocolNumber } from '@weir/net';
import { describe, expect, it } from 'vitest';

const address = (text: string): NonNullable<ObservedFlow['source']['address']> => defined(parseAddress(text), 'an address');
const flow = (more: Partial<ObservedFlow>): ObservedFlow => ({
  format: 'weir',
  time: '2026-01-31T12:00:00.000Z',
  verdict: 'allow',
  source: { namespace: 'demo', pod: 'client', address: address('10.0.0.1'), port: 40_000 },
  destination: { namespace: 'demo', pod: 'server', address: address('10.0.1.1'), port: 8080 },
  protocol: protocolNumber.TCP,
  count: 1,
  ...more,
});
const service = { ip: '10.96.0.1', port: 80 };
const allowed = { verdict: 'allow', reason: 'other', policies: [] } as const;
const denied = { verdict: 'deny', reason: 'no rule', policies: [] } as const;
const told = flow({ node: 'n1', service, egress: allowed });
const later = flow({ node: 'n2', time: '2026-01-31T12:00:00.020Z', verdict: 'deny', ingress: denied });

describe('the service of a connection', () => {
  it('is known where the node of the opener told of it, whichever line comes first', () => {
    expect(new ServicesByConnection().completed([told, later]).map((one) => one.service)).toEqual([service, service]);
    expect(new ServicesByConnection().completed([later, told]).map((one) => one.service)).toEqual([service, service]);
    const known = new ServicesByConnection();
    known.completed([told]);
    expect(known.completed([later]).map((one) => one.service)).toEqual([service]);
  });

  it('is not guessed from another connection: of another port, another pod, or of the same port much later', () => {
    const { source, destination } = later;
    for (const other of [
      { ...later, source: { ...source, port: 40_001 } },
      { ...later, destination: { ...destination, address: address('10.0.1.2') } },
      { ...later, time: '2026-01-31T12:01:00.000Z' },
      { ...later, protocol: protocolNumber.UDP },
    ])
      expect(new ServicesByConnection().completed([told, other])[1]?.service).toBeUndefined();
  });

  it('may be lacking where only the end of the destination was judged', () => {
    const known = new ServicesByConnection();
    expect([told, later, flow({ egress: denied }), { ...later, service }].map((one) => known.mayLack(one))).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });
});
