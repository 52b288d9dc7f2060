/**
 * The peers of owners, divided by which rules of the owners' policies match them.
 *
 * ```
 *   a rule ─▶ pods that an index finds, nodes, the outside ─▶ those that it matches, once for all owners
 *   the rules of an owner's policies, one after the other ─▶ a list of them for each peer ─▶ peers with equal lists
 * ```
 */
import type { Direction, FlowEnd, Policy, PolicyWorld, Rule } from '@weir/model';
import { addToGroup, defined, type Family, groupBy } from '@weir/net';
import type { EditedEnd } from './edited-ends.ts';
import { emptyList, ListsOfEnds } from './number-lists.ts';
import { asksOfOwner, EndAsker, type PeerQuestion, peerQuestion } from './peer-question.ts';
import type { MatchedRule, PeerMatch } from './peer-rules.ts';
import type { PodIndex } from './pod-index.ts';

/** Peers that the rules of owners treat alike. */
export interface PeerKind {
  /** The number of the rules that match them: the same for peers that are treated alike. */
  readonly list: number;
  readonly match: PeerMatch['rules'];
  readonly peers: readonly EditedEnd[];
}

/** The kinds of peers of an owner that are worth looking at. */
export interface KindsOfPeers {
  /** By the rules of policies that are not changed, too. */
  readonly touched: readonly PeerKind[];
  /** By the rules of changed policies alone, where {@link PeerKinds.isTouched} does not say that they are among the others; the same arrays for owners under the same changed policies. */
  readonly others: readonly PeerKind[];
}

/** Peers that are worth looking at by what changed policies say, with the lists of their rules; -1 for those that are not. */
interface ChangedPeers {
  readonly listOf: Int32Array;
  readonly kinds: readonly PeerKind[];
}

/** Whose rules, and which peers. */
export interface PeersOfOwner {
  /** The policies that select the owner, those of the old side first. */
  readonly policies: ReadonlySet<Policy>;
  readonly owner: FlowEnd;
  /** Of which of them the rules make peers worth looking at. */
  readonly changed: ReadonlySet<Policy>;
  /** Whether all peers are worth it, whatever matches them. */
  readonly isAboutAll: boolean;
  /** Peers that are worth looking at whatever matches them. */
  readonly always: Iterable<EditedEnd>;
}

/** Ends that a rule matches in one way, and its number. */
interface MatchedEnds {
  readonly number: number;
  readonly ends: readonly EditedEnd[];
}

/** A rule of an owner that it is of, for certain or perhaps. */
interface AskedRule {
  readonly policy: Policy;
  readonly rule: Rule;
  readonly question: PeerQuestion;
  readonly isSurelyOwn: boolean;
}

/** All ends, and how pods among them are found. */
export interface SearchedEnds {
  readonly all: readonly EditedEnd[];
  readonly index: PodIndex;
}

/** Divides peers in one direction. */
export class PeerKinds {
  readonly #world: PolicyWorld;
  readonly #direction: Direction;
  readonly #asker: EndAsker;
  readonly #ends: SearchedEnds;
  readonly #others: readonly EditedEnd[];
  readonly #isIn: (end: EditedEnd) => boolean;
  readonly #matched: { readonly policy: Policy; readonly matched: MatchedRule }[] = [];
  readonly #ofPolicies: Map<Policy, readonly MatchedEnds[]> = new Map();
  readonly #lists: ListsOfEnds;
  readonly #ofChanged: Map<string, ChangedPeers> = new Map();
  #last: ChangedPeers | undefined;
  readonly #matches: Map<number, PeerMatch['rules']> = new Map();

  /** Peers are those of the ends that are in. */
  constructor(
    of: { readonly world: PolicyWorld; readonly family: Family; readonly direction: Direction },
    ends: SearchedEnds,
    isIn: (end: EditedEnd) => boolean,
  ) {
    this.#world = of.world;
    this.#direction = of.direction;
    this.#asker = new EndAsker(of, of.direction);
    this.#ends = ends;
    this.#others = ends.all.filter(({ kind }) => kind !== 'pods');
    this.#isIn = isIn;
    this.#lists = new ListsOfEnds(ends.all.length);
  }

