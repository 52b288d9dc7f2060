/** The pods that nothing closes while no rule is about them. */
import { appliesToPods, type Direction, type Policy, type PolicyWorld } from '@weir/model';
import { BitSet } from '@weir/net';
import type { PodSets } from './pod-sets.ts';

/** Whether a policy has a say for the pods that it selects. */
export function isEnforced(policy: Policy): boolean {
  return !policy.staged && appliesToPods(policy);
}

/** The pods that the end of no tier closes. */
export function openPods(world: PolicyWorld, sets: PodSets, direction: Direction): BitSet {
  const ofSets = opened[direction].get(world) ?? new Map<PodSets, BitSet>();
  opened[direction].set(world, ofSets);
  let open = ofSets.get(sets);
  if (open === undefined) {
    open = BitSet.full(sets.size);
    for (const { end, policies } of world.tiers)
      if (end === 'deny')
        for (const policy of policies)
          if (policy[direction]?.isolates === true && isEnforced(policy)) sets.labelled(policy.subject).deleteFrom(open);
    ofSets.set(sets, open);
  }
  return open;
}

/** Of worlds that many edits share. */
const opened: Readonly<Record<Direction, WeakMap<PolicyWorld, Map<PodSets, BitSet>>>> = { ingress: new WeakMap(), egress: new WeakMap() };
