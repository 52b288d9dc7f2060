/** Rules of policies in the shape of programs, before what depends on the endpoint is filled in. */

import type { Action, Origin } from '@weir/model';
import type { AddressRange, PortRange, ProtocolNumber } from '@weir/net';
import type { PeerTest } from '../delta/delta.ts';
import type { SetSpec } from '../delta/set-spec.ts';

/** A test of an address. */
export interface PlannedTest extends Omit<PeerTest, 'set'> {
  readonly spec: SetSpec;
}

/** One rule of a program, but for its id and its local port names. */
export interface PlannedRule {
  /** What the id stands for: unlike that of any other rule of any policy. */
  readonly identity: string;
  readonly action: Action;
  readonly peer: readonly PlannedTest[];
  /** As in `ProgramRule`. */
  readonly local?: readonly PlannedTest[];
  readonly protocol?: ProtocolNumber;
  readonly notProtocol?: ProtocolNumber;
  /** As in `ProgramRule`. */
  readonly ports?: readonly PortRange[];
  readonly sourcePorts?: readonly PortRange[];
  /** What it asks of the ports of the local endpoint (destination ports of ingress, source ports of egress) by name. */
  readonly localNames?: LocalNames;
  readonly origin: Origin;
}

/** Port numbers that depend on the names that an endpoint gives to ports: what is wanted, but for what is excluded. */
export interface LocalNames {
  readonly ports: readonly PortRange[];
  readonly names: readonly string[];
  readonly notPorts: readonly PortRange[];
  readonly notNames: readonly string[];
}

/** A policy's rules by direction; a direction that it says nothing about is absent. */
export interface PlannedPolicy {
  /** Whether a rule names a port of the local endpoint. */
  readonly usesLocalNames: boolean;
  readonly ingress?: readonly PlannedRule[];
  readonly egress?: readonly PlannedRule[];
}

/** Whom the addresses of blocks do not mean, although they have such addresses, and who the nodes are. */
export interface BlockLimits {
  readonly withoutPods: boolean;
  readonly withoutNodes: boolean;
  /** The addresses of the engine's own node and of all others, normalised. */
  readonly ownNode: readonly AddressRange[];
  readonly otherNodes: readonly AddressRange[];
}
