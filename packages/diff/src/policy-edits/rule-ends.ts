/**
 * The ends that a rule matches as its peer, ports and protocols left out: for each rule found once, for all pods that it is of.
 *
 * ```
 *   a rule for labels   ─▶ sets of pods ┐
 *   a rule for blocks   ─▶ who has an address in them, one by one ─┼▶ ways in which it matches, each with its ends
 *   a rule for anything ─▶ everybody, one by one ─────────────────┘
 * ```
 */
import { type Direction, type FlowEnd, isGroupOfPorts, type PolicyWorld, type Rule, type Selector } from '@weir/model';
import { defined, type Family } from '@weir/net';
import type { EditedEnd } from './edited-end.ts';
import type { EditedEnds } from './edited-ends.ts';
import { asksOfOwner, EndAsker, type PeerQuestion, peerQuestion } from './peer-question.ts';
import { PlaceSet, unionOf } from './place-set.ts';
import { PodIndex, podIndexOf } from './pod-index.ts';
import { type PodSets, podSetsOf } from './pod-sets.ts';

/** A rule that matches, or may. */
export interface MatchedRule {
  readonly rule: Rule;
  readonly isCertain: boolean;
  /** On which ports alone it matches, as a text; '' where on all that it asks for. */
  readonly served: string;
}

/** One way in which a rule matches ends. */
export interface MatchedEnds {
  readonly matched: MatchedRule;
  readonly ends: PlaceSet;
}

/** What a rule matches. */
export interface RuleEnds {
  readonly rule: Rule;
  /** Disjoint; none where it depends on the pod that the rule is of, of which {@link EndsOfRules.matchedBy} tells. */
  readonly ways: readonly MatchedEnds[];
  /** Ends that it may match; undefined where it depends on the pod that the rule is of. */
  readonly possible: PlaceSet | undefined;
  /** Whether it asks for something of the pod that it is of. */
  readonly asksOwner: boolean;
  /** Whether labels alone tell whom it matches, so that it is the same in every comparison of these pods. */
  readonly isOfLabels: boolean;
}

/** The rules of one comparison in one direction. */
export class EndsOfRules {
  readonly #asker: EndAsker;
  readonly #world: PolicyWorld;
  readonly #direction: Direction;
  readonly #ends: EditedEnds;
  readonly #index: PodIndex;
  readonly #sets: PodSets;
  readonly #known: Map<Rule, RuleEnds> = new Map();
  #others: PodIndex | undefined;

  constructor(of: { readonly world: PolicyWorld; readonly family: Family; readonly direction: Direction }, ends: EditedEnds) {
    this.#world = of.world;
    this.#direction = of.direction;
    this.#asker = new EndAsker(of, of.direction);
    this.#ends = ends;
    this.#index = podIndexOf(ends.pods);
    this.#sets = podSetsOf(ends.pods);
  }

  /** What a rule matches. */
  of(rule: Rule): RuleEnds {
    let found = this.#known.get(rule);
    if (found === undefined) this.#known.set(rule, (found = this.#find(rule)));
    return found;
  }

