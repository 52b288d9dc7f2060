/** Host endpoints in the state that is computed without increments: see `from-scratch.ts`. */

import { type Direction, type HostEndpoint, type HostFamily, selectorMatches } from '@weir/model';
import { compareAddresses } from '@weir/net';
import type { DirectedPrograms, HostLocalEndpoint, Program } from './delta/delta.ts';
import type { SetSpec } from './delta/set-spec.ts';
import type { State } from './delta/state.ts';
import type { Inputs } from './from-scratch-inputs.ts';
import type { ActivePolicy, PolicyInForce } from './from-scratch-objects.ts';
import { tiersOf, withKey } from './from-scratch-programs.ts';

/** A host endpoint of the node with what it has of its interfaces. */
export interface ScratchHost {
  readonly host: HostEndpoint;
  readonly interfaces: 'all' | readonly string[];
}

const families: readonly HostFamily[] = ['untracked', 'preDNAT', 'normal', 'forward'];

/** Whether a part of a policy is about the host endpoint. */
export function isAboutHost({ policy, hosts }: PolicyInForce, host: HostEndpoint): boolean {
  return hosts !== undefined && !policy.staged && selectorMatches(policy.subject, host);
}

/** Those of the node that have an interface. */
export function placedHosts(hosts: readonly HostEndpoint[], { node, interfaces = [] }: Inputs): ScratchHost[] {
  const own = hosts.filter((host) => host.node === node);
  const comesBefore = (a: HostEndpoint, b: HostEndpoint): boolean => a.name < b.name || (a.name === b.name && a.uid < b.uid);
  const names = new Set([
    ...interfaces.map(({ name }) => name),
    ...own.flatMap((host) => (typeof host.interfaces === 'object' ? [host.interfaces.name] : [])),
  ]);
  const has = (host: HostEndpoint, name: string): boolean => {
    if (typeof host.interfaces === 'object') return host.interfaces.name === name;
    const addresses = interfaces.find((one) => one.name === name)?.addresses ?? [];
    return (
      host.interfaces === 'by address' && addresses.some((address) => host.addresses.some((one) => compareAddresses(one, address) === 0))
    );
  };
  return own.flatMap((host): ScratchHost[] => {
    const isFirst = (rivals: readonly HostEndpoint[]): boolean => !rivals.some((rival) => comesBefore(rival, host));
    if (host.interfaces === 'all') return isFirst(own.filter((rival) => rival.interfaces === 'all')) ? [{ host, interfaces: 'all' }] : [];
    const mine = [...names].filter((name) => has(host, name) && isFirst(own.filter((rival) => has(rival, name))));
    return mine.length === 0 ? [] : [{ host, interfaces: mine.sort() }];
  });
}

/** What host endpoints add to the state. */
interface HostParts {
  readonly hosts: readonly ScratchHost[];
  readonly planned: readonly ActivePolicy[];
  readonly ids: ReadonlyMap<string, string>;
  readonly specs: Map<string, SetSpec>;
}

/** Puts them and their programs into the state. */
export function addHosts(state: State, { hosts, ...parts }: HostParts): void {
  const described = hosts.map(({ host, interfaces }): HostLocalEndpoint => {
    const programs: Partial<Record<HostFamily, DirectedPrograms>> = {};
    for (const family of families) {
      for (const direction of ['ingress', 'egress'] as const) {
        const program = hostProgram(host, family, direction, parts);
        if (program === undefined) continue;
        state.programs.set(program.key, program);
        programs[family] = { ...programs[family], [direction]: program.key };
      }
    }
    return { uid: host.uid, name: host.name, interfaces, programs };
  });
  const hasPrograms = ({ programs }: HostLocalEndpoint): boolean => Object.keys(programs).length > 0;
  const isAllTaken = described.some((host) => host.interfaces === 'all' && hasPrograms(host));
  for (const host of described) if (isAllTaken || hasPrograms(host)) state.hosts.set(host.uid, host);
}

function hostProgram(
  host: HostEndpoint,
  family: HostFamily,
  direction: Direction,
  { planned, ids, specs }: Omit<HostParts, 'hosts'>,
): Program | undefined {
  const selecting = planned.filter((one) => one.hosts?.families.includes(family) === true && isAboutHost(one, host));
  const tiers = tiersOf(direction, { selecting, ids, specs, namedPorts: host.namedPorts });
  switch (family) {
    case 'untracked':
    case 'preDNAT':
      if (tiers.length === 0) return undefined;
      return withKey({ direction, tiers: tiers.map((tier) => ({ ...tier, end: 'pass' })), otherwise: 'allow' });
    case 'normal':
      return tiers.length === 0 && host.otherwise === 'allow' ? undefined : withKey({ direction, tiers, otherwise: host.otherwise });
    case 'forward':
      return tiers.length === 0 ? undefined : withKey({ direction, tiers, otherwise: 'deny' });
    default:
      return family satisfies never;
  }
}
