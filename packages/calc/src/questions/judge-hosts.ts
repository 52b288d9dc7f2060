/**
 * What host endpoints of a node say of one flow: each of those that it may pass, since nobody asks here which interface it takes.
 *
 * ```
 * comes in for the node      untracked, preDNAT, normal          goes out from the node     untracked, normal
 * comes in for a pod         untracked, preDNAT, forward         comes from a pod           forward
 * ```
 */

import type { Direction, HostFamily, HostSettings } from '@weir/model';
import { type Address, addressRangesContain, type Flow } from '@weir/net';
import type { HostLocalEndpoint } from '../delta/delta.ts';
import { type EmittedState, type EndJudgement, runTiers } from './judge-flow.ts';

/** What one host endpoint says. */
export interface HostJudgement extends Pick<EndJudgement, 'decidedBy' | 'verdict'> {
  readonly host: HostLocalEndpoint;
  readonly direction: Direction;
  readonly family: HostFamily;
}

/** The answers of host endpoints to a new connection that comes in to, or goes out from, the node or one of its pods. */
export function judgeHosts(state: EmittedState, flow: Flow, isOwnAddress: (address: Address) => boolean): readonly HostJudgement[] {
  const { hosts, hostSettings } = state.hosts();
  if (hosts.upserts.length === 0 || hostSettings === undefined) return [];
  const isHere = (address: Address): boolean => isOwnAddress(address) || state.endpointAt(address) !== undefined;
  const [leaves, arrives] = [isHere(flow.source), isHere(flow.destination)];
  if (leaves === arrives) return [];
  const direction = arrives ? 'ingress' : 'egress';
  const isForwarded = !isOwnAddress(arrives ? flow.destination : flow.source);
  return hosts.upserts.flatMap((host) => judgeHost(state, { flow, direction, isForwarded, host, settings: hostSettings }) ?? []);
}

interface HostQuestion {
  readonly flow: Flow;
  readonly direction: Direction;
  readonly isForwarded: boolean;
  readonly host: HostLocalEndpoint;
  readonly settings: HostSettings;
}

function judgeHost(state: EmittedState, question: HostQuestion): HostJudgement | undefined {
  const { flow, direction, isForwarded, host, settings } = question;
  const early: readonly HostFamily[] = direction === 'ingress' ? ['untracked', 'preDNAT'] : isForwarded ? [] : ['untracked'];
  const isOpen = isFailsafe(flow, direction, settings);
  const peer = direction === 'ingress' ? flow.source : flow.destination;
  for (const family of [...early, isForwarded ? 'forward' : 'normal'] as const) {
    const key = host.programs[family]?.[direction];
    const program = key === undefined ? undefined : state.program(key);
    if (program === undefined) continue;
    if (isOpen && family === 'normal')
      return { host, direction, family, verdict: 'allow', decidedBy: { reason: 'profile', detail: 'failsafe' } };
    const decided = isOpen && family !== 'forward' ? undefined : runTiers(state, program, { peer, flow });
    if (decided !== undefined) return { host, direction, family, ...decided };
    if (family === 'normal' || family === 'forward')
      return { host, direction, family, verdict: program.otherwise, decidedBy: { reason: 'profile', detail: 'host endpoint' } };
  }
  return undefined;
}

function isFailsafe(flow: Flow, direction: Direction, { failsafes }: HostSettings): boolean {
  const peer = direction === 'ingress' ? flow.source : flow.destination;
  return failsafes.some(
    (one) =>
      one.direction === direction &&
      one.protocol === flow.protocol &&
      one.port === flow.destinationPort &&
      (one.block === undefined || addressRangesContain([one.block], peer)),
  );
}
