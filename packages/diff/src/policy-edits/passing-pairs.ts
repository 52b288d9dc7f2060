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
import { isEnforced, type OpenPods } from './open-pods.ts';
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
  readonly open: Readonly<Record<Direction, OpenPods>>;
  /** So many owners are asked one by one sooner than all rules are. */
  readonly fewOwners: number;
}

/** A rule that may let some traffic pass. */
interface PassingRule {
  readonly rule: Rule;
  /** The pods that may be its destination; undefined: all. */
  readonly destinations: BitSet | undefined;
}

/** So many peers are asked one by one sooner than all rules are indexed. */
const fewPeers = 200;

/** Pairs of owners and peers. */
export class PassingPairs {
  readonly #sources: PassingSources;
  readonly #asked: AskedTraffic;
  readonly #everybody: BitSet;
  readonly #isFew: boolean;
  /** The peers that let everybody pass, where many are asked about. */
  #openPeers: BitSet | undefined;
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
    const { ends } = sources;
    this.#everybody = BitSet.full(ends.all.length);
    this.#anybody = PlaceSet.ofBits(this.#everybody);
    this.#some = this.#everybody.copy();
    this.#answering = this.#everybody.copy();
    const owners = ends.owners.members();
    const isFew = (this.#isFew = owners.length <= sources.fewOwners);
    if (isFew) for (const place of owners) this.#askOwn(defined(ends.pods[place], 'an owner has a place'));
    else this.#eachPolicy((policy) => this.#enterOwn(policy, ends.owners));
    // Of few owners it is found out when it is asked for.
    if (!isFew) this.#eachPolicy((policy) => this.#enterTheirs(policy, ends.owners));
  }

  /** Those of some peers with whom the owner may exchange the traffic; undefined where with none. */
  keep(owner: EditedEnd, peers: BitSet): BitSet | undefined {
    const letIn = this.#letIn[owner.place];
    const isOpen = this.#sources.open[this.#asked.direction].has(owner.place);
    if (!isOpen && letIn === undefined) return undefined;
    const some = this.#some;
    if (isOpen) some.become(peers);
    else {
      unite(some, letIn);
      some.retainAll(peers);
    }
    if (some.isEmpty) return undefined;
    if (this.#isFew) this.#keepOfFew(owner, some);
    else {
      unite(this.#answering, this.#lettingIn[owner.place]);
      this.#answering.addAll((this.#openPeers ??= this.#openEnds()));
      some.retainAll(this.#answering);
    }
    return some.isEmpty ? undefined : some.copy();
  }

  /** Few peers are asked one by one; of many it is found by an index who has rules about the owner. */
  #keepOfFew(owner: EditedEnd, peers: BitSet): void {
    const { open, sets, ends } = this.#sources;
    const pods = peers.members().filter((place) => place < sets.size);
    if (pods.length > fewPeers) {
      if (this.#lettingIn[owner.place] === undefined) this.#askTheirs(owner);
      unite(this.#answering, this.#lettingIn[owner.place]);
      this.#answering.addAll((this.#openPeers ??= this.#openEnds()));
      peers.retainAll(this.#answering);
      return;
    }
    for (const place of pods) {
      const peer = defined(ends.pods[place], 'a pod has a place');
      if (!open[this.#others].has(place) && !this.#mayLetIn(peer, owner)) peers.delete(place);
    }
  }

  /** Whether a peer has a rule that may let some of the traffic with the owner pass. */
  #mayLetIn(peer: EditedEnd, owner: EditedEnd): boolean {
    const { compared, ends, endsOf } = this.#sources;
    const others = this.#others;
    const { before, after } = selectingSides(compared, ends, peer);
    const isPassing = (rule: Rule): boolean => {
      const passing = this.#passing(rule);
      if (passing === undefined) return false;
      const destination = this.#asked.direction === 'ingress' ? owner : peer;
      return passing.destinations?.has(destination.place) !== false && endsOf[others].mayMatch(rule, owner);
    };
    return (before === after ? before : [...before, ...after]).some(({ policies }) =>
      policies.some((policy) => policy[others]?.rules.some(isPassing) === true),
    );
  }

  get #others(): Direction {
    return this.#asked.direction === 'ingress' ? 'egress' : 'ingress';
  }

  /** Pods that nobody closes, and everybody who is no pod. */
  #openEnds(): BitSet {
    const { open, sets } = this.#sources;
    const ends = this.#everybody.without(BitSet.full(sets.size));
    ends.addAll(open[this.#others].all());
    return ends;
  }

  /** What the policies of one owner say. */
  #askOwn(owner: EditedEnd): void {
    const { compared, ends } = this.#sources;
    const { before, after } = selectingSides(compared, ends, owner);
    for (const policy of new Set([...before, ...after].flatMap(({ policies }) => policies))) this.#enterOwn(policy, this.#alone(owner));
  }

  /** What policies of others say about one owner. */
  #askTheirs(owner: EditedEnd): void {
    const { compared, changed, endsOf } = this.#sources;
    const others = this.#others;
    const one = this.#alone(owner);
    ruleIndexOf(compared.before.world, others).eachAbout(defined(owner.joint.after, 'every end is on both sides'), ({ policy, rule }) => {
      if (!isEnforced(policy) || !endsOf[others].mayMatch(rule, owner)) return;
      const passing = this.#passing(rule);
      if (passing !== undefined) this.#enterRule(policy, passing, one);
    });
    for (const policy of changed) if (isEnforced(policy)) this.#enterTheirs(policy, one);
  }

  #alone({ place }: EditedEnd): BitSet {
    const one = BitSet.empty(this.#sources.ends.pods.length);
    one.add(place);
    return one;
  }

  #eachPolicy(then: (policy: Policy) => void): void {
    const { compared, changed } = this.#sources;
    for (const { policies } of compared.before.world.tiers) for (const policy of policies) if (isEnforced(policy)) then(policy);
    for (const policy of changed) if (isEnforced(policy)) then(policy);
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

  #enterTheirs(policy: Policy, owners: BitSet): void {
    for (const rule of policy[this.#others]?.rules ?? []) {
      const passing = this.#passing(rule);
      if (passing !== undefined) this.#enterRule(policy, passing, owners);
    }
  }

  #enterRule(policy: Policy, { rule, destinations }: PassingRule, owners: BitSet): void {
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