  /** The peers of an owner that are worth looking at, by kinds. */
  of(asked: PeersOfOwner): KindsOfPeers {
    const { policies, owner } = asked;
    this.#lists.begin();
    const changed = (this.#last = this.#changedPeers(asked));
    if (changed.kinds.length === 0) return { touched: [], others: [] };
    const touched: EditedEnd[] = [];
    for (const policy of policies) {
      if (asked.changed.has(policy)) continue;
      for (const { number, ends } of this.#matching(policy, owner)) {
        for (const end of ends) {
          const list = changed.listOf[end.place] ?? -1;
          if (list < 0) continue;
          if (this.#lists.enter(end.place, list)) touched.push(end);
          this.#lists.add(end.place, number);
        }
      }
    }
    const kinds = new Map<number, EditedEnd[]>();
    for (const end of touched) addToGroup(kinds, this.#lists.of(end.place), end);
    return { touched: this.#kindsOf(kinds), others: changed.kinds };
  }

  /** Of the owner that was asked about last: whether rules of policies that are not changed match the peer. */
  isTouched({ place }: EditedEnd): boolean {
    return this.#lists.has(place);
  }

  /** Of the owner that was asked about last: the number of the rules that match a peer; -1 for one that is not worth looking at. */
  listOf({ place }: EditedEnd): number {
    return this.#lists.has(place) ? this.#lists.of(place) : (this.#last?.listOf[place] ?? -1);
  }

  #changedPeers({ policies, owner, changed, isAboutAll, always }: PeersOfOwner): ChangedPeers {
    const own = [...policies].filter((policy) => changed.has(policy));
    const matched = own.flatMap((policy) => this.#matching(policy, owner));
    const key = `${isAboutAll} ${matched.map(({ number }) => number).join()}`;
    let found = this.#ofChanged.get(key);
    if (found !== undefined) return found;
    const listOf = new Int32Array(this.#ends.all.length).fill(-1);
    const entered: EditedEnd[] = [];
    const enter = (ends: Iterable<EditedEnd>): void => {
      for (const end of ends) {
        if (listOf[end.place] !== -1 || !this.#isIn(end)) continue;
        listOf[end.place] = emptyList;
        entered.push(end);
      }
    };
    enter(isAboutAll ? this.#ends.all : always);
    for (const { ends } of matched) enter(ends);
    for (const { number, ends } of matched)
      for (const { place } of ends) {
        const list = listOf[place] ?? -1;
        if (list >= 0) listOf[place] = this.#lists.lists.with(list, number);
      }
    found = { listOf, kinds: this.#kindsOf(groupBy(entered, ({ place }) => listOf[place] ?? emptyList)) };
    this.#ofChanged.set(key, found);
    return found;
  }

  #kindsOf(kinds: ReadonlyMap<number, readonly EditedEnd[]>): PeerKind[] {
    return [...kinds].map(([list, peers]) => ({ list, match: this.#matchOf(list), peers }));
  }

  /** What rules ask of nodes and of their own pod depends on the owner, and is asked anew. */
  #matching(policy: Policy, owner: FlowEnd): readonly MatchedEnds[] {
    let found = this.#ofPolicies.get(policy);
    if (found !== undefined) return found;
    let asksOwner = false;
    const all: MatchedEnds[] = [];
    for (const rule of policy[this.#direction]?.rules ?? []) {
      if (rule.action === 'log') continue;
      const question = peerQuestion(rule, this.#direction);
      const asksOwn = asksOfOwner(rule, this.#direction);
      asksOwner ||= asksOwn || question.asksNode;
      const own = asksOwn ? this.#asker.ownTruth(rule, owner) : 'yes';
      if (own !== 'no') all.push(...this.#matchedBy({ policy, rule, question, isSurelyOwn: own === 'yes' }, owner));
    }
    found = all;
    if (!asksOwner) this.#ofPolicies.set(policy, found);
    return found;
  }

  #matchedBy({ policy, rule, question, isSurelyOwn }: AskedRule, owner: FlowEnd): readonly MatchedEnds[] {
    const ways = new Map<string, { readonly matched: MatchedRule; readonly ends: EditedEnd[] }>();
    for (const end of this.#candidates(rule)) {
      const asked = defined(end.joint.after, 'every end is on both sides');
      const truth = this.#asker.peerTruth(question, asked, owner);
      if (truth === 'no') continue;
      const matched = { rule, isCertain: truth === 'yes' && isSurelyOwn, served: this.#asker.servedBy(question, asked) };
      const way = `${matched.isCertain} ${matched.served}`;
      const same = ways.get(way);
      if (same !== undefined) same.ends.push(end);
      else ways.set(way, { matched, ends: [end] });
    }
    return [...ways.values()].map(({ matched, ends }) => ({ number: this.#matched.push({ policy, matched }) - 1, ends }));
  }

  #candidates({ match }: Rule): Iterable<EditedEnd> {
    const { selector, nets } = this.#direction === 'ingress' ? match.source : match.destination;
    if (selector !== undefined) return this.#ends.index.matching(selector, this.#world);
    return nets === undefined ? this.#ends.all : [...this.#ends.index.within(nets), ...this.#others];
  }

  #matchOf(list: number): PeerMatch['rules'] {
    let match = this.#matches.get(list);
    if (match === undefined) {
      const rules = new Map<Policy, MatchedRule[]>();
      for (const number of this.#lists.lists.membersOf(list)) {
        const { policy, matched } = defined(this.#matched[number], 'what is matched has a number');
        addToGroup(rules, policy, matched);
      }
      this.#matches.set(list, (match = rules));
    }
    return match;
  }
}
