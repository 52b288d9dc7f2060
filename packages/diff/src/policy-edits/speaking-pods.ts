/**
 * What pods say to single ends in one direction: of each end it is asked which rules match it, and equal answers are told once.
 *
 * ```
 *   a pod ─▶ its policies ─▶ the ways in which their rules match ─▶ those that have the end in them, as a list ─▶ what is said
 * ```
 */
import type { Direction, Policy, Rule } from '@weir/model';
import { addToGroup, type BitSet, defined } from '@weir/net';
import type { ComparedSides } from '../joint-ends.ts';
import { type EditedEnd, type EditedEnds, selectingSides } from './edited-ends.ts';
import { emptyList, NumberLists } from './number-lists.ts';
import { type EndAsker, peerQuestion } from './peer-question.ts';
import type { EndsOfRules, MatchedRule } from './rule-ends.ts';
import type { MatchedRules, SaidToPeer, SaidToPeers, SelectingSides } from './said-to-peers.ts';

/** Pods under the same policies, which say the same to all ends. */
export interface Speaker {
  readonly id: number;
  readonly selecting: SelectingSides;
  /** One of them. */
  readonly first: EditedEnd;
  readonly ways: readonly SpokenWay[];
  /** Rules of which it depends on the pod whom they match, or whether they speak at all. */
  readonly asking: readonly { readonly policy: Policy; readonly rule: Rule }[];
  /** Whether it may be something else than it was: what is said is told by the policies that say it, else by its content. */
  readonly mayChange: boolean;
  /** Of what does not change: what is said to ends that no rule is about. */
  readonly toOthers: number;
}

/** A way in which a rule of a speaker matches. */
interface SpokenWay {
  readonly policy: Policy;
  readonly matched: MatchedRule;
  readonly ends: BitSet;
  /** The same for ways of speakers that may not change which come to the same. */
  readonly number: number;
}

/** What the speakers of a comparison share. */
export interface SpokenWith {
  readonly compared: ComparedSides;
  readonly ends: EditedEnds;
  readonly direction: Direction;
  readonly endsOf: EndsOfRules;
  readonly asker: EndAsker;
  readonly said: SaidToPeers;
  /** Whether what a pod says may be something else than it was. */
  readonly mayChange: (end: EditedEnd) => boolean;
}

/** The speakers of one direction. */
export class SpeakingPods {
  readonly #with: SpokenWith;
  readonly #ofEnds: (Speaker | undefined)[] = [];
  readonly #speakers: Map<string, Speaker> = new Map();
  readonly #policies: Map<Policy, number> = new Map();
  readonly #groups: NumberLists = new NumberLists();
  readonly #lists: NumberLists = new NumberLists();
  readonly #byPolicy: Map<Policy, readonly SpokenWay[]> = new Map();
  readonly #byContent: Map<Policy, readonly SpokenWay[]> = new Map();
  readonly #contents: Map<string, number> = new Map();
  readonly #said: Map<number, SaidToPeer> = new Map();
  readonly #tiers: Map<string, number> = new Map();
  readonly #nobody: SaidToPeer;
  #wayMax = 0;

  constructor(shared: SpokenWith) {
    this.#with = shared;
    const first = defined(shared.ends.all[0]?.joint.after, 'there is an end');
    this.#nobody = shared.said.of({ selecting: { before: [], after: [] }, direction: shared.direction, end: first }, nothing, 'by content');
  }

  /** Who speaks for an end; nobody for nodes and addresses outside. */
  speakerFor(end: EditedEnd): Speaker | undefined {
    return end.kind === 'pods' ? (this.#ofEnds[end.place] ??= this.#find(end)) : undefined;
  }

  /** What a speaker says to an end. */
  saidTo(speaker: Speaker | undefined, end: EditedEnd): SaidToPeer {
    if (speaker === undefined) return this.#nobody;
    const { place } = end;
    let list = emptyList;
    for (const { ends, number } of speaker.ways) if (ends.has(place)) list = this.#lists.with(list, number);
    if (speaker.asking.length > 0) return this.#say(speaker, end);
    const key = (speaker.mayChange ? speaker.id : speaker.toOthers) * 2 ** 24 + list;
    const known = this.#said.get(speaker.mayChange ? key : -key - 1);
    if (known !== undefined) return known;
    const said = this.#say(speaker, end);
    this.#said.set(speaker.mayChange ? key : -key - 1, said);
    return said;
  }

  #say({ selecting, first, ways, asking, mayChange }: Speaker, end: EditedEnd): SaidToPeer {
    const { said, direction, endsOf } = this.#with;
    const rules = new Map<Policy, MatchedRule[]>();
    for (const { policy, matched, ends } of ways) if (ends.has(end.place)) addToGroup(rules, policy, matched);
    for (const { policy, rule } of asking) {
      const matched = endsOf.matchedBy(rule, end, first);
      if (matched !== undefined) addToGroup(rules, policy, matched);
    }
    const speaking = { selecting, direction, end: defined(first.joint.after, 'every end is on both sides') };
    return said.of(speaking, asking.length === 0 ? rules : inOrder(rules, direction), mayChange ? 'by policy' : 'by content');
  }

