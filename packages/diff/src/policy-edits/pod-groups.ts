/** Pods under the same policies, each group by a number: a policy after the other divides the pods that it selects from others. */
import type { Policy, PolicyWorld } from '@weir/model';
import type { Side } from '../both-sides.ts';
import type { ComparedSides } from '../joint-ends.ts';
import type { EditedEnds } from './edited-ends.ts';
import { isEnforced } from './open-pods.ts';
import { type PodSets, podSetsOf } from './pod-sets.ts';

/** Of each side by the places of pods; the groups of the new side are told apart by what is changed alone, and those of the old one besides. */
export function podGroupsOf({ compared, ends, changed }: AskedGroups): Readonly<Record<Side, Int32Array>> {
  const sets = podSetsOf(ends.pods);
  const young = new Int32Array(sets.size);
  divide(young, changed, sets);
  return { before: groupsOf(compared.before.world, sets), after: young };
}

/** What is compared. */
export interface AskedGroups {
  readonly compared: ComparedSides;
  readonly ends: Pick<EditedEnds, 'pods'>;
  readonly changed: readonly Policy[];
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