  /** Whether a rule may match an end, whichever pod it is of: less than {@link of} where few ends are asked about. */
  mayMatch(rule: Rule, end: EditedEnd): boolean {
    const question = peerQuestion(rule, this.#direction);
    return question.asksNode || this.#asker.peerTruth(question, endOf(end)) !== 'no';
  }

  /** How a rule of a pod matches an end; undefined where it does not. */
  matchedBy(rule: Rule, end: EditedEnd, owner: EditedEnd): MatchedRule | undefined {
    const question = peerQuestion(rule, this.#direction);
    return this.#matched({ rule, question }, endOf(end), endOf(owner));
  }

  #find(rule: Rule): RuleEnds {
    const question = peerQuestion(rule, this.#direction);
    const asksOwner = asksOfOwner(rule, this.#direction) || question.asksNode;
    if (question.asksNode) return { rule, ways: [], possible: undefined, asksOwner, isOfLabels: false };
    if (question.selector !== undefined && question.rest === undefined && question.services === undefined) {
      if (this.#world.unknownNamespaces.size === 0) return this.#ofLabels(rule, asksOwner, question.selector);
      const { certain, possible } = this.#sets.selected(question.selector, this.#world);
      const ways: MatchedEnds[] = certain.isEmpty ? [] : [{ matched: { rule, isCertain: true, served: '' }, ends: certain }];
      if (possible !== certain && !possible.equals(certain))
        ways.push({ matched: { rule, isCertain: false, served: '' }, ends: possible.without(certain) });
      return { rule, ways, possible, asksOwner, isOfLabels: false };
    }
    const ways = this.#oneByOne(rule, question);
    const possible = unionOf(
      ways.map(({ ends }) => ends),
      this.#ends.all.length,
    );
    return { rule, ways, possible, asksOwner, isOfLabels: false };
  }

  /** What depends on labels alone is the same after each edit. */
  #ofLabels(rule: Rule, asksOwner: boolean, selector: Selector): RuleEnds {
    let ofPods = knownOfPods[this.#direction].get(this.#sets);
    if (ofPods === undefined) knownOfPods[this.#direction].set(this.#sets, (ofPods = new WeakMap<Rule, RuleEnds>()));
    let found = ofPods.get(rule);
    if (found === undefined) {
      const possible = this.#sets.labelled(selector);
      const ways = possible.isEmpty ? [] : [{ matched: { rule, isCertain: true, served: '' }, ends: possible }];
      ofPods.set(rule, (found = { rule, ways, possible, asksOwner, isOfLabels: true }));
    }
    return found;
  }

  #oneByOne(rule: Rule, question: PeerQuestion): readonly MatchedEnds[] {
    const ways = new Map<string, { readonly matched: MatchedRule; readonly places: number[] }>();
    for (const end of this.#candidates(rule)) {
      const asked = endOf(end);
      const matched = this.#matched({ rule, question }, asked, asked);
      if (matched === undefined) continue;
      const way = `${matched.isCertain} ${matched.served}`;
      let same = ways.get(way);
      if (same === undefined) ways.set(way, (same = { matched, places: [] }));
      same.places.push(end.place);
    }
    const inOrder = (places: readonly number[]): readonly number[] => [...new Set(places)].sort((a, b) => a - b);
    return [...ways.values()].map(({ matched, places }) => ({ matched, ends: PlaceSet.of(inOrder(places), this.#ends.all.length) }));
  }

  #matched(
    { rule, question }: { readonly rule: Rule; readonly question: PeerQuestion },
    end: FlowEnd,
    owner: FlowEnd,
  ): MatchedRule | undefined {
    const truth = this.#asker.peerTruth(question, end, owner);
    return truth === 'no' ? undefined : { rule, isCertain: truth === 'yes', served: this.#asker.servedBy(question, end) };
  }

  #candidates({ match }: Rule): readonly EditedEnd[] {
    const { selector, nets, groups } = this.#direction === 'ingress' ? match.source : match.destination;
    if (selector !== undefined) return this.#index.matching(selector, this.#world);
    if (nets === undefined || groups?.some(isGroupOfPorts) === true) return this.#ends.all;
    this.#others ??= new PodIndex(this.#ends.all.slice(this.#ends.pods.length));
    return [...this.#index.within(nets), ...this.#others.within(nets)];
  }
}

/** What rules for labels match, of pods that many edits share. */
const knownOfPods: Readonly<Record<Direction, WeakMap<PodSets, WeakMap<Rule, RuleEnds>>>> = {
  ingress: new WeakMap(),
  egress: new WeakMap(),
};

function endOf({ joint: { after } }: EditedEnd): FlowEnd {
  return defined(after, 'every end is on both sides');
}
