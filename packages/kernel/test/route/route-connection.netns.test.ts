import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { type Address, cidrOf, parseAddress, singleAddressCidr } from '@weir/net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNetns, deleteNetns, NetlinkError, RouteConnection } from '../../src/index.ts';

const names = ['a', 'b'].map((end) => `weirt-${randomBytes(4).toString('hex')}-${end}`);
const [near = '', far = ''] = names;
const mac = { near: 'ee:ee:ee:ee:ee:ee', far: '02:57:0a:01:00:02' } as const;

const address = (text: string): Address => {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`not an address: ${text}`);
  return parsed;
};
/** What ip(8) shows, one line an entry, blanks folded. */
const shown = (netns: string, line: string): string =>
  execFileSync('ip', ['-netns', netns, ...line.split(' ')], { encoding: 'utf8' }).replaceAll(/[ \t]+/g, ' ');
/** What the kernel answers when it refuses. */
const refusal = (act: () => void): string => {
  try {
    act();
    return 'nothing was refused';
  } catch (error) {
    return error instanceof NetlinkError ? `${error.code} ${error.message}` : String(error);
  }
};

describe('links and routes of a namespace', () => {
  let route: RouteConnection;
  beforeAll(() => {
    names.forEach(createNetns);
    route = new RouteConnection(near);
  });
  afterAll(() => {
    route?.close();
    names.forEach(deleteNetns);
  });

  it('become what was asked for, as ip(8) shows it', () => {
    route.apply([
      { kind: 'addVeth', device: 'v0', mac: mac.near, peer: { device: 'eth0', mac: mac.far, netns: far } },
      { kind: 'setLink', device: 'v0', withoutLinkLocal: true },
      { kind: 'addAddress', address: address('fe80::1'), prefixLength: 64, device: 'v0' },
      { kind: 'addAddress', address: address('10.1.0.1'), prefixLength: 24, device: 'v0' },
      { kind: 'setLink', device: 'v0', up: true, alias: 'the near end' },
      { kind: 'addRoute', destination: cidrOf(address('10.2.0.2'), 32), to: { device: 'v0' } },
      { kind: 'addRoute', destination: cidrOf(address('10.3.0.0'), 16), to: { device: 'v0', via: address('10.2.0.2') } },
      { kind: 'addRoute', destination: cidrOf(address('10.0.0.0'), 8), to: 'blackhole' },
      { kind: 'addRoute', destination: cidrOf(address('0.0.0.0'), 0), to: 'unreachable' },
      { kind: 'addRoute', destination: cidrOf(address('fd00::'), 16), to: 'blackhole' },
      { kind: 'addRoute', destination: cidrOf(address('::'), 0), to: { device: 'v0', via: address('fe80::2') } },
      { kind: 'setNeighbour', address: address('10.2.0.2'), mac: mac.far, device: 'v0' },
      { kind: 'setNeighbour', address: address('fe80::2'), mac: mac.far, device: 'v0' },
    ]);
    const link = shown(near, 'link show v0');
    expect(link).toMatch(/^\d+: v0@if\d+: <[^>]*\bUP\b/);
    expect(link).toContain(`link/ether ${mac.near}`);
    expect(link).toContain('alias the near end');
    expect(shown(far, 'link show eth0')).toContain(`link/ether ${mac.far}`);
    expect(shown(near, '-6 addr show dev v0')).not.toMatch(/inet6 (?!fe80::1\/64)/);
    expect(shown(near, 'addr show dev v0')).toContain('inet 10.1.0.1/24 scope global v0');
    const routes = `${shown(near, 'route show')}${shown(near, '-6 route show')}`;
    for (const line of [
      '10.2.0.2 dev v0 scope link',
      '10.3.0.0/16 via 10.2.0.2 dev v0 onlink',
      'blackhole 10.0.0.0/8',
      'unreachable default',
      'blackhole fd00::/16 dev lo',
      'default via fe80::2 dev v0',
    ]) {
      expect(routes).toContain(line);
    }
    const neighbours = `${shown(near, 'neigh show')}${shown(near, '-6 neigh show')}`;
    for (const target of ['10.2.0.2', 'fe80::2']) expect(neighbours).toContain(`${target} dev v0 lladdr ${mac.far} PERMANENT`);
  });

  it('are read back', () => {
    expect(route.links()).toContainEqual({ device: 'v0', alias: 'the near end' });
    expect(route.links().map(({ device }) => device)).toContain('lo');
    expect(route.addresses('v0')).toEqual([address('10.1.0.1')]);
    expect(route.addresses('nothing')).toEqual([]);
  });

  it('are refused with what was asked and what the kernel says', () => {
    const again = { kind: 'addRoute', destination: cidrOf(address('10.0.0.0'), 8), to: 'blackhole' } as const;
    expect(refusal(() => route.apply([again]))).toMatch(/^refused adding the route 10\.0\.0\.0\/8 to blackhole.*EEXIST$/);
    const nowhere = { kind: 'setLink', device: 'nothing', up: true } as const;
    expect(refusal(() => route.apply([nowhere]))).toMatch(/^refused setting up the interface nothing.*ENODEV$/);
    const missing = { kind: 'addAddress', address: address('10.9.0.1'), prefixLength: 32, device: 'nothing' } as const;
    expect(refusal(() => route.apply([missing]))).toMatch(/^refused looking for the interface nothing.*ENODEV$/);
    expect(() => new RouteConnection('weirt-nowhere')).toThrow('ENOENT');
  });

  it('lead over several gateways at once, are put in place of each other, and go', () => {
    const hop = (via: string) => ({ device: 'v0', via: address(via) });
    for (const [destination, flag, first, second] of [
      ['198.51.100.7', '', '10.2.0.2', '10.2.0.3'],
      ['2001:db8::7', '-6 ', 'fd01::2', 'fd01::3'],
    ] as const) {
      const cidr = singleAddressCidr(address(destination));
      route.apply([{ kind: 'setRoute', destination: cidr, to: [hop(first), hop(second)] }]);
      for (const via of [first, second]) {
        expect(shown(near, `${flag}route show ${destination}`)).toMatch(new RegExp(`nexthop via ${via} dev v0 weight 1 onlink`));
      }
      route.apply([{ kind: 'setRoute', destination: cidr, to: [hop(second)] }]);
      expect(shown(near, `${flag}route show ${destination}`)).toMatch(new RegExp(`^${destination} via ${second} dev v0 .*onlink`));
      expect(shown(near, `${flag}route show ${destination}`)).not.toContain(first);
      route.apply([{ kind: 'setRoute', destination: cidr, to: 'blackhole' }]);
      expect(shown(near, `${flag}route show ${destination}`)).toMatch(new RegExp(`^blackhole ${destination}`));
      route.apply([{ kind: 'deleteRoute', destination: cidr }]);
      expect(shown(near, `${flag}route show ${destination}`)).toBe('');
      expect(refusal(() => route.apply([{ kind: 'deleteRoute', destination: cidr }]))).toMatch(/ESRCH$/);
    }
  });

  it('lead to groups of gateways that keep flows, which are changed in place and go with their number', () => {
    // Hops are refused on an interface whose other end is down.
    shown(far, 'link set eth0 up');
    for (const [destination, flag, first, second, base] of [
      ['198.51.100.8', '', '10.2.0.2', '10.2.0.3', 1],
      ['2001:db8::8', '-6 ', 'fd01::2', 'fd01::3', 11],
    ] as const) {
      const hop = (id: number, via: string) => ({ kind: 'setNextHop', id, hop: { device: 'v0', via: address(via) } }) as const;
      const group = (members: readonly number[]) => ({ kind: 'setFlowGroup', id: base + 2, members, idleSeconds: 60 }) as const;
      const cidr = singleAddressCidr(address(destination));
      const setRoute = { kind: 'setRoute', destination: cidr, to: { flowGroup: base + 2 } } as const;
      route.apply([hop(base, first), group([base]), setRoute]);
      route.apply([hop(base + 1, second), group([base, base + 1]), setRoute]);
      expect(shown(near, `nexthop show id ${base + 2}`)).toMatch(
        new RegExp(`^id ${base + 2} group ${base}/${base + 1} type resilient buckets 128 idle_timer 60 `),
      );
      for (const via of [first, second]) expect(shown(near, `${flag}route show ${destination}`)).toContain(`via ${via} dev v0`);
      route.apply([
        { kind: 'setRoute', destination: cidr, to: 'blackhole' },
        ...[2, 0, 1].map((i) => ({ kind: 'deleteNextHop', id: base + i }) as const),
      ]);
      expect(shown(near, `${flag}route show ${destination}`)).toMatch(new RegExp(`^blackhole ${destination}`));
      expect(refusal(() => route.apply([{ kind: 'deleteNextHop', id: base }]))).toMatch(/^refused removing the next hop \d+.*ENOENT$/);
      route.apply([{ kind: 'deleteRoute', destination: cidr }]);
    }
    expect(shown(near, 'nexthop show')).toBe('');
  });

  it('are removed together, both ends and all routes, and what is not there is no error', async () => {
    const devices = Array.from({ length: 20 }, (_, index) => `w${index}`);
    for (const [index, device] of devices.entries()) {
      route.apply([{ kind: 'addVeth', device, mac: mac.near, peer: { device: `p${index}`, mac: mac.far, netns: far } }]);
    }
    await route.deleteLinks(['v0', 'nothing', ...devices]);
    expect(route.links().map(({ device }) => device)).toEqual(['lo']);
    expect(shown(far, '-o link show').trim().split('\n')).toHaveLength(1);
    expect(shown(near, 'route show')).not.toContain('v0');
    await route.deleteLinks(['v0']);
  });
});
