/** Host endpoints that are not enforced: which, why, and that people are told of each once. */
import { emptyDelta, type HostLocalEndpoint, type LocalPolicy } from '@weir/calc';
import type { RefusedHost } from '@weir/dataplane';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { HostsInForce } from '../src/enforcement/hosts-in-force.ts';
import { HostNotices } from '../src/status/host-notices.ts';
import type { Notice } from '../src/status/notice.ts';

const host: HostLocalEndpoint = {
  uid: 'u',
  name: 'h',
  interfaces: ['eth0'],
  programs: { normal: { ingress: 'p' }, preDNAT: { ingress: 'q' } },
};
const delta = { ...emptyDelta, hosts: { upserts: [host], removals: [] } };

describe('host endpoints in the kernel', () => {
  it('are refused as a whole by a back end without chains for them', () => {
    const hosts = new HostsInForce();
    hosts.applied(delta, { quarantined: [], refusedHosts: [{ uid: 'u', name: 'h', reason: 'no chains' }] });
    expect([hosts.size, hosts.refused()]).toEqual([1, [{ uid: 'u', name: 'h', reason: 'no chains' }]]);
  });

  it('are refused with the family of the program that is not in the kernel, until it is', () => {
    const hosts = new HostsInForce();
    hosts.applied(delta, { quarantined: [{ program: 'q', reason: 'too long' }], refusedHosts: [] });
    expect(hosts.refused()).toEqual([{ uid: 'u', name: 'h', reason: 'preDNAT: too long' }]);
    hosts.applied(emptyDelta, { quarantined: [], refusedHosts: [] });
    expect(hosts.refused()).toEqual([]);
    hosts.applied({ ...emptyDelta, hosts: { upserts: [], removals: ['u'] } }, { quarantined: [], refusedHosts: [] });
    expect(hosts.size).toBe(0);
  });
});

describe('a host endpoint that is not enforced', () => {
  it('has an Event on its object while it is not, and without an object on the node', () => {
    let refused: RefusedHost[] = [{ uid: 'turned', name: 'h', reason: 'no chains' }];
    const [announced, withdrawn]: [Notice[], Notice[]] = [[], []];
    const own: LocalPolicy = {
      policy: { apiVersion: 'crd.projectcalico.org/v1', kind: 'HostEndpoint', name: 'h' },
      uid: 'stored',
      endpoints: 1,
      hosts: ['turned'],
    };
    const notices = new HostNotices({
      node: 'n1',
      engine: { localPolicies: () => [own] },
      refusedHosts: () => refused,
      board: { announce: (notice) => void announced.push(notice), withdraw: (notice) => void withdrawn.push(notice) },
      log: pino({ level: 'silent' }),
    });
    notices.inKernel();
    notices.inKernel();
    expect(announced.map(({ object, reason }) => [object.kind, object.name, object.uid, reason])).toEqual([
      ['HostEndpoint', 'h', 'stored', 'PolicyNotEnforced'],
    ]);
    refused = [{ uid: 'uid-of-node', name: 'n1', reason: 'no chains' }];
    notices.inKernel();
    expect(announced.at(-1)?.object).toMatchObject({ kind: 'Node', name: 'n1', uid: 'uid-of-node' });
    refused = [];
    notices.inKernel();
    expect(withdrawn.map(({ object }) => object.kind)).toEqual(['HostEndpoint', 'Node']);
  });
});
