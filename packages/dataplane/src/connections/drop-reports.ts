/**
 * What back ends tell user space of packets that they drop: the first bytes of a packet go to a netlink
 * log group, with a prefix that says why it was dropped.
 */
import type { Direction } from '@weir/policy';
import type { UnownedReason } from '../dataplane.ts';

/** The log group; one process of a network namespace can listen to it. */
export const deniedGroup = 5747;
/** Enough for the headers: IPv6 with some options, and ports. */
export const deniedBytes = 128;

/** What a report says of its packet; without `unowned` policies have denied it. */
export interface DropReport {
  readonly direction: Direction;
  readonly unowned?: UnownedReason;
}

/** What is wrong with a packet that no policy is asked about. */
export type UnownedEnd = 'closed source' | 'closed target' | 'forged source';

/** Why a packet is dropped: a direction's policies, or an end that no policy is asked about. */
export type DropKind = Direction | UnownedEnd;

const reports: Readonly<Record<DropKind, DropReport>> = {
  egress: { direction: 'egress' },
  ingress: { direction: 'ingress' },
  'closed source': { direction: 'egress', unowned: 'closed' },
  'closed target': { direction: 'ingress', unowned: 'closed' },
  'forged source': { direction: 'egress', unowned: 'forged' },
};

/** Every kind. */
export const dropKinds: readonly DropKind[] = ['egress', 'ingress', 'closed source', 'closed target', 'forged source'];

/** The log prefix of a kind. */
export function prefixOfDrop(kind: DropKind): string {
  return `weir ${kind}`;
}

/** What a log prefix says; undefined when it is none of ours. */
export function reportOfPrefix(prefix: string): DropReport | undefined {
  const kind = dropKinds.find((each) => prefixOfDrop(each) === prefix);
  return kind === undefined ? undefined : reports[kind];
}
