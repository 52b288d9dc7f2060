/**
 * What pods say to single ends in one direction: of each end it is asked which rules match it, and equal answers are told once.
 *
 * ```
 *   a pod ─▶ its policies ─▶ the ways in which their rules match ─▶ those that have the end in them, as a list ─▶ what is said
 * ```
 */
import type { Direction, Policy, Rule } from '@weir/model';
import { addToGroup, defined } from '@weir/net';
import type { ComparedSides } from '../joint-ends.ts';
import type { EditedEnd } from './edited-end.ts';
import { type EditedEnds, type SelectingSides, selectingSides } from './edited-ends.ts';
import { emptyList, NumberLists } from './number-lists.ts';
import { type EndAsker, peerQuestion } from './peer-question.ts';
import type { PlaceSet } from './place-set.ts';
import { PodGroups } from './pod-groups.ts';
import type { EndsOfRules, MatchedRule } from './rule-ends.ts';
import type { MatchedRules, SaidToPeer, SaidToPeers } from './said-to-peers.ts';

/** Pods under the same policies, which say the same to all ends. */
export interface Speaker {
  readonly id: number;
  readonly selecting: SelectingSides;
  /** One of them. */
  readonly first: EditedEnd;
  readonly ways: readonly SpokenWay[];
  /** Rules of which it depends on the pod whom they match, or whether they speak at all. */
  readonly asking: readonly AskingRule[];
  /** Whether it may be something else than it was: what is said is told by the policies that say it, else by its content. */
  readonly mayChange: boolean;
  /** Of what does not change: what is said to ends that no rule is about. */
  readonly toOthers: number;
}

interface AskingRule {
  readonly policy: Policy;
  readonly rule: Rule;
}

/** A way in which a rule of a speaker matches. */
interface SpokenWay {
  readonly policy: Policy;
  readonly matched: MatchedRule;
  readonly ends: PlaceSet;
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
  readonly changed: readonly Policy[];
  /** How many pods speak. */
  readonly podCount: number;
  /** Whether what a pod says may be something else than it was. */
  readonly mayChange: (end: EditedEnd) => boolean;
}

/** The speakers of one direction. */
export class SpeakingPods {
  readonly #with: SpokenWith;
  readonly #ofEnds: (Speaker | undefined)[] = [];
  readonly #speakers: Map<string, Speaker> = new Map();
  readonly #groups: PodGroups;
  readonly #askingRules: Map<Policy, readonly AskingRule[]> = new Map();
  readonly #askingGroups: Map<string, readonly AskingRule[]> = new Map();
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
    this.#groups = new PodGroups(shared);
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
    if (speaker.asking.length > 0) return this.#say(speaker, end);
    let list = emptyList;
    for (const { ends, number } of speaker.ways) if (ends.has(place)) list = this.#lists.with(list, number);
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
    const mayChange = this.#with.mayChange(end);
    const group = `${this.#groups.before(end)} ${mayChange ? this.#groups.after(end) : ''}`;
    const asking = this.#askingIn(group, end);
    const key = asking.length === 0 ? group : `${group} ${asking.map((one) => this.#askedOf(one, end)).join()}`;
    let speaker = this.#speakers.get(key);
    if (speaker === undefined) this.#speakers.set(key, (speaker = this.#speak(end, asking, mayChange)));
    return speaker;
  }

  #askingIn(group: string, end: EditedEnd): readonly AskingRule[] {
    let asking = this.#askingGroups.get(group);
    if (asking === undefined) this.#askingGroups.set(group, (asking = this.#askingFor(end)));
    return asking;
  }

  /** The rules of its policies, on either side, that ask for something of the pod that they are of. */
  #askingFor(end: EditedEnd): readonly AskingRule[] {
    const { direction, endsOf } = this.#with;
    return [...policiesOf(this.#selecting(end))].flatMap((policy) => {
      let found = this.#askingRules.get(policy);
      if (found === undefined) {
        const rules = (policy[direction]?.rules ?? []).filter((rule) => rule.action !== 'log' && endsOf.of(rule).asksOwner);
        this.#askingRules.set(policy, (found = rules.map((rule) => ({ policy, rule }))));
      }
      return found;
    });
  }

  #selecting(end: EditedEnd): SelectingSides {
    const { compared, ends, mayChange } = this.#with;
    const { before, after } = selectingSides(compared, ends, end);
    return { before, after: mayChange(end) ? after : before };
  }

  #speak(end: EditedEnd, asking: readonly AskingRule[], mayChange: boolean): Speaker {
    const { said, direction, ends } = this.#with;
    const selecting = this.#selecting(end);
    const tierOf = new Map(selecting.before.flatMap(({ tier, policies }) => policies.map((policy) => [policy, tier.name] as const)));
    const ways = [...policiesOf(selecting)].flatMap((policy) =>
      mayChange ? this.#waysByPolicy(policy) : this.#waysByContent(policy, tierOf.get(policy) ?? ''),
    );
    const anybody = defined(ends.all[0]?.joint.after, 'there is an end');
    const toOthers = mayChange ? 0 : said.of({ selecting, direction, end: anybody }, nothing, 'by content').id;
    return { id: this.#speakers.size, selecting, first: end, mayChange, asking, ways, toOthers };
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

  /** What a rule asks of a pod that it is of, answered. */
  #askedOf({ rule }: AskingRule, end: EditedEnd): string {
    const { asker, direction } = this.#with;
    const node = peerQuestion(rule, direction).asksNode ? (end.nodeName ?? '') : '';
    return `${node} ${asker.ownTruth(rule, defined(end.joint.after, 'every end is on both sides'))}`;
  }
}

function policiesOf({ before, after }: SelectingSides): ReadonlySet<Policy> {
  return new Set((before === after ? before : [...before, ...after]).flatMap(({ policies }) => policies));
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
