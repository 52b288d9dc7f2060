/** Host endpoints in deltas: what adding up, comparing and squashing promise of them. */
import type { HostSettings } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { applyDelta, type Delta, difference, emptyDelta, emptyState, type HostLocalEndpoint, isEmpty, squash } from '../src/index.ts';

const settings: HostSettings = { failsafes: [{ direction: 'ingress', protocol: 6, port: 22 }], podToHost: 'accept' };

function host(name: string, normal?: string): HostLocalEndpoint {
  return { uid: `uid-${name}`, name, interfaces: [name], programs: normal === undefined ? {} : { normal: { ingress: normal } } };
}

function hosts(upserts: readonly HostLocalEndpoint[], removals: readonly string[] = [], hostSettings?: HostSettings): Delta {
  return { ...emptyDelta, hosts: { upserts, removals }, ...(hostSettings === undefined ? {} : { hostSettings }) };
}

describe('host endpoints in deltas', () => {
  it('S8 squashed deltas leave the hosts and the settings that one after the other leave', () => {
    const first = hosts([host('eth0', 'p'), host('eth1')], [], { ...settings, failsafes: [] });
    const second = hosts([host('eth0', 'q')], ['uid-eth1'], settings);
    const apart = applyDelta(applyDelta(emptyState(), first), second);
    expect(applyDelta(emptyState(), squash(first, second))).toEqual(apart);
    expect([...apart.hosts.values()]).toEqual([host('eth0', 'q')]);
    expect(apart.hostSettings).toEqual(settings);
    expect(squash(hosts([], [], settings), emptyDelta).hostSettings).toEqual(settings);
  });

  it('S3 a difference names the hosts whose interfaces or programs changed, and settings that are new', () => {
    const before = applyDelta(emptyState(), hosts([host('eth0', 'p'), host('eth1')], [], settings));
    const after = applyDelta(emptyState(), hosts([host('eth0', 'q'), { ...host('eth1'), interfaces: 'all' }], [], settings));
    expect(difference(before, after)).toEqual(hosts([host('eth0', 'q'), { ...host('eth1'), interfaces: 'all' }]));
    expect(isEmpty(difference(before, before))).toBe(true);
    const closed: HostSettings = { ...settings, podToHost: 'drop' };
    const told = difference(before, { ...before, hostSettings: closed });
    expect(told).toEqual(hosts([], [], closed));
    expect(isEmpty(told)).toBe(false);
  });

  it('settings that were given are never taken back', () => {
    const given = applyDelta(emptyState(), hosts([], [], settings));
    expect(applyDelta(given, emptyDelta).hostSettings).toEqual(settings);
    expect(isEmpty(difference(given, emptyState()))).toBe(true);
  });
});
