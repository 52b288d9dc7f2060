/**
 * What `calc` says to a data plane: the state of one node as data, and changes to it.
 *
 *   peer sets      named sets of peers that rules refer to
 *   classes        equal peers: which sets an address of the class is in
 *   addresses      address → class, for every address that is in at least one set
 *   programs       ordered rules for one direction, shared by equal endpoints
 *   endpoints      the node's own pods and the programs in force for them
 *   hosts          interfaces of the node that policies are about, and their programs
 *
 * Keys are canonical texts of the content, so equal content has one key and a key's content never
 * changes (a set's members do, through classes and addresses). A delta is applied as one
 * transaction where the back end can; otherwise upserts in the order above, then removals in the
 * reverse order, so that a referent is there before what refers to it and goes after.
 */

import type { Action, Direction, HostFamily, HostSettings, Origin } from '@weir/model';
import type { Address, AddressRange, PortRange, ProtocolNumber } from '@weir/net';

/** Canonical text that stands for the content of a set, a class or a program. */
export type ContentKey = string;

/**
 * A set of peers. The members of `address` sets are the addresses whose class lists the set; of
 * `addressPort` sets the (address, protocol, port) triples that the class's membership gives; of
 * `range` sets the fixed, normalised ranges here.
 */
export type PeerSet =
  | { readonly kind: 'address'; readonly key: ContentKey }
  | { readonly kind: 'addressPort'; readonly key: ContentKey }
  | { readonly kind: 'range'; readonly key: ContentKey; readonly ranges: readonly AddressRange[] };

/** A port of a protocol. */
export interface ProtocolPort {
  readonly protocol: ProtocolNumber;
  readonly port: number;
}

/** Being in a set; `ports` is given exactly for `addressPort` sets and never empty. */
export interface Membership {
  readonly set: ContentKey;
  readonly ports?: readonly ProtocolPort[];
}

/** A class of equal peers: at least one membership, sorted by set key. */
export interface EndpointClass {
  readonly key: ContentKey;
  readonly memberships: readonly Membership[];
}

/** An address and the class that it belongs to now. */
export interface AddressClass {
  readonly address: Address;
  readonly class: ContentKey;
}

/** A test of the peer's address: in the set, or not in it. */
export interface PeerTest {
  readonly set: ContentKey;
  readonly negated: boolean;
  /** Which port of the packet an `addressPort` set is asked for: that which the peer sends from, or (absent) the destination port. */
  readonly port?: 'source';
}

/**
 * One rule. All of `peer` must hold (empty: any peer). Without `protocol` all protocols match but
 * `notProtocol`, those without ports too; without `ports` all ports. Of ICMP and ICMPv6 `ports` are
 * messages, as type × 256 + code. A rule that wants an `addressPort` set has `protocol` and no `ports`
 * (no `sourcePorts`, where the set is asked for those): the set holds the ports of each peer. One that excludes such a set
 * has `protocol`: it matches on all its ports but those of the peer.
 */
export interface ProgramRule {
  /** Short, stable: the same for the same part of the same policy in every program. */
  readonly id: string;
  readonly action: Action;
  readonly peer: readonly PeerTest[];
  /**
   * Of programs of host endpoints alone, and never empty: tests of the packet's other address, which is the destination of
   * ingress and the source of egress. An `addressPort` set among them holds destination ports of ingress.
   */
  readonly local?: readonly PeerTest[];
  readonly protocol?: ProtocolNumber;
  /** Never together with `protocol`. */
  readonly notProtocol?: ProtocolNumber;
  readonly ports?: readonly PortRange[];
  /** With a protocol that has ports. */
  readonly sourcePorts?: readonly PortRange[];
  readonly origin: Origin;
}

/** The rules of one tier and what happens at its end. */
export interface ProgramTier {
  readonly name: string;
  readonly rules: readonly ProgramRule[];
  readonly end: 'deny' | 'pass';
}

/** What an isolated endpoint's traffic in one direction runs through. */
export interface Program {
  readonly key: ContentKey;
  readonly direction: Direction;
  readonly tiers: readonly ProgramTier[];
  readonly otherwise: 'allow' | 'deny';
}

/**
 * A pod of this node. Without a program in a direction no policy isolates it there: its traffic
 * is allowed. `interface` is the node's end of its link, where known.
 */
export interface LocalEndpoint {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly addresses: readonly Address[];
  readonly interface?: string;
  readonly ingress?: ContentKey;
  readonly egress?: ContentKey;
}

/** The programs of one family by direction; without one the family is not asked there. */
export interface DirectedPrograms {
  readonly ingress?: ContentKey;
  readonly egress?: ContentKey;
}

/**
 * Interfaces of this node and the programs in force for them. A packet goes through the families in the order
 * untracked, preDNAT (ingress only), normal or forward, and the next one is asked when no rule of the program
 * decided; what a rule of the first two allows passes the later ones of its direction, but forward on the way out.
 *
 *   untracked   every packet, before connection tracking; its program ends with `allow`: the next family
 *   preDNAT     new connections, by the address and port that they were sent to; ends in the same way
 *   normal      new connections from or to the node itself, not those of its own pods
 *   forward     new connections that the node forwards, those of its own pods where it is for all interfaces
 *
 * Failsafe ports are open before any program but those of `forward`.
 */
export interface HostLocalEndpoint {
  readonly uid: string;
  readonly name: string;
  /**
   * Names of interfaces, each in one endpoint at most; or all others but the loopback one. Of those that lead
   * to pods only preDNAT and forward are meant.
   */
  readonly interfaces: 'all' | readonly string[];
  readonly programs: Readonly<Partial<Record<HostFamily, DirectedPrograms>>>;
}

/** Things that appeared or changed, and the keys of things that are gone. */
export interface Changes<T, K> {
  readonly upserts: readonly T[];
  readonly removals: readonly K[];
}

/** A change from one state to the next; applied to the empty state it is a state. */
export interface Delta {
  readonly peerSets: Changes<PeerSet, ContentKey>;
  readonly classes: Changes<EndpointClass, ContentKey>;
  readonly addresses: Changes<AddressClass, Address>;
  readonly programs: Changes<Program, ContentKey>;
  readonly endpoints: Changes<LocalEndpoint, string>;
  readonly hosts: Changes<HostLocalEndpoint, string>;
  /** What holds for all of `hosts`, in force no later than they; absent: unchanged. Given before or with the first of them. */
  readonly hostSettings?: HostSettings;
}
