/**
 * Which rules of some policies match an end as their peer, ports and protocols left out.
 *
 * ```
 *   end ─▶ selectors that require a label which it has ─▶ rules of those that match ┐
 *          blocks that hold its address, rules for everybody ───────────────────────┴▶ the rest of what they ask ─▶ by policy
 * ```
 */
import type { Direction, FlowEnd, Policy, PolicyWorld, Rule } from '@weir/model';
import { addToGroup, defined, type Family } from '@weir/net';
import { BlockIndex } from '../block-index.ts';
import { EndAsker, type PeerQuestion, peerQuestion } from './peer-question.ts';
import { SelectorIndex } from './selector-index.ts';

/** A rule that matches, or may. */
export interface MatchedRule {
  readonly rule: Rule;
  readonly isCertain: boolean;
  /** On which ports alone it matches, as a text; '' where on all that it asks for. */
  readonly served: string;
}

/** What matches one end; the same object for equal answers. */
export interface PeerMatch {
  readonly id: number;
  readonly rules: ReadonlyMap<Policy, readonly MatchedRule[]>;
}

/** What matches nobody's rules. */
const nothing: PeerMatch = { id: 0, rules: new Map() };

const noTexts: string[] = [];

interface AskedRule {
  readonly policy: Policy;
  readonly rule: Rule;
  readonly question: PeerQuestion;
}

/** The rules of one direction. */
export class PeerRules {
  readonly #asker: EndAsker;
  readonly #asked: AskedRule[] = [];
  /** Rules for addresses of certain blocks, and those without a selector that are for others too. */
  readonly #blocks: BlockIndex = new BlockIndex();
  readonly #ofBlocks: number[] = [];
  readonly #everywhere: number[] = [];
  readonly #selectors: SelectorIndex;
  readonly #known: Map<string, PeerMatch> = new Map();

  constructor(policies: Iterable<Policy>, direction: Direction, of: { readonly world: PolicyWorld; readonly family: Family }) {
    this.#asker = new EndAsker(of, direction);
    this.#selectors = new SelectorIndex(of.world);
    for (const policy of policies) {
      for (const rule of policy[direction]?.rules ?? []) {
        if (rule.action === 'log') continue;
        const question = peerQuestion(rule, direction);
        const place = this.#asked.push({ policy, rule, question }) - 1;
        if (question.selector !== undefined) this.#selectors.add(question.selector, place);
        else if (question.rest?.nets === undefined) this.#everywhere.push(place);
        else {
          this.#blocks.add(question.rest.nets, place);
          this.#ofBlocks.push(place);
        }
      }
    }
  }

  /** The rules whose peer the pod is, or may be. */
  of(end: FlowEnd): PeerMatch {
    const found: number[] = [];
    let others: string[] = noTexts;
    const ask = (place: number): void => {
      const { question } = this.#askedAt(place);
      const truth = this.#asker.peerTruth(question, end);
      if (truth === 'no') return;
      found.push(place);
      const served = this.#asker.servedBy(question, end);
      if (truth === 'unknown' || served !== '') others = [...others, `${place} ${truth} ${served}`];
    };
    for (const place of this.#everywhere) ask(place);
    if (end.address !== undefined) this.#blocks.eachHolding(end.address, ask);
    else for (const place of this.#ofBlocks) ask(place);
    if (end.kind === 'endpoint') this.#selectors.eachOf(end.endpoint, ask);
    if (found.length === 0) return nothing;
    const places = found.sort((a, b) => a - b);
    const key = `${places.join()} ${others.sort().join(';')}`;
    let match = this.#known.get(key);
    if (match === undefined) this.#known.set(key, (match = this.#matchOf(places, end)));
    return match;
  }

  #matchOf(places: readonly number[], end: FlowEnd): PeerMatch {
    const rules = new Map<Policy, MatchedRule[]>();
    for (const place of places) {
      const { policy, rule, question } = this.#askedAt(place);
      const isCertain = this.#asker.peerTruth(question, end) === 'yes';
      addToGroup(rules, policy, { rule, isCertain, served: this.#asker.servedBy(question, end) });
    }
    return { id: this.#known.size + 1, rules };
  }

  #askedAt(place: number): AskedRule {
    return defined(this.#asked[place], 'a rule is asked by its place');
  }
}

/** The rules of whole worlds, of which many edits are compared. */
const ofWorlds: WeakMap<PolicyWorld, Map<string, PeerRules>> = new WeakMap();

/** The rules of all policies of a world. */
export function rulesOfWorld(world: PolicyWorld, direction: Direction, family: Family): PeerRules {
  const known = ofWorlds.get(world) ?? new Map<string, PeerRules>();
  ofWorlds.set(world, known);
  const key = `${direction} ${family}`;
  let rules = known.get(key);
  if (rules === undefined) {
    rules = new PeerRules(
      world.tiers.flatMap(({ policies }) => policies),
      direction,
      { world, family },
    );
    known.set(key, rules);
  }
  return rules;
}
