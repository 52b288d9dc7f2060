/** Flows whose verdict changes, in the shape in which they are found: blocks of classes, with what makes the difference. */
import type { Direction, Policy, Rule } from '@weir/model';
import type { EndClass } from './end-classes.ts';
import type { TrafficClass } from './traffic-classes.ts';

/** What becomes of a flow: allowed today and denied then, or denied today and allowed then. */
export type FlowChange = 'lost' | 'gained';

/** What makes the difference for some flows. */
export type Difference =
  /** A rule that matches in the world that allows, and not in the other. */
  | { readonly kind: 'rule'; readonly rule: Rule; readonly peers: EndClass['kind'] }
  /** A policy that isolates in the world that denies, and not in the other, or where none does one that denies by a rule. */
  | { readonly kind: 'isolation'; readonly policy: Policy }
  /** A pod reaches its own node in the world that allows; the policy isolates it in the other. */
  | { readonly kind: 'own node'; readonly policy: Policy };

/** Flows between all ends of two sets of classes, with traffic of some classes. */
export interface FlowBlock {
  readonly sources: readonly number[];
  readonly destinations: readonly number[];
  readonly traffic: readonly TrafficClass[];
}

/** The flows that one rule or policy makes different. */
export interface ChangedFlows {
  readonly change: FlowChange;
  readonly direction: Direction;
  readonly difference: Difference;
  /** Whether these are flows between pods and the nodes that they run on; else none is. */
  readonly ownNode: boolean;
  readonly blocks: readonly FlowBlock[];
}

/** A text for a policy that is the same in both worlds, in whichever version and form of its API it was read. */
export function policyKey({ ref: { apiVersion, kind, namespace = '', name } }: Pick<Policy, 'ref'>): string {
  const [group = ''] = apiVersion.split('/');
  return `${kind}.${group.replace(/^crd\./, '')} ${namespace}/${name}`;
}
