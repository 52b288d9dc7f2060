/**
 * What the policies of a pod say to one peer, of which it is known which rules match it: on both sides, with the
 * rules that tell its traffic apart.
 *
 * Two pods that say the same to two peers treat all traffic alike, whatever else their policies say to others.
 */
import {
  type Direction,
  type Endpoint,
  type FlowEnd,
  type Policy,
  type PolicyWorld,
  type Rule,
  type SelectingTier,
  type Side,
  type Tier,
  unorderedAmong,
} from '@weir/model';
import type { Family } from '@weir/net';
import type { Speaking } from '../speaking-policies.ts';
import type { SelectingSides } from './edited-ends.ts';
import { asksOfOwner, EndAsker } from './peer-question.ts';
import type { MatchedRule } from './rule-ends.ts';

/** The rules of some policies that match one end, those of each policy in its order. */
export type MatchedRules = ReadonlyMap<Policy, readonly MatchedRule[]>;

/** Whether what is said is the same by what it does with traffic, or by being said by the same policies: only so the same is a reason for what is different. */
export type SaidIdentity = 'by content' | 'by policy';

/** What is said, and whether it matters whose ports have which names. */
export interface SaidToPeer extends Speaking {
  /** The same for what is the same by its content. */
  readonly content: number;
  readonly asksSourceNames: boolean;
  readonly asksDestinationNames: boolean;
}

/** What one side says, as a text that is the same for equal contents. */
interface SaidText {
  readonly text: string;
  readonly rules: readonly Rule[];
  readonly tiers: readonly SelectingTier[];
}

/** Who says it, and of which traffic. */
export interface SayingEnd {
  readonly selecting: SelectingSides;
  readonly direction: Direction;
  readonly end: FlowEnd;
}

/** Tells what is said in one comparison. */
export class SaidToPeers {
  readonly #known: Map<string, SaidToPeer> = new Map();
  readonly #askers: Readonly<Record<Direction, EndAsker>>;
  readonly #contentsOfTexts: Map<string, number> = new Map();
  readonly #contents: WeakMap<Rule, number> = new WeakMap();
  readonly #contentNumbers: Map<string, number> = new Map();
  readonly #numbers: WeakMap<Rule | Policy, number> = new WeakMap();
  readonly #isolating: Readonly<Record<Direction, WeakMap<readonly SelectingTier[], string>>> = {
    ingress: new WeakMap(),
    egress: new WeakMap(),
  };
  readonly #toOthers: Map<string, SaidToPeer> = new Map();
  #numberMax = 0;

  constructor(of: { readonly world: PolicyWorld; readonly family: Family }) {
    this.#askers = { ingress: new EndAsker(of, 'ingress'), egress: new EndAsker(of, 'egress') };
  }

  /** What is said of traffic with a peer of which these rules match. */
  of(saying: SayingEnd, match: MatchedRules, identity: SaidIdentity): SaidToPeer {
    const { before, after } = saying.selecting;
    const was = this.#text(before, saying, match);
    const is = before === after ? was : this.#text(after, saying, match);
    return this.#saidOf(saying.direction, { was, is }, identity);
  }

  /** What the policies of one world say, the same on both sides, to ends that none of their rules is about. */
  toOthers(world: PolicyWorld, endpoint: Endpoint, direction: Direction): SaidToPeer {
    const text = toOthersText(world, endpoint, direction);
    const key = `${direction} ${text}`;
    let said = this.#toOthers.get(key);
    if (said === undefined) {
      const same = { text, rules: [], tiers: [] };
      this.#toOthers.set(key, (said = this.#saidOf(direction, { was: same, is: same }, 'by content')));
    }
    return said;
  }

  #saidOf(direction: Direction, { was, is }: { readonly was: SaidText; readonly is: SaidText }, identity: SaidIdentity): SaidToPeer {
    const isChanged = was.text !== is.text;
    const content = `${direction} ${was.text} / ${isChanged ? is.text : '='}`;
    const numbers = identity === 'by policy' ? [was, is].map((one) => this.#identityOf(one, direction)) : [];
    const key = `${content} ${numbers.join('/')}`;
    let said = this.#known.get(key);
    if (said === undefined) {
      const rules = [...new Set([...was.rules, ...is.rules])];
      const asksSourceNames = rules.some(({ match: { source } }) => asksPortName(source));
      const asksDestinationNames = rules.some(({ match: { destination } }) => asksPortName(destination));
      said = {
        isChanged,
        rules,
        id: this.#known.size + 1,
        content: numberOf(this.#contentsOfTexts, content),
        asksPortNames: asksSourceNames || asksDestinationNames,
        asksSourceNames,
        asksDestinationNames,
      };
      this.#known.set(key, said);
    }
    return said;
  }

  /** A number for what some rules of one policy do, which is the same for rules with the same contents. */
  contentOf(matched: readonly MatchedRule[]): string {
    return matched.map((one) => this.#saidBy(one)).join('');
  }

  #text(tiers: readonly SelectingTier[], { direction, end }: SayingEnd, match: MatchedRules): SaidText {
    if (match.size === 0) return { text: textToOthers(tiers, direction), rules: [], tiers };
    if (isUnordered(tiers, direction)) return { text: noOrder, rules: [], tiers };
    const rules: Rule[] = [];
    let text = '';
    for (const { tier, policies } of tiers) {
      let isolates = false;
      let said = '';
      for (const policy of policies) {
        if (policy[direction]?.isolates === true) isolates = true;
        for (const matched of match.get(policy) ?? []) {
          const own = asksOfOwner(matched.rule, direction) ? this.#askers[direction].ownTruth(matched.rule, end) : 'yes';
          if (own === 'no') continue;
          said += this.#saidBy(own === 'yes' ? matched : { ...matched, isCertain: false });
          rules.push(matched.rule);
        }
      }
      if (isolates || said !== '') text += `${tierText(tier)}${isolates ? '!' : ''}${said};`;
    }
    return { text, rules, tiers };
  }

  #saidBy({ rule, isCertain, served }: MatchedRule): string {
    let content = this.#contents.get(rule);
    if (content === undefined) this.#contents.set(rule, (content = numberOf(this.#contentNumbers, contentOf(rule))));
    return ` ${content}${isCertain ? '' : '?'}${served === '' ? '' : `(${served})`}`;
  }

  /** The rules that match, and the policies that isolate. */
  #identityOf({ rules, tiers }: SaidText, direction: Direction): string {
    let isolating = this.#isolating[direction].get(tiers);
    if (isolating === undefined) {
      const policies = tiers.flatMap((tier) => tier.policies.filter((policy) => policy[direction]?.isolates === true));
      isolating = policies.map((policy) => this.#numberOf(policy)).join();
      this.#isolating[direction].set(tiers, isolating);
    }
    return `${rules.map((rule) => this.#numberOf(rule)).join()} of ${isolating}`;
  }

  #numberOf(one: Rule | Policy): number {
    let number = this.#numbers.get(one);
    if (number === undefined) this.#numbers.set(one, (number = ++this.#numberMax));
    return number;
  }
}

