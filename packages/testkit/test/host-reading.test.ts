/** The plain reading of host endpoints, on the cases by which the field tells them apart. */
import { type Delta, emptyDelta, type HostLocalEndpoint, type Program, type ProgramRule } from '@weir/calc';
import type { Direction, HostFamily, HostSettings } from '@weir/model';
import { type Address, defined, type Flow, parseAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { DeltaModel, type HostPacket } from '../src/index.ts';

const node = '10.0.0.1';
const pod = '10.1.0.9';
const far = '192.0.2.7';
const eth0 = { name: 'eth0', leadsToPods: false };
const veth = { name: 'weir0', leadsToPods: true };
const settings: HostSettings = {
  failsafes: [
    { direction: 'ingress', protocol: 6, port: 22 },
    { direction: 'egress', protocol: 17, port: 53 },
  ],
  podToHost: 'return',
};

function address(text: string): Address {
  return defined(parseAddress(text), text);
}

function tcp(source: string, destination: string, destinationPort: number, sourcePort = 40_000): Flow {
  return { source: address(source), destination: address(destination), protocol: 6, sourcePort, destinationPort };
}

/** A program whose one rule says something about a port; undefined: no rule. */
function program(direction: Direction, said: { action: 'allow' | 'deny'; port: number } | undefined, otherwise: 'allow' | 'deny'): Program {
  const rule = (action: 'allow' | 'deny', port: number): ProgramRule => ({
    id: 'r',
    action,
    peer: [],
    protocol: 6,
    ports: [{ first: port, last: port }],
    origin: { policy: { apiVersion: 'v', kind: 'K', name: 'p' }, direction, ruleIndex: 0, peerIndex: 0 },
  });
  const key = `${direction} ${JSON.stringify(said)} ${otherwise}`;
  return {
    key,
    direction,
    tiers: said === undefined ? [] : [{ name: 't', rules: [rule(said.action, said.port)], end: 'pass' }],
    otherwise,
  };
}

/** A model with one host endpoint for these interfaces. */
function modelOf(
  interfaces: HostLocalEndpoint['interfaces'],
  programs: Partial<Record<HostFamily, { ingress?: Program; egress?: Program }>>,
  hostSettings: HostSettings = settings,
): DeltaModel {
  const model = new DeltaModel();
  const all = Object.values(programs).flatMap(({ ingress, egress }) => [ingress, egress].filter((each) => each !== undefined));
  const keys = Object.entries(programs).map(([family, { ingress, egress }]) => [
    family,
    { ...(ingress && { ingress: ingress.key }), ...(egress && { egress: egress.key }) },
  ]);
  const host: HostLocalEndpoint = { uid: 'h', name: 'h', interfaces, programs: Object.fromEntries(keys) };
  const delta: Delta = {
    ...emptyDelta,
    programs: { upserts: [...new Map(all.map((each) => [each.key, each])).values()], removals: [] },
    hosts: { upserts: [host], removals: [] },
    hostSettings,
  };
  model.apply(delta);
  return model;
}

const closedIn = program('ingress', undefined, 'deny');
const closedOut = program('egress', undefined, 'deny');
const deny80 = program('ingress', { action: 'deny', port: 80 }, 'allow');
const allow80 = program('ingress', { action: 'allow', port: 80 }, 'allow');

function toNode(port: number, from = eth0): HostPacket {
  const flow = tcp(from === veth ? pod : far, node, port);
  return { sent: flow, flow, from };
}

/** To a service's port of the node, behind which a pod stands. */
const throughNodePort: HostPacket = { sent: tcp(far, node, 80), flow: tcp(far, pod, 8080), from: eth0, to: veth };

describe('the plain reading of host endpoints', () => {
  it('keeps failsafe ports open whatever normal, preDNAT and untracked say, and forwarded ones not', () => {
    const closed = modelOf('all', { normal: { ingress: closedIn, egress: closedOut } });
    expect([22, 23].map((port) => closed.hostsAllow(toNode(port)))).toEqual([true, false]);
    for (const family of ['preDNAT', 'untracked'] as const) {
      const model = modelOf(['eth0'], { [family]: { ingress: program('ingress', { action: 'deny', port: 22 }, 'allow') } });
      expect(model.hostsAllow(toNode(22))).toBe(true);
    }
    const forward = modelOf(['eth0'], { forward: { ingress: closedIn } });
    const flow = tcp(far, pod, 22);
    expect(forward.hostsAllow({ sent: flow, flow, from: eth0, to: veth })).toBe(false);
  });

  it('asks preDNAT by what was sent, and forward by what became of it', () => {
    expect(modelOf(['eth0'], { preDNAT: { ingress: deny80 } }).hostsAllow(throughNodePort)).toBe(false);
    expect(modelOf(['eth0'], { forward: { ingress: deny80 } }).hostsAllow(throughNodePort)).toBe(true);
    expect(modelOf(['eth0'], { preDNAT: { ingress: allow80 }, forward: { ingress: closedIn } }).hostsAllow(throughNodePort)).toBe(true);
    expect(modelOf('all', { preDNAT: { ingress: allow80 }, forward: { egress: closedOut } }).hostsAllow(throughNodePort)).toBe(false);
  });

  it('lets what untracked or preDNAT allows pass normal, and asks on where they say nothing', () => {
    for (const family of ['preDNAT', 'untracked'] as const) {
      const model = modelOf(['eth0'], { [family]: { ingress: allow80 }, normal: { ingress: closedIn } });
      expect([80, 81].map((port) => model.hostsAllow(toNode(port)))).toEqual([true, false]);
    }
  });

  it('asks neither normal nor untracked about pods, and lets the settings say whether they reach their node', () => {
    const everything = { untracked: { ingress: deny80 }, normal: { ingress: closedIn, egress: closedOut } };
    const reaches = (podToHost: HostSettings['podToHost']): boolean =>
      modelOf('all', everything, { ...settings, podToHost }).hostsAllow(toNode(80, veth));
    expect((['accept', 'return', 'drop', 'policy'] as const).map(reaches)).toEqual([true, true, false, false]);
    const flow = tcp(node, pod, 80);
    expect(modelOf('all', everything).hostsAllow({ sent: flow, flow, to: veth })).toBe(true);
    expect(modelOf('all', { preDNAT: { ingress: deny80 } }).hostsAllow(toNode(80, veth))).toBe(false);
    expect(modelOf(['eth0'], { preDNAT: { ingress: deny80 } }).hostsAllow(toNode(80, veth))).toBe(true);
  });

  it('never asks about the loopback interface, and lets a name come before all', () => {
    const lo = { name: 'lo', leadsToPods: false };
    const flow = tcp(node, node, 80);
    expect(modelOf('all', { normal: { ingress: closedIn, egress: closedOut } }).hostsAllow({ sent: flow, flow, from: lo, to: lo })).toBe(
      true,
    );
    const model = modelOf('all', { normal: { ingress: closedIn } });
    model.apply({ ...emptyDelta, hosts: { upserts: [{ uid: 'n', name: 'n', interfaces: ['eth0'], programs: {} }], removals: [] } });
    expect(model.hostsAllow(toNode(80))).toBe(true);
    expect(model.hostsAllow(toNode(80, { name: 'eth1', leadsToPods: false }))).toBe(false);
  });

  it('holds deltas to their contract: settings first, one endpoint an interface, families that can go on', () => {
    const host: HostLocalEndpoint = { uid: 'h', name: 'h', interfaces: ['eth0'], programs: {} };
    const upsert = (...upserts: HostLocalEndpoint[]): Delta => ({ ...emptyDelta, hosts: { upserts, removals: [] } });
    expect(() => new DeltaModel().apply(upsert(host))).toThrow('is there before its settings');
    expect(() => modelOf(['eth0'], {}).apply(upsert({ ...host, uid: 'g' }))).toThrow('both have interface eth0');
    expect(() => modelOf(['eth0'], { preDNAT: { ingress: closedIn } })).toThrow('ends with no');
  });
});
