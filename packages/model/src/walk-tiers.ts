/**
 * A walk through tiers: the first rule that matches decides or passes on; behind them, the end of a tier that isolates.
 *
 * Rules that match only perhaps are kept: a later certain decision stands when all of them would have decided the same,
 * otherwise the outcome is unknown.
 */
import { ruleMatches, ruleMismatches } from './match-rule.ts';
import type { Direction, Rule, SelectingTier } from './model.ts';
import type { PolicyWorld } from './policy-world.ts';
import { rulesOfTier } from './tier-rules.ts';
import { type DirectionVerdict, type FlowQuestion, outcomeOf } from './verdict.ts';

/** What was decided, and by what. */
export type Decision = Pick<DirectionVerdict, 'verdict' | 'decidedBy' | 'missing'>;

/** One walk, through the tiers of one endpoint or of one family after another. */
export class TierWalk {
  private readonly world: PolicyWorld;
  private readonly question: FlowQuestion;
  private readonly direction: Direction;
  private readonly perhaps: Rule[] = [];

  constructor(world: PolicyWorld, question: FlowQuestion, direction: Direction) {
    this.world = world;
    this.question = question;
    this.direction = direction;
  }

  /** What the tiers decide; undefined when they leave it to whatever comes behind them. */
  run(selecting: readonly SelectingTier[]): Decision | undefined {
    for (const tier of selecting) {
      const decision = this.runTier(tier);
      if (decision !== undefined) return decision;
    }
    return undefined;
  }

  /** The decision, or that it is unknown because of a rule that perhaps decides otherwise before it. */
  decide(outcome: 'allow' | 'deny', decidedBy: NonNullable<Decision['decidedBy']>): Decision {
    if (this.perhaps.every((rule) => rule.action === outcome)) return { verdict: outcome, decidedBy, missing: [] };
    const missing = this.perhaps
      .flatMap((rule) => ruleMismatches(this.world, rule, this.question))
      .flatMap((mismatch) => (mismatch.kind === 'missingFact' ? [mismatch.fact] : []));
    return { verdict: 'unknown', missing: [...new Set(missing)] };
  }

  private runTier(selecting: SelectingTier): Decision | undefined {
    const { tier } = selecting;
    const { protocol, destinationPort } = this.question;
    const rules = rulesOfTier(selecting, this.direction);
    for (let place = rules.next(0, protocol, destinationPort), rule = rules.at(place); rule !== undefined; ) {
      const truth = ruleMatches(this.world, rule, this.question);
      if (truth === 'unknown') this.perhaps.push(rule);
      if (truth === 'yes') {
        const outcome = outcomeOf(rule.action);
        return outcome === undefined ? undefined : this.decide(outcome, { reason: 'rule', tier: tier.name, rule });
      }
      place = rules.next(place + 1, protocol, destinationPort);
      rule = rules.at(place);
    }
    if (tier.end === 'pass' || !rules.isolates) return undefined;
    return this.decide('deny', { reason: 'end of tier', tier: tier.name });
  }
}
