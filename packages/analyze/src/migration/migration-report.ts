/** What a change of the engine means for a cluster, in a shape for programs and for `render-migration`. */
import type { FlowChange, FlowGroup } from '@weir/connectivity';
import type { Diagnostic } from '@weir/kube';
import type { EngineName, SourcePosition } from '@weir/model';
import type { ChangeReason } from './change-causes.ts';
import type { PolicyPatch } from './propose-patches.ts';

type Verdict = 'allow' | 'deny';

/** What the engines say of flows that change so. */
export function verdictsOf(change: FlowChange): { readonly before: Verdict; readonly after: Verdict } {
  return change === 'lost' ? { before: 'allow', after: 'deny' } : { before: 'deny', after: 'allow' };
}

/** The flows that change for one reason, under one policy or service. */
export interface MeaningChange extends ChangeReason {
  readonly change: FlowChange;
  /** What the old engine says of each flow, and the new one. */
  readonly before: Verdict;
  readonly after: Verdict;
  /** IPv4 or IPv6. */
  readonly family: 4 | 6;
  /** Pairs of ends of which some traffic changes. */
  readonly pairs: number;
  /** The largest first; there may be more of them. */
  readonly flows: readonly FlowGroup[];
  /** How many groups were left out. */
  readonly omitted: number;
}

/** A policy or a service that changes its meaning. */
export interface ChangedObject {
  /** `Service`, or the kind of a policy. */
  readonly kind: string;
  /** Empty for policies of the whole cluster. */
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
