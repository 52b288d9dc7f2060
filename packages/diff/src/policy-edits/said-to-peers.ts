/**
 * What the policies of a pod say to one peer, of which it is known which rules match it: on both sides, with the
 * rules that tell its traffic apart.
 *
 * Two pods that say the same to two peers treat all traffic alike, whatever else their policies say to others.
 */
import { type Direction, type Rule, type SelectingTier, type Tier, unorderedAmong } from '@weir/model';
import type { BothSides } from '../both-sides.ts';
import type { Speaking } from '../speaking-policies.ts';
import type { MatchedRule, PeerMatch } from './peer-rules.ts';

/** The policies that select a pod. */
export type SelectingSides = Required<BothSides<readonly SelectingTier[]>>;

/** Whether rules are the same by what they do with traffic, or by being the same rule: only so the same is a reason for what is different. */
export type RuleIdentity = 'by content' | 'by rule';

/** Tells what is said in one comparison. */
export class SaidToPeers {
  readonly #known: Map<string, Speaking> = new Map();
  readonly #contents: WeakMap<Rule, number> = new WeakMap();
  readonly #contentNumbers: Map<string, number> = new Map();
  readonly #rules: WeakMap<Rule, number> = new WeakMap();
  #ruleMax = 0;

  /** What is said of traffic with a peer of which these rules match. */
  of({ before, after }: SelectingSides, direction: Direction, match: PeerMatch['rules'], identity: RuleIdentity): Speaking {
    const was = this.#text(before, direction, match);
    const is = before === after ? undefined : this.#text(after, direction, match);
    const isChanged = is !== undefined && was.text !== is.text;
    const numbers = identity === 'by rule' ? [was, is ?? was].map((one) => one.rules.map((rule) => this.#numberOf(rule)).join()) : [];
    const key = `${direction} ${was.text} / ${isChanged ? is.text : '='} ${numbers.join('/')}`;
    let speaking = this.#known.get(key);
    if (speaking === undefined) {
      const rules = new Set([...was.rules, ...(is?.rules ?? [])]);
      speaking = { isChanged, rules: [...rules], id: this.#known.size + 1, asksPortNames: [...rules].some(asksPortName) };
      this.#known.set(key, speaking);
    }
    return speaking;
  }

  #text(
    tiers: readonly SelectingTier[],
    direction: Direction,
    match: PeerMatch['rules'],
  ): { readonly text: string; readonly rules: readonly Rule[] } {
    if (match.size === 0) return { text: textToOthers(tiers, direction), rules: [] };
    if (isUnordered(tiers, direction)) return { text: noOrder, rules: [] };
    const rules: Rule[] = [];
    let text = '';
    for (const { tier, policies } of tiers) {
      let isolates = false;
      let said = '';
      for (const policy of policies) {
        if (policy[direction]?.isolates === true) isolates = true;
        for (const matched of match.get(policy) ?? []) {
          said += this.#saidBy(matched);
          rules.push(matched.rule);
        }
      }
      if (isolates || said !== '') text += `${tierText(tier)}${isolates ? '!' : ''}${said};`;
    }
    return { text, rules };
  }

  #saidBy({ rule, isCertain }: MatchedRule): string {
    let content = this.#contents.get(rule);
    if (content === undefined) {
      const text = contentOf(rule);
      content = this.#contentNumbers.get(text) ?? this.#contentNumbers.size;
      this.#contentNumbers.set(text, content);
      this.#contents.set(rule, content);
    }
    return isCertain ? ` ${content}` : ` ${content}?`;
  }

  #numberOf(rule: Rule): number {
    let number = this.#rules.get(rule);
    if (number === undefined) this.#rules.set(rule, (number = ++this.#ruleMax));
    return number;
  }
}

/** Nobody is let through, whatever rules say. */
const noOrder = 'no order';

/** What is said where no rule matches, which is the same in every comparison. */
const known: WeakMap<readonly SelectingTier[], Partial<Record<Direction, string>>> = new WeakMap();

function textToOthers(tiers: readonly SelectingTier[], direction: Direction): string {
  const texts = known.get(tiers) ?? {};
  known.set(tiers, texts);
  texts[direction] ??= isUnordered(tiers, direction) ? noOrder : tiers.map((tier) => isolatingText(tier, direction)).join('');
  return texts[direction];
}

function isolatingText({ tier, policies }: SelectingTier, direction: Direction): string {
  return policies.some((policy) => policy[direction]?.isolates === true) ? `${tierText(tier)}!;` : '';
}

const tierTexts: WeakMap<Tier, string> = new WeakMap();

function tierText(tier: Tier): string {
  let text = tierTexts.get(tier);
  if (text === undefined) tierTexts.set(tier, (text = JSON.stringify([tier.name, tier.end])));
  return text;
}

/** Whether policies of several orders speak. */
function isUnordered(tiers: readonly SelectingTier[], direction: Direction): boolean {
  const hasOrders = tiers.some(({ policies }) => policies.some(({ orderedBy }) => orderedBy !== undefined));
  if (!hasOrders) return false;
  const all = tiers.flatMap(({ policies }) => policies);
  return unorderedAmong(all, direction).length > 0;
}

/** What a rule does, and with which traffic. */
function contentOf({ action, match: { source, destination, ...packet } }: Rule): string {
  const portsOf = ({ ports, namedPorts, notPorts, notNamedPorts }: Rule['match']['source']): unknown => [
    ports,
    namedPorts,
    notPorts,
    notNamedPorts,
  ];
  return JSON.stringify([action, packet, portsOf(source), portsOf(destination)]);
}

function asksPortName({ match: { source, destination } }: Rule): boolean {
  return [source, destination].some(({ namedPorts, notNamedPorts }) => namedPorts !== undefined || notNamedPorts !== undefined);
}
