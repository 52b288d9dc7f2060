/**
 * What evaluation answers: the verdict of one flow and the trace that justifies it.
 *
 * Three truth values: a fact that nobody told (the address of a pod in a manifest, the labels of a
 * namespace that is not there) makes a match `unknown`, and the verdict too when it depends on it.
 */
import type { Address, Family, PortRange, ProtocolNumber } from '@weir/net';
import type { Endpoint } from './endpoint.ts';
import type { HostEndpoint } from './host-endpoint.ts';
import type { Action, AddressGroupName, Direction, HostFamily, IcmpMessages, PolicyRef, Rule, Selector, SourcePosition } from './model.ts';

/** A node of the cluster with all its addresses; pods on the host's network have these too. */
export interface WorldNode {
  readonly name: string;
  readonly addresses: readonly Address[];
  /** What the node itself does with what comes in for it, where that is left to it; absent: nobody told. */
  readonly input?: 'accept' | 'drop';
}

/** One end of a flow: a pod, a node, or an address that is neither. */
export type FlowEnd =
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint; readonly address?: Address }
  | {
      readonly kind: 'node';
      readonly node: WorldNode;
      readonly address?: Address;
      /** The host endpoint whose policies are asked, where they are; it has names for ports of the node. */
      readonly host?: HostEndpoint;
    }
  | { readonly kind: 'address'; readonly address: Address };

/** A question: may these two ends talk like this? Ports are absent for protocols without ports. */
export interface FlowQuestion {
  readonly source: FlowEnd;
  readonly destination: FlowEnd;
  readonly protocol: ProtocolNumber;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** Where no end has an address that says it. */
  readonly family?: Family;
  /** Of ICMP and ICMPv6; absent: nobody told. */
  readonly icmp?: Required<IcmpMessages>;
}

/** Whether something holds, when a fact may be missing. */
export type Truth = 'yes' | 'no' | 'unknown';

/** The outcome for a flow or for one direction of it. */
export type Outcome = 'allow' | 'deny' | 'unknown';

/** Which end of a flow a condition asks about. */
export type SideName = 'source' | 'destination';

/** Why a rule did not match, or may not: one condition that does not hold or cannot be decided. */
export type Mismatch =
  | { readonly kind: 'protocol'; readonly wanted: ProtocolNumber; readonly actual: ProtocolNumber }
  | { readonly kind: 'notProtocol'; readonly unwanted: ProtocolNumber }
  | { readonly kind: 'icmp'; readonly wanted: IcmpMessages; readonly negated: boolean }
  | { readonly kind: 'notPort'; readonly side: SideName; readonly actual: number }
  | { readonly kind: 'family'; readonly wanted: 4 | 6 }
  | { readonly kind: 'label'; readonly side: SideName; readonly wanted: Selector; readonly actual?: string }
  | { readonly kind: 'notAnEndpoint'; readonly side: SideName }
  | { readonly kind: 'notSelector'; readonly side: SideName; readonly unwanted: Selector }
  | { readonly kind: 'net'; readonly side: SideName; readonly negated: boolean }
  | { readonly kind: 'group'; readonly side: SideName; readonly wanted: readonly AddressGroupName[] }
  | { readonly kind: 'node'; readonly side: SideName; readonly wanted: 'own' | 'other' | 'some' }
  | { readonly kind: 'outside'; readonly side: SideName }
  | {
      readonly kind: 'port';
      readonly side: SideName;
      readonly wanted: readonly PortRange[];
      readonly wantedNames: readonly string[];
      /** Names that stand for one number in the whole cluster, where there is no such number. */
      readonly namesWithoutNumber: readonly string[];
      /** What the names stand for at that end, in the flow's protocol. */
      readonly named: readonly { readonly name: string; readonly port: number }[];
      readonly actual?: number;
    }
  | { readonly kind: 'missingFact'; readonly fact: string };

/** One rule looked at. */
export interface RuleTrace {
  readonly rule: Rule;
  readonly matched: Truth;
  /** Empty when it matched. */
  readonly mismatches: readonly Mismatch[];
}

