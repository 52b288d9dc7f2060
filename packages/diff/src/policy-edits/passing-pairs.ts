/**
 * The peers with which pods may exchange some traffic at all, on either side of a comparison, in sets: of all others nothing
 * changes, whatever changed policies say of this traffic.
 *
 * ```
 *   rules about the traffic that do not deny ─▶ whom an owner's policies may let pass ┐
 *   and who is not isolated                  ─▶ whose policies may let it pass ───────┴▶ both
 * ```
 *
 * That is more than what passes: of order, ports in part and what decides first nothing is asked.
 */
import type { Direction, Policy, Rule } from '@weir/model';
import { BitSet, defined } from '@weir/net';
import type { ComparedSides } from '../joint-ends.ts';
import type { EditedEnd } from './edited-end.ts';
import { type EditedEnds, selectingSides } from './edited-ends.ts';
import type { EditedTraffic } from './edited-rules.ts';
import { isEnforced } from './open-pods.ts';
import { PlaceSet } from './place-set.ts';
import type { PodSets } from './pod-sets.ts';
import type { EndsOfRules } from './rule-ends.ts';
import { ruleIndexOf } from './rule-index.ts';

/** What is asked for passing pairs. */
export interface AskedTraffic {
  /** That in which owners are asked: of ingress they are the destinations. */
  readonly direction: Direction;
  readonly traffic: EditedTraffic;
}

/** What all questions of a comparison share. */
export interface PassingSources {
  readonly compared: ComparedSides;
  readonly ends: EditedEnds;
  readonly sets: PodSets;
  readonly endsOf: Readonly<Record<Direction, EndsOfRules>>;
  /** The policies of either side that say something else, or are not on the other. */
  readonly changed: readonly Policy[];
  /** The pods that the end of no tier closes, on one of the sides at least. */
  readonly open: Readonly<Record<Direction, BitSet>>;
  /** So many owners are asked one by one sooner than all rules are. */
  readonly fewOwners: number;
}

/** A rule that may let some traffic pass. */
interface PassingRule {
  readonly rule: Rule;
  /** The pods that may be its destination; undefined: all. */
  readonly destinations: BitSet | undefined;
}

/** Pairs of owners and peers. */
export class PassingPairs {
  readonly #sources: PassingSources;
  readonly #asked: AskedTraffic;
  readonly #everybody: BitSet;
  readonly #openPeers: BitSet;
  readonly #anybody: PlaceSet;
  /** Sets that are made anew at each question. */
  readonly #some: BitSet;
  readonly #answering: BitSet;
  /** By the place of an owner: those whom its rules are about, and those whose rules are about it. */
  readonly #letIn: (PlaceSet[] | undefined)[] = [];
  readonly #lettingIn: (PlaceSet[] | undefined)[] = [];

  constructor(sources: PassingSources, asked: AskedTraffic) {
    this.#sources = sources;
    this.#asked = asked;
    const { ends, sets, open } = sources;
    this.#everybody = BitSet.full(ends.all.length);
    this.#anybody = PlaceSet.ofBits(this.#everybody);
    this.#some = this.#everybody.copy();
    this.#answering = this.#everybody.copy();
    this.#openPeers = this.#everybody.without(BitSet.full(sets.size).without(open[this.#others]));
    const owners = ends.owners.members();
    if (owners.length <= sources.fewOwners) for (const place of owners) this.#askAbout(defined(ends.pods[place], 'an owner has a place'));
    else this.#askAll();
  }

