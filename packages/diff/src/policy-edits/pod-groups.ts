/**
 * Pods under the same policies, each group by a number: of few pods it is looked up which policies select each, of many a
 * policy after the other divides the pods that it selects from others.
 */
import type { Policy, PolicyWorld } from '@weir/model';
import type { ComparedSides } from '../joint-ends.ts';
import { policyKeys } from '../policy-keys.ts';
import type { EditedEnd } from './edited-end.ts';
import type { EditedEnds } from './edited-ends.ts';
import { isEnforced } from './open-pods.ts';
import { type PodSets, podSetsOf } from './pod-sets.ts';

/** What is compared. */
export interface AskedGroups {
  readonly compared: ComparedSides;
  readonly ends: Pick<EditedEnds, 'pods'>;
  readonly changed: readonly Policy[];
  /** How many pods are asked about. */
  readonly podCount: number;
}

/** So few pods are looked up one by one sooner than all are divided. */
const fewPods = 500;

/** The groups of both sides; those of the new side are told apart by what is changed alone, and those of the old one besides. */
export class PodGroups {
  readonly #before: (pod: EditedEnd) => string;
  readonly #after: Int32Array;

  constructor({ compared: { before }, ends, changed, podCount }: AskedGroups) {
    const sets = podSetsOf(ends.pods);
    this.#before = podCount <= fewPods ? keysBySelection(before.world) : keysByDivision(before.world, sets);
    this.#after = new Int32Array(sets.size);
    divide(this.#after, changed, sets);
  }

  /** That of a pod under the policies of the old side. */
  before(pod: EditedEnd): string {
    return this.#before(pod);
  }

  /** That of a pod under what is changed. */
  after({ place }: EditedEnd): number {
    return this.#after[place] ?? 0;
  }
}

function keysBySelection(world: PolicyWorld): (pod: EditedEnd) => string {
  const keyOf = policyKeys(world);
  return ({ joint: { before: end } }) => (end?.kind === 'endpoint' ? keyOf(end.endpoint) : '');
}

function keysByDivision(world: PolicyWorld, sets: PodSets): (pod: EditedEnd) => string {
  const groups = groupsOf(world, sets);
  return ({ place }) => `${groups[place] ?? 0}`;
}

/** Of worlds that many edits share. */
const known: WeakMap<PolicyWorld, Map<PodSets, Int32Array>> = new WeakMap();

function groupsOf(world: PolicyWorld, sets: PodSets): Int32Array {
  const ofSets = known.get(world) ?? new Map<PodSets, Int32Array>();
  known.set(world, ofSets);
  let groups = ofSets.get(sets);
  if (groups === undefined) {
    groups = new Int32Array(sets.size);
    for (const { policies } of world.tiers) divide(groups, policies, sets);
    ofSets.set(sets, groups);
  }
  return groups;
}

function divide(groups: Int32Array, policies: readonly Policy[], sets: PodSets): void {
  let last = groups.reduce((most, group) => Math.max(most, group), 0);
  for (const policy of policies) {
    if (!isEnforced(policy)) continue;
    const places = sets.labelled(policy.subject).places();
    // Who selects everybody tells nobody apart.
    if (places.length === sets.size) continue;
    const parts = new Map<number, number>();
    for (const place of places) {
      const whole = groups[place] ?? 0;
      let part = parts.get(whole);
      if (part === undefined) parts.set(whole, (part = ++last));
      groups[place] = part;
    }
  }
}
