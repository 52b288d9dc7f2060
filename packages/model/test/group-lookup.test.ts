/** Groups of addresses: those that somebody keeps, and those of names that somebody told. */
import { type Address, defined, formatAddress, parseAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { createPolicyWorld } from '../src/index.ts';

const address = (text: string): Address => defined(parseAddress(text), text);

describe('a group of names', () => {
  const world = createPolicyWorld({
    tiers: [],
    endpoints: [],
    groups: new Map([['domain/kept.example', [{ address: address('203.0.113.7') }]]]),
    names: new Map([
      ['a.example', [address('203.0.113.1'), address('203.0.113.2')]],
      ['b.a.example', [address('203.0.113.2')]],
      ['kept.example', [address('203.0.113.8')]],
    ]),
  });
  const members = (group: `domain/${string}`): readonly string[] => world.membersOf(group).map((member) => formatAddress(member.address));

  it('has what its name, or names that fit its pattern, resolved to, each address once', () => {
    expect(members('domain/a.example')).toEqual(['203.0.113.1', '203.0.113.2']);
    expect(members('domain/*.a.example')).toEqual(['203.0.113.2']);
    expect(members('domain/**.example')).toEqual(['203.0.113.1', '203.0.113.2', '203.0.113.8']);
    expect(world.inGroup('domain/a.example', address('203.0.113.2'))).toHaveLength(1);
    expect(world.inGroup('domain/other.example', address('203.0.113.2'))).toEqual([]);
  });

  it('has what is kept of it where somebody keeps it', () => {
    expect(members('domain/kept.example')).toEqual(['203.0.113.7']);
  });
});
