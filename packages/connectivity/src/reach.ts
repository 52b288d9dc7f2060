/**
 * Which ends a class of pods may exchange traffic with in one world and one direction, for a whole set
 * of ends at a time: the walk of `evaluate` through tiers, policies and rules, on sets instead of pairs.
 *
 * ```
 *   classes under the same policies ─▶ traffic that their rules treat alike ─▶ one walk ─▶ a row of peers
 * ```
 *
 * Rows have bounds: the peers that are allowed for certain, and those that are so if missing facts are as they may be.
 * What holds for pairs alone is left to the caller: a pod reaches itself, its node reaches it, and with
 * some engines it reaches its node.
 */

import { asksOfEnd, type Direction, type Policy, type PolicyWorld, type Rule, type SelectingTier, unorderedAmong } from '@weir/model';
import { addToGroup, BitSet } from '@weir/net';
import { type Bounds, known } from './bounds.ts';
import type { EndClasses } from './end-classes.ts';
import { RowWalk } from './row-walk.ts';
import { type MatchedTraffic, type PlannedRule, RuleRows } from './rule-rows.ts';
import type { TrafficClass } from './traffic-classes.ts';

/** What both worlds of a comparison divide alike. */
export interface ReachOver {
  readonly ends: EndClasses;
  readonly traffic: readonly TrafficClass[];
}

/** Classes of pods under the same policies, and their row. */
export interface AlikePeers {
  readonly members: BitSet;
  /** One of them, and whether it is the only one. */
  readonly first: number;
  readonly isOne: boolean;
  readonly row: Bounds;
}

/** A walk through tiers for some classes of pods, and traffic that their rules treat alike. */
export interface AlikeWalk {
  readonly direction: Direction;
  /** The classes, and one of them. */
  readonly members: BitSet;
  readonly first: number;
  readonly tiers: readonly SelectingTier[];
  readonly traffic: readonly TrafficClass[];
  /** The rules that may match a peer of this traffic, in the order in which they are asked. */
  readonly rules: readonly WalkedRule[];
}

/** A rule of a walk. */
interface WalkedRule {
  /** Its tier, by its place among those of the walk. */
  readonly tier: number;
  readonly policy: Policy;
  readonly rule: Rule;
}

/** Reach in one world. */
export class Reach {
  readonly #world: PolicyWorld;
  readonly #ends: EndClasses;
  readonly #places: ReadonlyMap<TrafficClass, number>;
  readonly #rules: RuleRows;
  readonly #traits: Map<Policy, PolicyTraits> = new Map();
  readonly #kinds: OwnerKind[] = [];
  readonly #kindOf: readonly (OwnerKind | undefined)[];
  readonly #numbers: Map<BitSet, number> = new Map();
  readonly #full: BitSet;
  /** What everybody's policies come to that let nobody pass for certain and nobody perhaps: one object, so that nothing has to be counted. */
  readonly nobody: Bounds;
  readonly #rowWalk: RowWalk;
  #lastTraffic: TrafficClass | undefined;
  #lastPlace = -1;

  constructor(world: PolicyWorld, over: ReachOver) {
    const { ends, traffic } = over;
    this.#world = world;
    this.#ends = ends;
    this.#places = new Map(traffic.map((one, at) => [one, at]));
    this.#rules = new RuleRows(world, over);
    this.#full = BitSet.full(ends.classes.length);
    this.#rowWalk = new RowWalk(this.#full);
    this.nobody = this.#rowWalk.nobodyAllowed;
    this.#kindOf = this.#findKinds();
  }

  /** A number that classes have in common for which the same policies speak, with the same meaning. */
  kindOf(owner: number): number {
    return this.#kindOf[owner]?.id ?? -1;
  }

  /** The peers of the class that its policies let it talk to; all of them for what is no pod. The same set for traffic that its rules treat alike. */
  allowed(owner: number, direction: Direction, traffic: TrafficClass): BitSet {
    return this.bounds(owner, direction, traffic).certain;
  }

