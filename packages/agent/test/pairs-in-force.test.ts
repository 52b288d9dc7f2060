/** Pairs of addresses of which it is not known what is in force are not in the picture. */
import { emptyDelta, type LocalEndpoint } from '@weir/calc';
import { defined, parseAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { pairsInForce } from '../src/pairs-in-force.ts';
import { EndpointsInForce } from '../src/start-gate/endpoints-in-force.ts';

function endpoint(name: string, address: string, ingress: string): LocalEndpoint {
  return { uid: name, namespace: 'demo', name, addresses: [defined(parseAddress(address), address)], ingress };
}

describe('the pairs that rules in force stand for', () => {
  it('leave out pods of which a program is quarantined, and say which and why', () => {
    const endpoints = new EndpointsInForce();
    const upserts = [endpoint('good', '10.0.0.1', 'fits'), endpoint('bad', '10.0.0.2', 'too-much')];
    const quarantined = [{ program: 'too-much', reason: 'a set is full' }];
    const report = { transactions: 1, elementsAdded: 0, elementsRemoved: 0, milliseconds: 0, quarantined, refusedHosts: [] };
    endpoints.applied({ ...emptyDelta, endpoints: { upserts, removals: [] } }, report);
    const pair = (source: string, destination: string) => ({ source, destination });
    const meant = {
      allowed: [pair('10.0.0.1', '10.0.0.3'), pair('10.0.0.3', '10.0.0.2')],
      denied: [pair('10.0.0.3', '10.0.0.1'), pair('10.0.0.2', '10.0.0.3')],
      leftOut: 0,
    };
    expect(pairsInForce(meant, endpoints)).toEqual({
      allowed: [pair('10.0.0.1', '10.0.0.3')],
      denied: [pair('10.0.0.3', '10.0.0.1')],
      leftOut: 0,
      undecided: [{ namespace: 'demo', name: 'bad', addresses: ['10.0.0.2'], reason: 'a set is full' }],
    });
  });
});
