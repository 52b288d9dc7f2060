/** The pods that nothing closes while no rule is about them. */
import { appliesToPods, type Direction, type Policy, type PolicyWorld } from '@weir/model';
import { BitSet } from '@weir/net';
import type { EditedEnd } from './edited-end.ts';
import { podSetsOf } from './pod-sets.ts';

/** Whether a policy has a say for the pods that it selects. */
export function isEnforced(policy: Policy): boolean {
  return !policy.staged && appliesToPods(policy);
}

/** So many pods are asked for one by one before all are. */
const fewPods = 500;

/** The pods that the end of no tier closes in one direction, on one of the sides at least. */
export class OpenPods {
  readonly #world: PolicyWorld;
  readonly #pods: readonly EditedEnd[];
  readonly #direction: Direction;
  readonly #young: BitSet;
  #asked = 0;
  #old: BitSet | undefined;

  /** Those of the old world, and those that are so in the new one alone. */
  constructor(
    world: PolicyWorld,
    pods: readonly EditedEnd[],
    { direction, young }: { readonly direction: Direction; readonly young: BitSet },
  ) {
    this.#world = world;
    this.#pods = pods;
    this.#direction = direction;
    this.#young = young;
    this.#old = opened[direction].get(world)?.get(pods);
  }

  has(place: number): boolean {
    return this.#young.has(place) || this.#isOld(place);
  }

  /** All of them. */
  all(): BitSet {
    this.#old ??= openPods(this.#world, this.#pods, this.#direction);
    return this.#old.or(this.#young);
  }

  #isOld(place: number): boolean {
    if (this.#old === undefined && ++this.#asked <= fewPods) return isOpen(this.#world, this.#pods[place], this.#direction);
    this.#old ??= openPods(this.#world, this.#pods, this.#direction);
    return this.#old.has(place);
  }
}

/** Whether the end of no tier closes a pod. */
export function isOpen(world: PolicyWorld, pod: EditedEnd | undefined, direction: Direction): boolean {
  const end = pod?.joint.after;
  return end?.kind === 'endpoint' && world.isolating(end.endpoint, direction).every((tier) => tier.end === 'pass');
}

function openPods(world: PolicyWorld, pods: readonly EditedEnd[], direction: Direction): BitSet {
  const sets = podSetsOf(pods);
  const open = BitSet.full(sets.size);
  for (const { end, policies } of world.tiers)
    if (end === 'deny')
      for (const policy of policies)
        if (policy[direction]?.isolates === true && isEnforced(policy)) sets.labelled(policy.subject).deleteFrom(open);
  const ofPods = opened[direction].get(world) ?? new WeakMap<readonly EditedEnd[], BitSet>();
  opened[direction].set(world, ofPods.set(pods, open));
  return open;
}

/** Of worlds that many edits share. */
const opened: Readonly<Record<Direction, WeakMap<PolicyWorld, WeakMap<readonly EditedEnd[], BitSet>>>> = {
  ingress: new WeakMap(),
  egress: new WeakMap(),
};