  /** The same with what is not known; the same object for traffic that its rules treat alike. */
  bounds(owner: number, direction: Direction, traffic: TrafficClass): Bounds {
    const kind = this.#kindOf[owner];
    return kind === undefined ? known(this.#full) : this.#boundsOf(kind, direction, this.#placeOf(traffic));
  }

  /** What pods let pass of this traffic, by classes that their policies treat alike; those that let nobody pass are left out. */
  rowsOf(direction: Direction, traffic: TrafficClass): readonly AlikePeers[] {
    const place = this.#placeOf(traffic);
    const found: AlikePeers[] = [];
    for (const kind of this.#kinds) {
      const row = this.#boundsOf(kind, direction, place);
      if (row !== this.nobody) found.push({ members: kind.members, first: kind.first, isOne: kind.isOne, row });
    }
    return found;
  }

  /** What the peers themselves let pass for certain, by traffic that is the same to all of them. */
  answersOf(
    peers: BitSet,
    direction: Direction,
    traffic: readonly TrafficClass[],
  ): { readonly answers: PeerAnswers; readonly traffic: TrafficClass[] }[] {
    const pods = peers.and(this.#ends.pods);
    const asked = this.#kinds.flatMap((kind) => {
      const members = kind.members.and(pods);
      return members.isEmpty ? [] : [{ kind, members }];
    });
    const others = peers.without(this.#ends.pods);
    const found = new Map<string, { readonly answers: PeerAnswers; readonly traffic: TrafficClass[] }>();
    for (const one of traffic) {
      const rows = asked.map(({ kind }) => this.#boundsOf(kind, direction, this.#placeOf(one)).certain);
      const key = rows.map((row) => this.#numberOf(row)).join();
      const same = found.get(key);
      if (same !== undefined) same.traffic.push(one);
      else
        found.set(key, {
          answers: new PeerAnswers(
            asked.map(({ members }, i) => ({ members, row: rows[i] ?? this.#full })),
            others,
          ),
          traffic: [one],
        });
    }
    return [...found.values()];
  }

  /** The rules of the class's policies with the peers that each matches for certain; in the order in which they are asked. */
  matches(
    owner: number,
    direction: Direction,
    traffic: TrafficClass,
  ): { readonly policy: Policy; readonly rule: Rule; readonly peers: BitSet }[] {
    const place = this.#placeOf(traffic);
    return (this.#kindOf[owner]?.tiers ?? []).flatMap(({ policies }) =>
      policies.flatMap((policy) =>
        (policy[direction]?.rules ?? []).flatMap((rule) => {
          const peers = this.#rules.match(this.#rules.planned(rule, direction), owner, place)?.certain;
          return peers === undefined || peers.isEmpty ? [] : [{ policy, rule, peers }];
        }),
      ),
    );
  }

  /** The policies that isolate the class in the direction. */
  isolating(owner: number, direction: Direction): readonly Policy[] {
    const tiers = this.#kindOf[owner]?.tiers ?? [];
    return tiers.flatMap(({ policies }) => policies.filter((policy) => policy[direction]?.isolates === true));
  }

  /** Every walk through the policies of pods: for each kind of classes one for all traffic that its rules treat alike. */
  walks(direction: Direction): AlikeWalk[] {
    return this.#kinds.flatMap((kind) => {
      const { groupOf, groups } = this.#rowsIn(kind, direction);
      const found = new Map<number, TrafficClass[]>();
      for (const [traffic, place] of this.#places) {
        const group = groupOf[place] ?? -1;
        addToGroup(found, group, traffic);
      }
      const { first, members, tiers } = kind;
      return [...found].map(([group, traffic]): AlikeWalk => {
        const rules = (groups[group]?.rules ?? []).map(({ tier, policy, planned }) => ({ tier, policy, rule: planned.rule }));
        return { direction, first, members, tiers, traffic, rules };
      });
    });
  }

  /** The peers that a rule of the walk's policies matches; undefined when its ports or protocol match none. */
  matched(rule: Rule, { first, direction, traffic }: AlikeWalk): Bounds | undefined {
    const [one] = traffic;
    return one === undefined ? undefined : this.#rules.match(this.#rules.planned(rule, direction), first, this.#placeOf(one));
  }

  #findKinds(): (OwnerKind | undefined)[] {
    const { classes } = this.#ends;
    const found = new Map<string, OwnerKind>();
    return classes.map(({ kind, ends }, at) => {
      const [first] = ends;
      if (kind !== 'pods' || first?.kind !== 'endpoint') return undefined;
      const tiers = this.#world.selecting(first.endpoint);
      const traits = tiers.flatMap((tier) => tier.policies.map((policy) => this.#traitsOf(policy)));
      const names = traits.some(({ usesOwnNames }) => usesOwnNames) ? JSON.stringify(first.endpoint.namedPorts) : '';
      // Policies that ask about the owner itself speak for each in another way.
      const own = traits.some(({ asksOfOwner }) => asksOfOwner) ? at : '';
      const key = `${traits.map(({ id }) => id).join()} ${names} ${own}`;
      let same = found.get(key);
      if (same === undefined) {
        same = {
          id: found.size,
          first: at,
          tiers,
          isOne: true,
          members: BitSet.empty(classes.length),
          ingress: undefined,
          egress: undefined,
        };
        found.set(key, same);
        this.#kinds.push(same);
      } else same.isOne = false;
      same.members.add(at);
      return same;
    });
  }

  #boundsOf(kind: OwnerKind, direction: Direction, place: number): Bounds {
    const { groupOf, groups, tierEnds } = this.#rowsIn(kind, direction);
    const group = groups[groupOf[place] ?? -1];
    if (group === undefined) throw new RangeError('reach is asked about traffic that it does not know');
    group.row ??= tierEnds === undefined ? this.nobody : this.#walk(group.rules, kind.first, place, tierEnds);
    return group.row;
  }

  /** Two fields by their names: a million times a field by a name that varies would be most of the time that rows take which are there. */
  #rowsIn(kind: OwnerKind, direction: Direction): AlikeRows {
    if (direction === 'ingress') return (kind.ingress ??= this.#groupTraffic(kind, direction));
    return (kind.egress ??= this.#groupTraffic(kind, direction));
  }

  /** Divides the traffic by what the kind's rules make of it: one rule after the other splits what it tells apart. */
  #groupTraffic({ tiers, first }: OwnerKind, direction: Direction): AlikeRows {
    const groupOf = new Int32Array(this.#places.size);
    const groups: AlikeTraffic[] = [{ rules: [], row: undefined }];
    for (const [tier, { policies }] of tiers.entries()) {
      for (const policy of policies) {
        for (const planned of this.#traitsOf(policy).rules[direction])
          this.#split(groupOf, groups, { tier, policy, planned, matched: this.#rules.matchedTraffic(planned, first) });
      }
    }
    const isUnordered =
      unorderedAmong(
        tiers.flatMap(({ policies }) => policies),
        direction,
      ).length > 0;
    const tierEnds = tiers.map(
      ({ tier, policies }) => tier.end === 'deny' && policies.some((policy) => policy[direction]?.isolates === true),
    );
    return { groupOf, groups, tierEnds: isUnordered ? undefined : tierEnds };
  }

  #split(
    groupOf: Int32Array,
    groups: AlikeTraffic[],
    { matched, ...one }: AskedRule & { readonly matched: readonly MatchedTraffic[] },
  ): void {
    const startOf = (group: number): number => groups.push({ rules: [...(groups[group]?.rules ?? []), one], row: undefined }) - 1;
    const [only] = matched;
    if (only !== undefined && matched.length === 1) {
      groupOf[only.place] = startOf(groupOf[only.place] ?? 0);
      return;
    }
    const splits = new Map<number, number>();
    for (const { place, variant } of matched) {
      const group = groupOf[place] ?? 0;
      const key = group * (this.#places.size + 1) + variant + 1;
      let split = splits.get(key);
      if (split === undefined) splits.set(key, (split = startOf(group)));
      groupOf[place] = split;
    }
  }

  #walk(rules: readonly AskedRule[], owner: number, place: number, tierEnds: readonly boolean[]): Bounds {
    this.#rowWalk.begin();
    let next = 0;
    for (let tier = 0; tier < tierEnds.length; tier++) {
      for (let asked = rules[next]; asked?.tier === tier; asked = rules[++next]) {
        const matched = this.#rules.match(asked.planned, owner, place);
        if (matched !== undefined) this.#rowWalk.rule(asked.planned.rule.action, matched);
      }
      this.#rowWalk.endTier(tierEnds[tier] === true);
    }
    return this.#rowWalk.end();
  }

  #placeOf(traffic: TrafficClass): number {
    // Whoever asks about all pairs asks about one traffic after the other, a million times.
    if (traffic !== this.#lastTraffic) {
      this.#lastTraffic = traffic;
      this.#lastPlace = this.#places.get(traffic) ?? -1;
    }
    return this.#lastPlace;
  }

  #numberOf(row: BitSet): number {
    let number = this.#numbers.get(row);
    if (number === undefined) this.#numbers.set(row, (number = this.#numbers.size));
    return number;
  }

  #traitsOf(policy: Policy): PolicyTraits {
    let traits = this.#traits.get(policy);
    if (traits === undefined) {
      const usesOwnNames = (policy.ingress?.rules ?? []).some(asksForOwnNames);
      const rulesOf = (direction: Direction): PlannedRule[] =>
        (policy[direction]?.rules ?? []).filter(({ action }) => action !== 'log').map((rule) => this.#rules.planned(rule, direction));
      const rules = { ingress: rulesOf('ingress'), egress: rulesOf('egress') };
      traits = { id: this.#traits.size, usesOwnNames, asksOfOwner: speaksOfOwner(policy), rules };
      this.#traits.set(policy, traits);
    }
    return traits;
  }
}

/** What of a policy tells its owners apart, and its rules. */
interface PolicyTraits {
  readonly id: number;
  readonly usesOwnNames: boolean;
  readonly asksOfOwner: boolean;
  /** What logs is left out. */
  readonly rules: Readonly<Record<Direction, readonly PlannedRule[]>>;
}

/** What classes of pods under the same policies share. */
interface OwnerKind {
  readonly id: number;
  /** One of them, and whether it is the only one. */
  readonly first: number;
  isOne: boolean;
  readonly members: BitSet;
  readonly tiers: readonly SelectingTier[];
  /** Made when they are asked for. */
  ingress: AlikeRows | undefined;
  egress: AlikeRows | undefined;
}

/** Groups of traffic that a kind's rules treat alike, and the group of each traffic by its place. */
interface AlikeRows {
  readonly groupOf: Int32Array;
  readonly groups: readonly AlikeTraffic[];
  /** Of each tier whether it denies what no rule of it decided; absent: nobody has ordered the policies. */
  readonly tierEnds: readonly boolean[] | undefined;
}

interface AlikeTraffic {
  /** Those that may match a peer, in order. */
  readonly rules: readonly AskedRule[];
  /** Made when it is asked for. */
  row: Bounds | undefined;
}

/** A rule, and its tier by its place among those of the kind. */
interface AskedRule {
  readonly tier: number;
  readonly policy: Policy;
  readonly planned: PlannedRule;
}

function asksForOwnNames({ match: { destination } }: Rule): boolean {
  return destination.namedPorts !== undefined || destination.notNamedPorts !== undefined;
}

/** What some peers let pass. */
class PeerAnswers {
  readonly #kinds: readonly { readonly members: BitSet; readonly row: BitSet }[];
  readonly #others: BitSet;

  constructor(kinds: readonly { readonly members: BitSet; readonly row: BitSet }[], others: BitSet) {
    this.#kinds = kinds;
    this.#others = others;
  }

  /** Those of the peers that let flows with this end pass: a set of the caller's own. */
  allowing(end: number): BitSet {
    const allowing = this.#others.copy();
    for (const { members, row } of this.#kinds) if (row.has(end)) allowing.addAll(members);
    return allowing;
  }
}

/** Whether a rule's answer differs between ends that have the same policies and named ports. */
function speaksOfOwner({ ingress, egress }: Policy): boolean {
  return (
    (ingress?.rules ?? []).some(({ match: { source, destination } }) => asksOfEnd(destination) || source.node !== undefined) ||
    (egress?.rules ?? []).some(
      ({ match: { source, destination } }) =>
        source.namedPorts !== undefined || source.notNamedPorts !== undefined || asksOfEnd(source) || destination.node !== undefined,
    )
  );
}
