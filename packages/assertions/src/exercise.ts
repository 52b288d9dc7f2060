/** What is behind the verdicts of connections: the rules and isolations that they exercise. */
import {
  type Direction,
  type DirectionVerdict,
  type Endpoint,
  type FlowEnd,
  type FlowQuestion,
  judgeDirection,
  type Policy,
  type PolicyRef,
  type PolicyWorld,
  type Rule,
  ruleMatches,
  type SourcePosition,
} from '@weir/model';
import { endpointOf } from './check-planner.ts';

/** A rule, or the isolation, of a policy, with the assertions that exercise it. */
export interface CoveredRule {
  readonly policy: PolicyRef;
  readonly direction: Direction;
  /** `ingress[0].from[1]`, or `isolation`. */
  readonly rule: string;
  readonly source?: SourcePosition;
  /** Names of assertions, each once. */
  readonly tests: readonly string[];
}

/** The same while it is being found out. */
export interface Entry extends Omit<CoveredRule, 'tests'> {
  readonly tests: Set<string>;
}

/** The entries by what they are about. */
export interface EntryLookup {
  readonly ofRule: ReadonlyMap<Rule, Entry>;
  readonly ofIsolation: Readonly<Record<Direction, ReadonlyMap<Policy, Entry>>>;
}

/** The verdict of one direction of a connection, and what decided it. */
export interface Behind extends Pick<DirectionVerdict, 'verdict' | 'decidedBy'> {
  readonly direction: Direction;
  readonly question: FlowQuestion;
}

const nothing: readonly Entry[] = [];

/** Finds what is behind verdicts. */
export class Exercise {
  readonly #world: PolicyWorld;
  readonly #lookup: EntryLookup;
  readonly #isolation: Readonly<Record<Direction, Map<string, readonly Entry[]>>> = { ingress: new Map(), egress: new Map() };
  readonly #ofRules: WeakMap<Behind, readonly Entry[]> = new WeakMap();
  readonly #denials: Readonly<Record<Direction, Map<Endpoint, readonly Entry[]>>> = { ingress: new Map(), egress: new Map() };

  constructor(world: PolicyWorld, lookup: EntryLookup) {
    this.#world = world;
    this.#lookup = lookup;
  }

  behind(question: FlowQuestion, direction: Direction): Behind {
    const { verdict, decidedBy } = judgeDirection(this.#world, question, direction);
    return { direction, question, verdict, ...(decidedBy === undefined ? {} : { decidedBy }) };
  }

  /** Of both directions where it is allowed, of those that deny where it is not. */
  of(behind: readonly Behind[]): (readonly Entry[])[] {
    const isDenied = behind.some(({ verdict }) => verdict === 'deny');
    return behind.flatMap((one) => (isDenied && one.verdict !== 'deny' ? [] : [this.#entries(one)]));
  }

  /** All that may deny something to an end or by it, in the direction. */
  denialsOf(end: FlowEnd, direction: Direction): readonly Entry[] {
    const owner = endpointOf(end);
    if (owner === undefined) return nothing;
    let known = this.#denials[direction].get(owner);
    if (known === undefined) {
      const policies = this.#world.selecting(owner).flatMap((tier) => tier.policies);
      known = policies.flatMap((policy) => [
        ...[this.#lookup.ofIsolation[direction].get(policy) ?? []].flat(),
        ...(policy[direction]?.rules ?? []).flatMap((rule) => (rule.action === 'deny' ? (this.#lookup.ofRule.get(rule) ?? []) : [])),
      ]);
      this.#denials[direction].set(owner, known);
    }
    return known;
  }

  #entries(behind: Behind): readonly Entry[] {
    const { direction, question, decidedBy } = behind;
    const owner = endpointOf(direction === 'ingress' ? question.destination : question.source);
    if (owner === undefined || decidedBy === undefined) return nothing;
    if (decidedBy.reason === 'end of tier') return this.#isolating(owner, direction, decidedBy.tier);
    if (decidedBy.reason !== 'rule') return nothing;
    let known = this.#ofRules.get(behind);
    if (known === undefined) {
      const { action } = decidedBy.rule;
      known = this.#policies(owner, decidedBy.tier)
        .flatMap((policy) => policy[direction]?.rules ?? [])
        .filter((rule) => rule.action === action && ruleMatches(this.#world, rule, question) === 'yes')
        .flatMap((rule) => this.#lookup.ofRule.get(rule) ?? []);
      this.#ofRules.set(behind, known);
    }
    return known;
  }

  #isolating(owner: Endpoint, direction: Direction, tier: string): readonly Entry[] {
    const key = `${owner.uid} ${tier}`;
    let known = this.#isolation[direction].get(key);
    if (known === undefined) {
      known = this.#policies(owner, tier).flatMap((policy) => this.#lookup.ofIsolation[direction].get(policy) ?? []);
      this.#isolation[direction].set(key, known);
    }
    return known;
  }

  #policies(owner: Endpoint, tierName: string): readonly Policy[] {
    return this.#world.selecting(owner).flatMap(({ tier, policies }) => (tier.name === tierName ? policies : []));
  }
}