function numberOf(numbers: Map<string, number>, text: string): number {
  let number = numbers.get(text);
  if (number === undefined) numbers.set(text, (number = numbers.size));
  return number;
}

/** Nobody is let through, whatever rules say. */
const noOrder = 'no order';

/** What is said where no rule matches, which is the same in every comparison. */
const known: WeakMap<readonly SelectingTier[], Partial<Record<Direction, string>>> = new WeakMap();

function textToOthers(tiers: readonly SelectingTier[], direction: Direction): string {
  const texts = known.get(tiers) ?? {};
  known.set(tiers, texts);
  if (texts[direction] === undefined) {
    const isolating = tiers.filter(({ policies }) => policies.some((policy) => policy[direction]?.isolates === true));
    texts[direction] = isUnordered(tiers, direction) ? noOrder : isolatingText(isolating.map(({ tier }) => tier));
  }
  return texts[direction];
}

/** The same by pods, without what selects each where nobody orders policies. */
const ofPods: WeakMap<PolicyWorld, Record<Direction, WeakMap<Endpoint, string>>> = new WeakMap();

function toOthersText(world: PolicyWorld, endpoint: Endpoint, direction: Direction): string {
  const texts = ofPods.get(world) ?? { ingress: new WeakMap<Endpoint, string>(), egress: new WeakMap<Endpoint, string>() };
  ofPods.set(world, texts);
  let text = texts[direction].get(endpoint);
  if (text === undefined) {
    text = isOrdering(world) ? textToOthers(world.selecting(endpoint), direction) : isolatingText(world.isolating(endpoint, direction));
    texts[direction].set(endpoint, text);
  }
  return text;
}

function isolatingText(tiers: readonly Tier[]): string {
  return tiers.map((tier) => `${tierText(tier)}!;`).join('');
}

const ordered: WeakMap<PolicyWorld, boolean> = new WeakMap();

/** Whether some policy has its place among those of one API alone. */
function isOrdering(world: PolicyWorld): boolean {
  let has = ordered.get(world);
  if (has === undefined) {
    has = world.tiers.some(({ policies }) => policies.some(({ orderedBy }) => orderedBy !== undefined));
    ordered.set(world, has);
  }
  return has;
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

function asksPortName({ namedPorts, notNamedPorts }: Side): boolean {
  return namedPorts !== undefined || notNamedPorts !== undefined;
}
