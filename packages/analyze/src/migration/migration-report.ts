/** What a change of the engine means for a cluster, in a shape for programs and for `render-migration`. */
import type { Diagnostic } from '@weir/kube';
import type { EngineName, SourcePosition } from '@weir/model';
import type { FlowChange } from '../connectivity/flow-change.ts';
import type { ChangeReason } from './change-causes.ts';
import type { PolicyPatch } from './propose-patches.ts';

/** One flow that stands for others; ends as `namespace/pod`, `node NAME` or an address. */
export interface FlowExample {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  /** Absent for ICMP. */
  readonly port?: number;
}

/** Flows between two groups of ends: every pair of them, with all of the traffic. */
export interface FlowGroup {
  readonly sources: string;
  readonly destinations: string;
  /** For example `TCP 80 443, UDP`. */
  readonly traffic: string;
  readonly pairs: number;
  readonly example?: FlowExample;
}

/** The flows that change for one reason, under one policy or service. */
export interface MeaningChange extends ChangeReason {
  readonly change: FlowChange;
  /** IPv4 or IPv6. */
  readonly family: 4 | 6;
  /** Pairs of ends of which some traffic changes. */
  readonly pairs: number;
  /** The largest first; there may be more than {@link flowGroupsMax}. */
  readonly flows: readonly FlowGroup[];
  /** How many groups were left out. */
  readonly omitted: number;
}

/** As many groups of flows are kept for one change. */
export const flowGroupsMax = 50;

/** A policy or a service that changes its meaning. */
export interface ChangedObject {
  readonly kind: 'NetworkPolicy' | 'Service';
  readonly namespace: string;
  readonly name: string;
  readonly source?: SourcePosition;
  readonly changes: readonly MeaningChange[];
}

/** What is still different once the patches are applied. */
export interface PatchedMeaning {
  readonly objects: readonly ChangedObject[];
  readonly pairs: Readonly<Record<FlowChange, number>>;
}

/** The whole answer. */
export interface MigrationReport {
  readonly from: EngineName;
  readonly to: EngineName;
  /** What was looked at. */
  readonly compared: { readonly pods: number; readonly nodes: number; readonly policies: number; readonly services: number };
  /** Policies first, each kind by namespace and name. */
  readonly objects: readonly ChangedObject[];
  /** Pairs of ends of which some traffic changes, each counted once. */
  readonly pairs: Readonly<Record<FlowChange, number>>;
  /** For policies that lose flows, by namespace and name. */
  readonly patches: readonly PolicyPatch[];
  /** Absent where no patch changes anything. */
  readonly afterPatches?: PatchedMeaning;
  /** What the new engine cannot do for this cluster at all. */
  readonly obstacles: readonly string[];
  /** What else changes, and what the comparison does not tell. */
  readonly notes: readonly string[];
  /** Objects that are not valid: policies among them are closed with every engine. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Whether anything is different with the new engine. */
export function changesAnything({ objects, obstacles }: MigrationReport): boolean {
  return objects.length > 0 || obstacles.length > 0;
}
