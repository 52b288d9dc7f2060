/** One node's state as tables, and deltas applied to it: what a data plane that follows holds. */

import type { HostFamily, HostSettings } from '@weir/model';
import { compareAddresses, formatAddress } from '@weir/net';
import type {
  AddressClass,
  Changes,
  ContentKey,
  Delta,
  EndpointClass,
  HostLocalEndpoint,
  LocalEndpoint,
  PeerSet,
  Program,
} from './delta.ts';

/** The sum of deltas. Addresses are keyed by their canonical text. */
export interface State {
  readonly peerSets: Map<ContentKey, PeerSet>;
  readonly classes: Map<ContentKey, EndpointClass>;
  readonly addresses: Map<string, AddressClass>;
  readonly programs: Map<ContentKey, Program>;
  readonly endpoints: Map<string, LocalEndpoint>;
  readonly hosts: Map<string, HostLocalEndpoint>;
  /** Undefined until a delta gives them. */
  hostSettings: HostSettings | undefined;
}

/** The state before any delta. */
export function emptyState(): State {
  return {
    peerSets: new Map(),
    classes: new Map(),
    addresses: new Map(),
    programs: new Map(),
    endpoints: new Map(),
    hosts: new Map(),
    hostSettings: undefined,
  };
}

/** Applies a delta to the state in place, in the order that deltas promise; gives the state back. */
export function applyDelta(state: State, delta: Delta): State {
  for (const set of delta.peerSets.upserts) state.peerSets.set(set.key, set);
  for (const one of delta.classes.upserts) state.classes.set(one.key, one);
  for (const one of delta.addresses.upserts) state.addresses.set(formatAddress(one.address), one);
  for (const program of delta.programs.upserts) state.programs.set(program.key, program);
  for (const endpoint of delta.endpoints.upserts) state.endpoints.set(endpoint.uid, endpoint);
  state.hostSettings = delta.hostSettings ?? state.hostSettings;
  for (const host of delta.hosts.upserts) state.hosts.set(host.uid, host);
  for (const uid of delta.hosts.removals) state.hosts.delete(uid);
  for (const uid of delta.endpoints.removals) state.endpoints.delete(uid);
  for (const key of delta.programs.removals) state.programs.delete(key);
  for (const address of delta.addresses.removals) state.addresses.delete(formatAddress(address));
  for (const key of delta.classes.removals) state.classes.delete(key);
  for (const key of delta.peerSets.removals) state.peerSets.delete(key);
  return state;
}

/** The delta that leads from the empty state to this one, sorted. */
export function wholeDelta(state: State): Delta {
  return difference(emptyState(), state);
}

/** The delta that leads from one state to another, sorted by key; empty when they are equal. Host settings are never taken back. */
export function difference(from: State, to: State): Delta {
  const { hostSettings } = to;
  const isNew = hostSettings !== undefined && (from.hostSettings === undefined || !sameHostSettings(from.hostSettings, hostSettings));
  return {
    peerSets: compareTables(from.peerSets, to.peerSets, { same: sameKey, keyOf: ({ key }) => key }),
    classes: compareTables(from.classes, to.classes, { same: sameKey, keyOf: ({ key }) => key }),
    addresses: compareTables(from.addresses, to.addresses, { same: (a, b) => a.class === b.class, keyOf: ({ address }) => address }),
    programs: compareTables(from.programs, to.programs, { same: sameKey, keyOf: ({ key }) => key }),
    endpoints: compareTables(from.endpoints, to.endpoints, { same: sameEndpoint, keyOf: ({ uid }) => uid }),
    hosts: compareTables(from.hosts, to.hosts, { same: sameHost, keyOf: ({ uid }) => uid }),
    ...(isNew ? { hostSettings } : {}),
  };
}

interface Comparison<T, K> {
  readonly same: (a: T, b: T) => boolean;
  readonly keyOf: (item: T) => K;
}

function compareTables<T, K>(from: ReadonlyMap<string, T>, to: ReadonlyMap<string, T>, { same, keyOf }: Comparison<T, K>): Changes<T, K> {
  const byName = ([a]: [string, T], [b]: [string, T]): number => (a < b ? -1 : 1);
  const isChanged = ([name, item]: [string, T]): boolean => {
    const before = from.get(name);
    return before === undefined || !same(before, item);
  };
  return {
    upserts: [...to]
      .filter(isChanged)
      .sort(byName)
      .map(([, item]) => item),
    removals: [...from]
      .filter(([name]) => !to.has(name))
      .sort(byName)
      .map(([, item]) => keyOf(item)),
  };
}

function sameKey(a: { readonly key: string }, b: { readonly key: string }): boolean {
  return a.key === b.key;
}

/** Whether two endpoints are the same in all that a data plane can see. */
export function sameEndpoint(a: LocalEndpoint, b: LocalEndpoint): boolean {
  return (
    a.namespace === b.namespace &&
    a.name === b.name &&
    a.interface === b.interface &&
    a.ingress === b.ingress &&
    a.egress === b.egress &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every((address, i) => compareAddresses(address, b.addresses[i] ?? address) === 0)
  );
}

const hostFamilies: readonly HostFamily[] = ['untracked', 'preDNAT', 'normal', 'forward'];

/** Whether two host endpoints are the same in all that a data plane can see. */
export function sameHost(a: HostLocalEndpoint, b: HostLocalEndpoint): boolean {
  return (
    a.name === b.name &&
    (a.interfaces === 'all' || b.interfaces === 'all'
      ? a.interfaces === b.interfaces
      : a.interfaces.length === b.interfaces.length && a.interfaces.every((name, i) => name === b.interfaces[i])) &&
    hostFamilies.every((family) =>
      (['ingress', 'egress'] as const).every((direction) => a.programs[family]?.[direction] === b.programs[family]?.[direction]),
    )
  );
}

/** Whether two settings are the same, in the same order. */
export function sameHostSettings(a: HostSettings, b: HostSettings): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
