/**
 * What back ends tell user space of single packets: those that they drop, and those that a rule with the
 * action `log` matches. On nftables and iptables the first bytes of a packet go to a netlink log group, with
 * a prefix that says why; on eBPF an event with the same meaning goes through a queue of its own.
 */
import type { Direction } from '@weir/model';
import type { UnownedReason } from '../dataplane.ts';

/** The log group; one process of a network namespace can listen to it. */
export const reportGroup = 5747;
/** Enough for the headers: IPv6 with some options, and ports. */
export const reportBytes = 128;

/** What a report says of its packet: policies denied it, no policy was asked, or a rule logs it. */
export interface PacketReport {
  readonly direction: Direction;
  readonly unowned?: UnownedReason;
  /** A host endpoint's policies denied it. */
  readonly byHost?: true;
  readonly logged?: LoggedVerdict;
}

/** What its direction said of a logged packet, where that is known when it is reported. */
type LoggedVerdict = 'allow' | 'deny' | 'not known';

/** What is wrong with a packet that no policy is asked about. */
export type UnownedEnd = 'closed source' | 'closed target' | 'forged source';

/** Why a packet is dropped: a direction's policies, or an end that no policy is asked about. */
export type DropKind = Direction | `host ${Direction}` | UnownedEnd;

/** A packet that some rule of a direction logs. */
export type LogKind = `logged ${Direction}` | `logged ${Direction} allow` | `logged ${Direction} deny`;

/** What is reported. */
export type ReportKind = DropKind | LogKind;

const reports: Readonly<Record<ReportKind, PacketReport>> = {
  egress: { direction: 'egress' },
  ingress: { direction: 'ingress' },
  'host egress': { direction: 'egress', byHost: true },
  'host ingress': { direction: 'ingress', byHost: true },
  'closed source': { direction: 'egress', unowned: 'closed' },
  'closed target': { direction: 'ingress', unowned: 'closed' },
  'forged source': { direction: 'egress', unowned: 'forged' },
  'logged egress': { direction: 'egress', logged: 'not known' },
  'logged ingress': { direction: 'ingress', logged: 'not known' },
  'logged egress allow': { direction: 'egress', logged: 'allow' },
  'logged egress deny': { direction: 'egress', logged: 'deny' },
  'logged ingress allow': { direction: 'ingress', logged: 'allow' },
  'logged ingress deny': { direction: 'ingress', logged: 'deny' },
};

/** Every kind of dropped packet. */
export const dropKinds: readonly DropKind[] = ['egress', 'ingress', 'closed source', 'closed target', 'forged source'];

/** The log prefix of a kind. */
export function prefixOfReport(kind: ReportKind): string {
  return `weir ${kind}`;
}

/** What a log prefix says; undefined when it is none of ours. */
export function reportOfPrefix(prefix: string): PacketReport | undefined {
  const kind = Object.keys(reports).find((each) => prefixOfReport(each as ReportKind) === prefix);
  return kind === undefined ? undefined : reports[kind as ReportKind];
}
