/**
 * How the policies of some pods decide of all peers, as steps that can be taken with some of them left out.
 *
 * ```
 *   pods under the same policies × traffic that their rules treat alike
 *     rule ─▶ rule ─▶ … ─▶ end of tier ─▶ rule ─▶ … ─▶ behind all tiers: allowed
 * ```
 */
import { type AlikeWalk, type Bounds, type EndClasses, isKnown, known, type Reach, type RowWalk } from '@weir/connectivity';
import type { Direction, Policy, Rule } from '@weir/model';
import { BitSet } from '@weir/net';
import type { PolicyPart } from './policy-part.ts';
import { StepIndex } from './step-index.ts';
import { type EndStep, onlyOnce, type RuleStep, type Step, stepsOf, type WalkEnds } from './walk-steps.ts';

/** Who decides: a step, or that nobody isolates. */
export type Decider = Step | { readonly kind: 'not isolated' };

/** What is left out of a walk: rules, and policies with all that they do. */
export interface Without {
  readonly rules: Pick<ReadonlySet<Rule>, 'has'>;
  readonly policies: Pick<ReadonlySet<Policy>, 'has'>;
}

/** Nothing is left out. */
const withoutNothing: Without = { rules: new Set(), policies: new Set() };

/** What all walks are in. */
export interface WalkedWorld {
  readonly ends: EndClasses;
  readonly reach: Reach;
  /** The classes of one pod, which has no flow with itself. */
  readonly single: BitSet;
  /** Whether some rule denies. */
  readonly hasDenials: boolean;
  /** The policies that isolate a class of pods in a direction. */
  readonly isolatingOf: (owner: number, direction: Direction) => readonly Policy[];
  /** For one walk after the other. */
  readonly rowWalk: RowWalk;
}

/** One walk. */
export class DecisionWalk {
  readonly walk: AlikeWalk;
  readonly ends: EndClasses;
  readonly reach: Reach;
  readonly steps: readonly Step[];
  /** Those of them that end a tier. */
  readonly tierEnds: readonly EndStep[];
  /** The peers with whom the pods have a flow of which their policies decide. */
  readonly peers: BitSet;
  /** The classes of one pod, which has no flow with itself. */
  readonly single: BitSet;
  /** Whether some rule of the world denies. */
  readonly hasDenials: boolean;
  readonly isolatingOf: WalkedWorld['isolatingOf'];
  /** Whether nobody has said which of the policies come first, so that all is denied. */
  readonly isUnordered: boolean;
  readonly #rowWalk: RowWalk;
  readonly #index: StepIndex;
  #stepsOfRule: ReadonlyMap<Rule, RuleStep> | undefined;
  #base: Bounds | undefined;
  #allowedOnce: BitSet | undefined;
  #plain: boolean | undefined;
  #missing: { readonly without: Without; readonly isTrue: boolean } | undefined;

  constructor(walk: AlikeWalk, over: WalkedWorld, kind: WalkEnds & { readonly peers: BitSet }) {
    this.walk = walk;
    this.ends = over.ends;
    this.reach = over.reach;
    this.single = over.single;
    this.hasDenials = over.hasDenials;
    this.isolatingOf = over.isolatingOf;
    this.#rowWalk = over.rowWalk;
    this.peers = kind.peers;
    this.isUnordered = kind.isUnordered;
    this.steps = stepsOf(walk, over.reach, kind);
    this.tierEnds = kind.ends;
    this.#index = new StepIndex(this.steps, kind.peers.size);
  }

  /** The steps that are rules of these. */
  stepsOf(rules: ReadonlySet<Rule>): readonly RuleStep[] {
    this.#stepsOfRule ??= new Map(this.steps.flatMap((step) => (step.kind === 'rule' ? [[step.rule, step]] : [])));
    const found: RuleStep[] = [];
    // A policy can have thousands of rules, of which a walk asks few.
    if (rules.size > this.#stepsOfRule.size) {
      for (const [rule, step] of this.#stepsOfRule) if (rules.has(rule)) found.push(step);
      return found;
    }
    for (const rule of rules) {
      const step = this.#stepsOfRule.get(rule);
      if (step !== undefined) found.push(step);
    }
    return found;
  }

  /** The peers that are allowed as it is. */
  get base(): Bounds {
    this.#base ??= this.#walk(this.steps, withoutNothing, this.peers);
    return this.#base;
  }

  /**
   * The peers that one rule allows and no other one, where nothing but allowing rules and a denial at the end of one tier decide;
   * nobody where others decide too. Without that rule they are denied.
   */
  get allowedOnce(): BitSet {
    this.#allowedOnce ??= this.#isPlain ? onlyOnce(this.steps, this.peers) : this.#rowWalk.nobodyAllowed.certain;
    return this.#allowedOnce;
  }

  /** Whether nothing but allowing rules and a denial at the end of one tier decide. */
  get #isPlain(): boolean {
    this.#plain ??= this.#findPlain();
    return this.#plain;
  }

