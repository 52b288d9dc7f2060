/**
 * The contract of every back end.
 *
 * A back end owns what it made in the kernel and nothing else, tells its own objects by their
 * names, and never leaves a state in force that neither the old nor the new state allows.
 */
import type { ContentKey, Delta, ProgramRule } from '@weir/calc';
import type { DataplaneName, Direction } from '@weir/model';
import type { Address, Flow } from '@weir/net';

/** What a back end can express, and how its updates become visible. */
export interface Capabilities {
  readonly families: readonly (4 | 6)[];
  /** `delta`: a whole delta is in force at one instant; `object`: make before break, one by one. */
  readonly atomicity: 'delta' | 'object';
}

/**
 * What became of one delta. The kernel may refuse a program where it takes all others: it is quarantined,
 * so endpoints keep what was in force for them, or are closed, and everything else is in force.
 */
export interface ApplyReport {
  readonly transactions: number;
  readonly elementsAdded: number;
  readonly elementsRemoved: number;
  readonly quarantined: readonly { readonly program: ContentKey; readonly reason: string }[];
  /** Host endpoints of the state that the back end does not enforce: nothing is closed or opened for them. */
  readonly refusedHosts: readonly RefusedHost[];
  /** When a delta, an empty one too, tries again what the kernel refused; absent when it refused nothing. */
  readonly retryInMs?: number;
  readonly milliseconds: number;
}

/** A host endpoint that is not enforced, and why. */
export interface RefusedHost {
  readonly uid: string;
  readonly name: string;
  readonly reason: string;
}

/** What a comparison with the kernel found; empty when nothing had drifted. */
export interface DriftReport {
  readonly drifted: readonly string[];
  readonly repaired: boolean;
}

/** Packets and bytes that a rule let through or dropped since the back end started; nftables counts what is dropped by program only. */
export interface RuleCounter {
  readonly rule: ProgramRule;
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** Packets and bytes that a program denied because none of its rules allowed them. */
export interface DeniedCounter {
  readonly program: ContentKey;
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** How much the back end keeps in the kernel. */
export interface KernelSizes {
  /** Rules of chains; with lookups in sets they do not grow with policies. */
  readonly rules: number;
  readonly sets: number;
  /** Members of all sets. */
  readonly elements: number;
}

/** What becomes of connections that a new state denies: they go on until they end by themselves, or are ended. */
export type EstablishedMode = 'keep' | 'cut';

/** Which connections to look at, and what the state in force says of them. */
export interface ConnectionReview {
  /** Connections of which one of these is an end; the destination is the one behind address translation. */
  readonly addresses: readonly Address[];
  /** Whether a connection would be denied if it were new: the flow as its opener sent it, behind translation. */
  readonly isDenied: (flow: Flow) => boolean;
}

/** What a review did. */
export interface ReviewReport {
  readonly looked: number;
  readonly ended: number;
  /** Ended connections whose late answers are still being held back. */
  readonly heldBack: number;
}

/**
 * What is told of new connections. `denied`, `unowned` and `logged` are told of packets, so of one attempt several
 * times; `byHost`: by policies of a host endpoint, and the ends may be nobody's here. `unowned` are those that no policy is asked about, also of connections that there are. `logged` are those
 * that a rule with the action `log` matches, beside what else is told of them; `verdict` is what that direction says,
 * where the kernel tells. `dropped` says how many were not told: at least so many when the kernel's queue was full.
 */
export type FlowEvent =
  | { readonly kind: 'allowed'; readonly flow: Flow; readonly addressed?: AddressedService }
  | ({ readonly kind: 'denied'; readonly direction: Direction; readonly byHost?: true } & ReportedPacket)
  | ({ readonly kind: 'unowned'; readonly direction: Direction; readonly reason: UnownedReason } & ReportedPacket)
  | ({ readonly kind: 'logged'; readonly direction: Direction; readonly verdict?: 'allow' | 'deny' } & ReportedPacket)
  | { readonly kind: 'dropped'; readonly reason: 'rate' | 'queue'; readonly events: number };

/** A packet behind translation, and what its opener spoke to where this node translated that. */
interface ReportedPacket {
  readonly flow: Flow;
  readonly addressed?: AddressedService;
}

/**
 * Why a packet of a pod's link was dropped before any policy was asked. `closed`: the pod's end (its source,
 * egress; its destination, ingress) is no acknowledged address; `forged`: the source is a local pod's, and
 * the packet did not come from that pod's link.
 */
export type UnownedReason = 'closed' | 'forged';

/** What the opener of a connection spoke to, where translation made something else of it. */
export interface AddressedService {
  readonly address: Address;
  readonly port?: number;
}

/**
 * One data plane on one node. Calls are made one after another, never at the same time, but for
 * `resync`: it takes its time, and others may be made meanwhile.
 */
export interface Dataplane {
  readonly name: DataplaneName;
  readonly capabilities: Capabilities;
  readonly established: EstablishedMode;
  /**
   * Puts a delta into force. The first delta of a process is a whole state: what the kernel holds
   * from an earlier process is adopted or replaced without a gap. Rejects when nothing of the delta is in
   * force, because the kernel refuses more than single programs or could not be asked.
   */
  apply(delta: Delta): Promise<ApplyReport>;
  /**
   * Mode `cut`: ends the reviewed connections that are denied, and no other, so that none of their
   * packets gets through any more from either end. In mode `keep` it does nothing.
   */
  endDenied(review: ConnectionReview): Promise<ReviewReport>;
  /** Compares with the kernel, repairs, and says what had drifted; a piece at a time, so that others have their turn. */
  resync(): Promise<DriftReport>;
  /** From now on tells when others have changed what this back end made, or may have: `resync` finds out. */
  watch(onChange: () => void): void;
  /**
   * Ends the connections that have one of the addresses, at either end: for addresses that went from one
   * pod to another on other nodes. Those of the node's own pods that change hands are ended by {@link apply}.
   */
  endConnections(addresses: readonly Address[]): Promise<void>;
  counters(): Promise<readonly RuleCounter[]>;
  /**
   * New connections of local pods from now on, until {@link close} or the end of the iteration; none
   * unless the data plane was made to report them. Throws when the kernel does not let it listen.
   */
  flows(): AsyncIterable<FlowEvent>;
  /** What each program denied since the back end started. */
  denied(): Promise<readonly DeniedCounter[]>;
  /** Known without asking the kernel. */
  readonly sizes: KernelSizes;
  /** Takes everything out of the kernel that this back end made, in this or an earlier process. */
  remove(): Promise<void>;
  /** Lets go of sockets and timers; what is in force stays in force. */
  close(): Promise<void>;
}
