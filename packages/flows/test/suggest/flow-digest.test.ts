/** Long logs in little memory: what is alike is counted, and suggestions and audits are the same. */
import { FlowDigest, type ObservedFlow, suggestionJson, suggestPolicies } from '@weir/flows';
import { engineProfiles } from '@weir/model';
import { defined, parseAddress, protocolNumber } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { observedWorld } from './observed-world.ts';

const address = (text: string): NonNullable<ReturnType<typeof parseAddress>> => defined(parseAddress(text), 'this is an address');

const seen = (port: number, second: number, more: Partial<ObservedFlow> = {}): ObservedFlow => ({
  format: 'hubble',
  time: `2026-01-31T12:00:0${second}.000Z`,
  verdict: 'allow',
  source: { namespace: 'a', pod: 'web', address: address('10.0.0.1'), port },
  destination: { namespace: 'a', pod: 'db', address: address('10.0.0.2'), port: 5432 },
  protocol: protocolNumber.TCP,
  ingress: { verdict: 'allow', reason: 'other', policies: [] },
  isReply: false,
  count: 1,
  ...more,
});

function digested(flows: readonly ObservedFlow[], options?: ConstructorParameters<typeof FlowDigest>[0]): FlowDigest {
  const digest = new FlowDigest(options);
  for (const flow of flows) digest.add(flow);
  return digest;
}

describe('a digest of flows', () => {
  it('counts connections that are alike once each, whatever their source ports, with the first and the last moment', () => {
    const { flows, omitted } = digested([seen(1, 3), seen(1, 4), seen(2, 1), seen(3, 2, { count: 5 }), seen(4, 9, { verdict: 'deny' })]);
    expect(omitted).toBe(0);
    expect(flows.map(({ verdict, count, firstTime, time, source }) => [verdict, count, firstTime, time, source.port])).toEqual([
      ['allow', 7, '2026-01-31T12:00:01.000Z', '2026-01-31T12:00:04.000Z', undefined],
      ['deny', 1, undefined, '2026-01-31T12:00:09.000Z', undefined],
    ]);
  });

  it('keeps so many different ones and counts the connections that it leaves out', () => {
    const other = (i: number): ObservedFlow => seen(9, 1, { destination: { address: address(`203.0.113.${i}`), port: 443 }, count: 2 });
    const { flows, omitted } = digested([seen(1, 1), other(1), other(2), other(3), seen(2, 2)], { differentMax: 2 });
    expect([flows.map(({ count }) => count), omitted]).toEqual([[2, 2], 4]);
  });

  it.each([7_700, 7_703, 7_709])('makes the same suggestion as the flows themselves, seed %i', (seed) => {
    const { objects, flows } = observedWorld(seed);
    const suggest = (given: readonly ObservedFlow[]): unknown =>
      suggestionJson(
        suggestPolicies({
          objects,
          flows: given,
          reading: { profile: engineProfiles.kubernetes },
          api: 'NetworkPolicy',
          directions: ['ingress', 'egress'],
          mergePrefixes: {},
          namespaces: [],
          defaultDeny: false,
        }),
      );
    const twice = [...flows, ...flows.map((flow) => ({ ...flow, source: { ...flow.source, port: 60_001 } }))];
    const digest = digested(twice);
    expect(digest.flows.length).toBeLessThan(twice.length);
    expect(suggest(digest.flows)).toEqual(suggest(twice));
  });
});
