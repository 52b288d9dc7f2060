/**
 * Which rules of some policies match an end as their peer, ports and protocols left out.
 *
 * ```
 *   end ─▶ selectors that require a label which it has ─▶ rules of those that match ┐
 *          rules without a selector: blocks, everybody ─────────────────────────────┴▶ the rest of what they ask ─▶ by policy
 * ```
 */
import {
  asksOfEnd,
  type Direction,
  type FlowEnd,
  type Policy,
  type PolicyWorld,
  type Rule,
  ruleMatches,
  type Selector,
  type Side,
  selectorTruth,
  type Truth,
} from '@weir/model';
import { addressRangesContain, addToGroup, defined, type Family } from '@weir/net';
import { SelectorIndex } from './selector-index.ts';

/** A rule that matches, or may. */
export interface MatchedRule {
  readonly rule: Rule;
  readonly isCertain: boolean;
}

/** What matches one end; the same object for equal answers. */
export interface PeerMatch {
  readonly id: number;
  readonly rules: ReadonlyMap<Policy, readonly MatchedRule[]>;
}

/** What matches nobody's rules. */
const nothing: PeerMatch = { id: 0, rules: new Map() };

const noPlaces: number[] = [];

interface AskedRule {
  readonly policy: Policy;
  readonly rule: Rule;
  readonly selector: Selector | undefined;
  /** What is asked of the peer beside the selector and ports; undefined where nothing is. */
  readonly rest: Side | undefined;
}

/** The rules of one direction. */
export class PeerRules {
  readonly #world: PolicyWorld;
  readonly #family: Family;
  readonly #direction: Direction;
  readonly #asked: AskedRule[] = [];
  readonly #withoutSelector: number[] = [];
  readonly #selectors: SelectorIndex;
  readonly #known: Map<string, PeerMatch> = new Map();

  constructor(
    policies: Iterable<Policy>,
    direction: Direction,
    { world, family }: { readonly world: PolicyWorld; readonly family: Family },
  ) {
    this.#world = world;
    this.#family = family;
    this.#direction = direction;
    this.#selectors = new SelectorIndex(world);
    for (const policy of policies) {
      for (const rule of policy[direction]?.rules ?? []) {
        if (rule.action === 'log') continue;
        const { selector, ...others } = direction === 'ingress' ? rule.match.source : rule.match.destination;
        const place = this.#asked.push({ policy, rule, selector, rest: asksOfEnd(others) ? withoutPorts(others) : undefined }) - 1;
        if (selector === undefined) this.#withoutSelector.push(place);
        else this.#selectors.add(selector, place);
      }
    }
  }

  /** The rules whose peer the end is, or may be. */
  of(end: FlowEnd): PeerMatch {
    const found: number[] = [];
    let uncertain: number[] = noPlaces;
    const ask = (place: number): void => {
      const truth = this.#truthOf(defined(this.#asked[place], 'a rule is asked by its place'), end);
      if (truth !== 'no') found.push(place);
      if (truth === 'unknown') uncertain = [...uncertain, place];
    };
    for (const place of this.#withoutSelector) ask(place);
    if (end.kind === 'endpoint') this.#selectors.eachOf(end.endpoint, ask);
    if (found.length === 0) return nothing;
    return this.#matchOf(
      found.sort((a, b) => a - b),
      uncertain,
    );
  }

  #truthOf({ selector, rest }: AskedRule, end: FlowEnd): Truth {
    const selected = selector === undefined || end.kind !== 'endpoint' ? 'yes' : selectorTruth(this.#world, selector, end.endpoint);
    if (selected === 'no' || rest === undefined) return selected;
    // Most blocks are somebody else's, and that is soon said.
    if (rest.nets !== undefined && end.address !== undefined && !addressRangesContain(rest.nets, end.address)) return 'no';
    const truth = this.#truth(rest, end);
    return truth === 'yes' ? selected : truth;
  }

  #matchOf(found: readonly number[], uncertain: readonly number[]): PeerMatch {
    const key = `${found.join()} ${uncertain.join()}`;
    let match = this.#known.get(key);
    if (match === undefined) {
      const rules = new Map<Policy, MatchedRule[]>();
      for (const place of found) {
        const { policy, rule } = defined(this.#asked[place], 'a rule is asked by its place');
        addToGroup(rules, policy, { rule, isCertain: !uncertain.includes(place) });
      }
      this.#known.set(key, (match = { id: this.#known.size + 1, rules }));
    }
    return match;
  }

  #truth(peer: Side, end: FlowEnd): Truth {
    const match = this.#direction === 'ingress' ? { source: peer, destination: {} } : { source: {}, destination: peer };
    return ruleMatches(
      this.#world,
      { action: 'allow', match, origin: noOrigin },
      { source: end, destination: end, protocol: 0, family: this.#family },
    );
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

const noOrigin: Rule['origin'] = { policy: { apiVersion: '', kind: '', name: '' }, direction: 'ingress', ruleIndex: 0 };

function withoutPorts({
  ports: _ports,
  namedPorts: _names,
  notPorts: _notPorts,
  notNamedPorts: _notNames,
  clusterPorts: _cluster,
  ...others
}: Side): Side {
  return others;
}