/** One policy looked at. Rules are looked at only when it selects the endpoint and is enforced. */
export interface PolicyTrace {
  readonly direction: Direction;
  /** The host endpoint that was asked, in which family; absent for pods. */
  readonly host?: { readonly endpoint: HostEndpoint; readonly family: HostFamily };
  readonly tier: string;
  readonly policy: PolicyRef;
  readonly source?: SourcePosition;
  readonly applies: 'yes' | 'not selected' | 'other direction' | 'staged';
  readonly isolates: boolean;
  /** Why the policy does not select the endpoint. */
  readonly mismatches: readonly Mismatch[];
  readonly rules: readonly RuleTrace[];
}

/** What a verdict tells of the rule that decided. */
export type DecidingRule = Pick<Rule, 'action' | 'origin'>;

/** What decided one direction. */
export type DecidedBy<R extends DecidingRule = Rule> =
  | { readonly reason: 'rule'; readonly tier: string; readonly rule: R }
  | { readonly reason: 'no policy'; readonly detail: 'not an endpoint' | 'not isolated' }
  | { readonly reason: 'end of tier'; readonly tier: string }
  /** Policies of several APIs that nobody has ordered: see `unorderedAmong`. */
  | { readonly reason: 'no order'; readonly policies: readonly Isolation[] }
  | { readonly reason: 'profile'; readonly detail: 'self' | 'own node' | 'unknown pod' | HostReason };

/**
 * What decides at a host beside rules: a failsafe port, what the endpoint's profiles say, that forwarded packets need an
 * allowance where a policy governs them, what pods may do with their own node, and what that node itself does.
 */
export type HostReason = 'failsafe' | 'host endpoint' | 'forwarded' | 'pod to host' | 'node input';

/** A policy that isolates the endpoint in a direction. */
export interface Isolation {
  readonly policy: PolicyRef;
  readonly source?: SourcePosition;
}

/** The outcome of one direction; `decidedBy` is absent exactly for `unknown`. */
export interface DirectionVerdict {
  readonly verdict: Outcome;
  readonly isolatedBy: readonly Isolation[];
  readonly decidedBy?: DecidedBy;
  /** The facts that were missing, for `unknown`. */
  readonly missing: readonly string[];
}

/** What is said at one interface of a node that the flow passes, or of a pod that reaches for its own node. */
export interface HostVerdict extends DirectionVerdict {
  readonly node: string;
  readonly direction: Direction;
  /** Absent where it is not known which one it is, and where no endpoint decides. */
  readonly host?: HostEndpoint;
  readonly family: HostFamily;
}

/** The outcome of a flow with everything that was looked at, egress of the source first. */
export interface FlowVerdict {
  readonly question: FlowQuestion;
  readonly verdict: Outcome;
  readonly missing: readonly string[];
  readonly egress: DirectionVerdict;
  readonly ingress: DirectionVerdict;
  /** What host endpoints say on the way; all of them must let it through, too. */
  readonly hosts: readonly HostVerdict[];
  readonly trace: readonly PolicyTrace[];
  readonly nearMisses: readonly NearMiss[];
}

/** Something that could be changed so that a rule would match. */
export type Change =
  | {
      readonly kind: 'set label';
      readonly side: SideName;
      readonly space: 'pod' | 'namespace';
      readonly key: string;
      readonly values?: readonly string[];
    }
  | {
      readonly kind: 'avoid label';
      readonly side: SideName;
      readonly space: 'pod' | 'namespace';
      readonly key: string;
      readonly values: readonly string[];
    }
  | { readonly kind: 'remove label'; readonly side: SideName; readonly space: 'pod' | 'namespace'; readonly key: string }
  | { readonly kind: 'move to namespace'; readonly side: SideName; readonly namespaces: readonly string[] }
  | { readonly kind: 'use port'; readonly side: SideName; readonly ports: readonly PortRange[] }
  | { readonly kind: 'name port'; readonly side: SideName; readonly names: readonly string[] }
  | { readonly kind: 'use protocol'; readonly protocol: ProtocolNumber };

/** A rule that would allow the flow in its direction after all of `changes`, fewest changes first. */
export interface NearMiss {
  readonly direction: Direction;
  readonly rule: Rule;
  readonly changes: readonly Change[];
  /** Whether nobody else denies the flow then. */
  readonly isEnough: boolean;
}

/** What a rule does with the flow, as an outcome; undefined for `pass` and `log`. */
export function outcomeOf(action: Action): 'allow' | 'deny' | undefined {
  return action === 'allow' || action === 'deny' ? action : undefined;
}