  #find(end: EditedEnd): Speaker {
    const { compared, ends, mayChange: isOther } = this.#with;
    const mayChange = isOther(end);
    const { before, after } = selectingSides(compared, ends, end);
    const selecting = { before, after: mayChange ? after : before };
    let group = emptyList;
    const asked: string[] = [];
    const policies = new Set<Policy>();
    for (const tiers of mayChange ? [before, after] : [before]) {
      for (const tier of tiers)
        for (const policy of tier.policies) {
          policies.add(policy);
          group = this.#groups.with(group, this.#numberOf(policy));
          asked.push(...this.#askedOf(policy, end));
        }
      group = this.#groups.with(group, 0);
    }
    const key = `${mayChange} ${group} ${asked.join()}`;
    let speaker = this.#speakers.get(key);
    if (speaker === undefined) {
      const known = { id: this.#speakers.size, selecting, first: end, mayChange };
      this.#speakers.set(key, (speaker = { ...known, ...this.#spokenBy(policies, selecting, mayChange) }));
    }
    return speaker;
  }

  #spokenBy(policies: ReadonlySet<Policy>, selecting: SelectingSides, mayChange: boolean): Pick<Speaker, 'ways' | 'asking' | 'toOthers'> {
    const { said, direction, ends } = this.#with;
    const tierOf = new Map(selecting.before.flatMap(({ tier, policies: of }) => of.map((policy) => [policy, tier.name] as const)));
    const asking = [...policies].flatMap((policy) => this.#asking(policy).map((rule) => ({ policy, rule })));
    const ways = [...policies].flatMap((policy) =>
      mayChange ? this.#waysByPolicy(policy) : this.#waysByContent(policy, tierOf.get(policy) ?? ''),
    );
    const end = defined(ends.all[0]?.joint.after, 'there is an end');
    return { asking, ways, toOthers: mayChange ? 0 : said.of({ selecting, direction, end }, nothing, 'by content').id };
  }

  #waysByPolicy(policy: Policy): readonly SpokenWay[] {
    let found = this.#byPolicy.get(policy);
    if (found === undefined) this.#byPolicy.set(policy, (found = this.#waysOf(policy, () => ++this.#wayMax)));
    return found;
  }

  #waysByContent(policy: Policy, tier: string): readonly SpokenWay[] {
    let found = this.#byContent.get(policy);
    if (found === undefined) {
      const place = numberIn(this.#tiers, tier);
      found = this.#waysOf(policy, (matched) => numberIn(this.#contents, `${place}:${this.#with.said.contentOf([matched])}`));
      this.#byContent.set(policy, found);
    }
    return found;
  }

  #waysOf(policy: Policy, numberOf: (matched: MatchedRule) => number): readonly SpokenWay[] {
    const { direction, endsOf } = this.#with;
    return (policy[direction]?.rules ?? []).flatMap((rule): SpokenWay[] => {
      if (rule.action === 'log') return [];
      const { ways, asksOwner } = endsOf.of(rule);
      return asksOwner ? [] : ways.map(({ matched, ends }) => ({ policy, matched, ends, number: numberOf(matched) }));
    });
  }

  #asking(policy: Policy): readonly Rule[] {
    const { direction, endsOf } = this.#with;
    return (policy[direction]?.rules ?? []).filter((rule) => rule.action !== 'log' && endsOf.of(rule).asksOwner);
  }

  /** What rules of a policy ask of a pod that it selects, answered; nothing for most. */
  #askedOf(policy: Policy, end: EditedEnd): string[] {
    const { asker, direction } = this.#with;
    return this.#asking(policy).map((rule) => {
      const node = peerQuestion(rule, direction).asksNode ? (end.nodeName ?? '') : '';
      return `${node} ${asker.ownTruth(rule, defined(end.joint.after, 'every end is on both sides'))}`;
    });
  }

  /** From 1 on. */
  #numberOf(policy: Policy): number {
    let number = this.#policies.get(policy);
    if (number === undefined) this.#policies.set(policy, (number = this.#policies.size + 1));
    return number;
  }
}

/** Rules in the order of their policies, in which they are asked. */
function inOrder(rules: Map<Policy, MatchedRule[]>, direction: Direction): MatchedRules {
  for (const [policy, matched] of rules) {
    const places = new Map((policy[direction]?.rules ?? []).map((rule, place) => [rule, place]));
    matched.sort((a, b) => (places.get(a.rule) ?? 0) - (places.get(b.rule) ?? 0));
  }
  return rules;
}

const nothing: MatchedRules = new Map();

function numberIn(numbers: Map<string, number>, text: string): number {
  let number = numbers.get(text);
  if (number === undefined) numbers.set(text, (number = numbers.size));
  return number;
}