  /** Those of some peers with whom the owner may exchange the traffic; undefined where with none. */
  keep({ place }: EditedEnd, peers: BitSet): BitSet | undefined {
    const [letIn, lettingIn] = [this.#letIn[place], this.#lettingIn[place]];
    const isOpen = this.#sources.open[this.#asked.direction].has(place);
    if (!isOpen && letIn === undefined) return undefined;
    const some = this.#some;
    if (isOpen) some.become(peers);
    else {
      unite(some, letIn);
      some.retainAll(peers);
    }
    if (some.isEmpty) return undefined;
    const answering = this.#answering;
    unite(answering, lettingIn);
    answering.addAll(this.#openPeers);
    some.retainAll(answering);
    return some.isEmpty ? undefined : some.copy();
  }

  get #others(): Direction {
    return this.#asked.direction === 'ingress' ? 'egress' : 'ingress';
  }

  /** What is about one owner, by indexes. */
  #askAbout(owner: EditedEnd): void {
    const { compared, ends, changed, endsOf } = this.#sources;
    const one = BitSet.empty(ends.pods.length);
    one.add(owner.place);
    const { before, after } = selectingSides(compared, ends, owner);
    for (const policy of new Set([...before, ...after].flatMap(({ policies }) => policies))) this.#enterOwn(policy, one);
    const others = this.#others;
    const enter = (policy: Policy, rule: Rule): void => {
      const passing = this.#passing(rule);
      if (passing !== undefined && (endsOf[others].of(rule).possible?.has(owner.place) ?? true)) this.#enterTheirs(policy, passing, one);
    };
    ruleIndexOf(compared.before.world, others).eachAbout(defined(owner.joint.after, 'every end is on both sides'), ({ policy, rule }) => {
      if (isEnforced(policy)) enter(policy, rule);
    });
    for (const policy of changed) if (isEnforced(policy)) for (const rule of policy[others]?.rules ?? []) enter(policy, rule);
  }

  /** What is about all owners, rule by rule. */
  #askAll(): void {
    const { compared, ends, changed } = this.#sources;
    const enter = (policy: Policy): void => {
      if (!isEnforced(policy)) return;
      this.#enterOwn(policy, ends.owners);
      for (const rule of policy[this.#others]?.rules ?? []) {
        const passing = this.#passing(rule);
        if (passing !== undefined) this.#enterTheirs(policy, passing, ends.owners);
      }
    };
    for (const { policies } of compared.before.world.tiers) for (const policy of policies) enter(policy);
    for (const policy of changed) enter(policy);
  }

  #enterOwn(policy: Policy, owners: BitSet): void {
    const { sets, endsOf } = this.#sources;
    const { direction } = this.#asked;
    for (const rule of policy[direction]?.rules ?? []) {
      const passing = this.#passing(rule);
      if (passing === undefined) continue;
      const { destinations } = passing;
      const possible = endsOf[direction].of(rule).possible ?? this.#anybody;
      const peers = direction === 'ingress' ? possible : only(possible, destinations, sets);
      for (const owner of sets.labelled(policy.subject).places())
        if (owners.has(owner) && (direction === 'egress' || destinations?.has(owner) !== false)) (this.#letIn[owner] ??= []).push(peers);
    }
  }

  #enterTheirs(policy: Policy, { rule, destinations }: PassingRule, owners: BitSet): void {
    const { sets, endsOf } = this.#sources;
    const { direction } = this.#asked;
    const possible = endsOf[this.#others].of(rule).possible ?? this.#anybody;
    const from = direction === 'ingress' ? only(possible, destinations, sets) : possible;
    const subject = sets.labelled(policy.subject);
    const peers = direction === 'egress' ? only(subject, destinations, sets) : subject;
    for (const owner of from.places()) if (owners.has(owner)) (this.#lettingIn[owner] ??= []).push(peers);
  }

  /** What is passed on may be let pass by what comes behind. */
  #passing(rule: Rule): PassingRule | undefined {
    if (rule.action === 'deny' || rule.action === 'log') return undefined;
    const concerned = this.#asked.traffic.concerns(rule);
    return concerned === false ? undefined : { rule, destinations: concerned === true ? undefined : concerned };
  }
}

/** Makes a set the union of others. */
function unite(union: BitSet, some: readonly PlaceSet[] = []): void {
  union.clear();
  for (const set of some) set.addTo(union);
}

/** Without pods that are not among those. */
function only(ends: PlaceSet, pods: BitSet | undefined, { size }: PodSets): PlaceSet {
  if (pods === undefined) return ends;
  const places = ends.places();
  return PlaceSet.of(
    places.filter((place) => place >= size || pods.has(place)),
    (places.at(-1) ?? 0) + 1,
  );
}
