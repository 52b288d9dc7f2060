/** What came of a rehearsal. */
import type { EngineName } from '@weir/model';
import type { MeasuredChange } from './measured-change.ts';
import type { RehearsedFlow } from './rehearsal-probes.ts';

/** What was measured on one engine. */
export interface RehearsedEngine {
  readonly engine: EngineName;
  readonly tried: number;
  /** Where the connection did not do what the manifests say, read by the engine's profile. */
  readonly disagreements: readonly RehearsedFlow[];
  /** What of its lab is not as the manifests have it, so that what was tried there says less than it seems. */
  readonly faults: readonly string[];
}

/** The outcome. */
export interface Rehearsal {
  readonly pods: number;
  readonly nodes: number;
  /** Addresses outside that were tried as the old engine. */
  readonly hosts: number;
  /** Pods that are left out. */
  readonly omittedPods: number;
  /** Kinds of pods of which none is there. */
  readonly omittedKinds: number;
  /** What of the cluster was not tried, because a lab cannot. */
  readonly limits: readonly string[];
  readonly engines: readonly RehearsedEngine[];
  readonly changed: MeasuredChange;
  /** With the patches; absent where there is none. */
  readonly patched?: MeasuredChange & Pick<RehearsedEngine, 'tried' | 'disagreements' | 'faults'>;
}

/** Whether a lab was other than it was meant to be, so that the rehearsal proves nothing. */
export function isFaulty({ engines, patched }: Rehearsal): boolean {
  return [...engines, ...(patched === undefined ? [] : [patched])].some(({ faults }) => faults.length > 0);
}

/** Whether a connection did something else than computed. */
export function disagrees({ engines, patched }: Rehearsal): boolean {
  return [...engines, ...(patched === undefined ? [] : [patched])].some(({ disagreements }) => disagreements.length > 0);
}
