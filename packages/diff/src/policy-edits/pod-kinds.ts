/**
 * Pods that all policies of both sides treat alike, whoever asks: where many pairs may change, one pod stands for its kind.
 *
 * ```
 *   whom each policy selects, whom each rule matches ─▶ each set divides the kinds that there were before it
 * ```
 */
import { type Direction, type Policy, systemOfEndpoint } from '@weir/model';
import { groupBy } from '@weir/net';
import type { ComparedSides } from '../joint-ends.ts';
import { type EditedEnd, portNamesOf } from './edited-end.ts';
import type { PlaceSet } from './place-set.ts';
import type { PodSets } from './pod-sets.ts';
import type { EndsOfRules } from './rule-ends.ts';

/** Ends by kinds. */
export interface EndKinds {
  /** Whether the end stands for its kind. */
  stands(end: EditedEnd): boolean;
  /** Those for which an end stands, itself first. */
  kindOf(end: EditedEnd): readonly EditedEnd[];
}

/** Every end stands for itself. */
export const eachAlone: EndKinds = { stands: () => true, kindOf: (end) => [end] };

/** What is divided. */
export interface DividedPods {
  readonly compared: ComparedSides;
  readonly pods: readonly EditedEnd[];
  readonly sets: PodSets;
  readonly endsOf: Readonly<Record<Direction, EndsOfRules>>;
  /** The policies that are not the old side's alone. */
  readonly changed: readonly Policy[];
}

/** The kinds; each alone where rules ask for more of a pod than whom they match. */
export function endKinds(divided: DividedPods): EndKinds {
  const { compared, pods, sets, endsOf, changed } = divided;
  const division = divisionOf(sets);
  const others: PlaceSet[] = [];
  for (const policy of [...compared.before.world.tiers.flatMap(({ policies }) => policies), ...changed]) {
    if (division.policies.has(policy)) continue;
    let isKept = true;
    division.by(sets.labelled(policy.subject));
    for (const direction of ['ingress', 'egress'] as const) {
      for (const rule of policy[direction]?.rules ?? []) {
        if (rule.action === 'log') continue;
        const { asksOwner, ways, isOfLabels } = endsOf[direction].of(rule);
        if (asksOwner) return eachAlone;
        // What depends on labels alone divides the pods in every comparison alike.
        if (isOfLabels) for (const { ends } of ways) division.by(ends);
        else {
          isKept = false;
          others.push(...ways.map(({ ends }) => ends));
        }
      }
    }
    if (isKept) division.policies.add(policy);
  }
  const own = division.copy();
  for (const set of others) own.by(set);
  return kindsOf(pods, own.groups);
}

function kindsOf(pods: readonly EditedEnd[], groups: Int32Array): EndKinds {
  const kinds = groupBy(pods, (pod) => {
    const { after } = pod.joint;
    return `${groups[pod.place] ?? 0} ${after?.kind === 'endpoint' ? systemOfEndpoint(after.endpoint) : ''} ${portNamesOf(pod)}`;
  });
  const members: (readonly EditedEnd[] | undefined)[] = [];
  for (const some of kinds.values()) if (some[0] !== undefined) members[some[0].place] = some;
  return {
    stands: ({ kind, place }) => kind !== 'pods' || members[place] !== undefined,
    kindOf: (end) => (end.kind === 'pods' ? (members[end.place] ?? []) : [end]),
  };
}

/** Pods, divided by one set after the other. */
class Division {
  /** What has divided them with all its rules. */
  readonly policies: WeakSet<Policy> = new WeakSet();
  readonly groups: Int32Array;
  readonly #seen: WeakSet<PlaceSet> = new WeakSet();
  #last: number;

  constructor(groups: Int32Array, last = 0) {
    this.groups = groups;
    this.#last = last;
  }

  copy(): Division {
    return new Division(this.groups.slice(), this.#last);
  }

  /** Divides; what is no pod is left out. */
  by(set: PlaceSet): void {
    if (this.#seen.has(set)) return;
    this.#seen.add(set);
    const parts = new Map<number, number>();
    for (const place of set.places()) {
      if (place >= this.groups.length) return;
      const whole = this.groups[place] ?? 0;
      let part = parts.get(whole);
      if (part === undefined) parts.set(whole, (part = ++this.#last));
      this.groups[place] = part;
    }
  }
}

/** By the sets that many edits share; those of policies that are gone divide more than they must. */
const divisions: WeakMap<PodSets, Division> = new WeakMap();

function divisionOf(sets: PodSets): Division {
  let division = divisions.get(sets);
  if (division === undefined) divisions.set(sets, (division = new Division(new Int32Array(sets.size))));
  return division;
}