  #findPlain(): boolean {
    const ends = this.tierEnds;
    const isAllowing = this.steps.every((step) => step.kind === 'end' || (step.rule.action === 'allow' && isKnown(step.matched)));
    return isAllowing && ends.length === 1 && ends.every(({ isolating }) => isolating.length > 0);
  }

  /** Whether something of the walk is left out, of what is asked about for many parts and stays the same meanwhile. */
  #misses(without: Without): boolean {
    if (this.#missing?.without !== without) {
      const isTrue = this.steps.some((step) =>
        step.kind === 'rule' ? isLeftOut(step, without) : step.isolating.some((policy) => without.policies.has(policy)),
      );
      this.#missing = { without, isTrue };
    }
    return this.#missing.isTrue;
  }

  /** The peers that would not be allowed for certain without the rules as well; `without` stays what it is. */
  allowedOnlyBy(rules: ReadonlySet<Rule>, without: Without): BitSet {
    const own = this.stepsOf(rules);
    const [only] = own;
    if (only !== undefined && own.length === 1 && this.#isPlain && !this.#misses(without))
      return only.matched.certain.and(this.allowedOnce);
    const all: Without = { rules: { has: (rule) => without.rules.has(rule) || rules.has(rule) }, policies: without.policies };
    const touched = this.matchedBy(rules).possible;
    return this.base.possible.and(touched).without(this.allowedAmong(touched, all).certain);
  }

  /** The peers of whom a part decides something at most, of those that are left without what is left out: of all others the same is decided with it. */
  touchedBy(part: PolicyPart, without: Without): BitSet {
    const endsOtherwise = part.kind === 'policy' && this.tierEnds.some((end) => endIsolates(end, part) && !isolatesIn(end, without));
    return endsOtherwise ? this.peers : this.matchedBy(part.rules).possible;
  }

  /** Those of some peers that are allowed with something left out. */
  allowedAmong(peers: BitSet, without: Without): Bounds {
    return this.#walk(this.#index.stepsFor(peers), without, this.peers.and(peers));
  }

  #walk(steps: Iterable<Step>, without: Without, peers: BitSet): Bounds {
    const walk = this.#rowWalk;
    walk.begin(peers);
    for (const step of steps) {
      if (walk.hasDecided) break;
      if (step.kind === 'end') walk.endTier(isolatesIn(step, without));
      else if (!isLeftOut(step, without)) walk.rule(step.rule.action, step.matched);
    }
    return walk.end();
  }

  /** The peers that one of the rules matches for certain, and those that it matches perhaps. */
  matchedBy(rules: ReadonlySet<Rule>): Bounds {
    const matched = this.stepsOf(rules).map((step) => step.matched);
    if (matched.length === 0) return this.#rowWalk.nobodyAllowed;
    const certain = this.#among(matched.map((bounds) => bounds.certain));
    return matched.every(isKnown) ? known(certain) : { certain, possible: this.#among(matched.map(({ possible }) => possible)) };
  }

  #among(sets: readonly BitSet[]): BitSet {
    const found = BitSet.empty(this.peers.size);
    for (const set of sets) found.addBoth(set, this.peers);
    return found;
  }

  /** Who decides of the peers in front of the rules, and the peers of which the rules themselves decide. */
  before(rules: ReadonlySet<Rule>, peers: BitSet, without: Without): { readonly deciders: readonly Step[]; readonly reached: BitSet } {
    const deciders: Step[] = [];
    let reached = BitSet.empty(peers.size);
    const own = new Set(this.stepsOf(rules).map(({ tier }) => tier));
    for (const { step, taken } of this.#taking(peers, without, rules)) {
      if (step.kind === 'rule' && rules.has(step.rule)) reached = reached.or(taken);
      else if (step.kind === 'end' || step.rule.action !== 'pass' || own.has(step.tier)) deciders.push(step);
    }
    return { deciders, reached };
  }

  /** Who decides of the peers. */
  decidersOf(peers: BitSet, without: Without): readonly Decider[] {
    const deciders: Decider[] = [];
    let undecided = peers;
    for (const { step, taken } of this.#taking(peers, without)) {
      if (step.kind === 'rule' && step.rule.action === 'pass') continue;
      deciders.push(step);
      undecided = undecided.without(taken);
    }
    if (!undecided.isEmpty) deciders.push({ kind: 'not isolated' });
    return deciders;
  }

  /** The steps that take some of the peers, each with those: what is passed goes on behind its tier, unless one of `stops` passes it. */
  *#taking(peers: BitSet, without: Without, stops?: ReadonlySet<Rule>): Generator<{ readonly step: Step; readonly taken: BitSet }> {
    let remaining = peers;
    let passed = BitSet.empty(peers.size);
    for (const step of this.#index.stepsFor(peers)) {
      if (remaining.isEmpty && passed.isEmpty) return;
      if (step.kind === 'end') {
        if (isolatesIn(step, without)) {
          if (!remaining.isEmpty) yield { step, taken: remaining };
          remaining = passed;
        } else remaining = remaining.or(passed);
        passed = BitSet.empty(peers.size);
        continue;
      }
      const taken = step.matched.certain.and(remaining);
      if (taken.isEmpty || isLeftOut(step, without)) continue;
      remaining = remaining.without(taken);
      if (step.rule.action === 'pass' && stops?.has(step.rule) !== true) passed = passed.or(taken);
      yield { step, taken };
    }
  }
}

function isLeftOut({ policy, rule }: RuleStep, without: Without): boolean {
  return without.policies.has(policy) || without.rules.has(rule);
}

function isolatesIn({ isolating }: EndStep, without: Without): boolean {
  return isolating.some((policy) => !without.policies.has(policy));
}

function endIsolates({ isolates }: EndStep, { policies }: PolicyPart): boolean {
  return policies.some((policy) => isolates.has(policy));
}
