/**
 * What becomes of the connections of one pair of ends, asked of both sides.
 *
 * ```
 *   a pair, and who speaks for its ends ─▶ traffic that their rules tell apart ─▶ a question a class on each side ─▶ change, causes
 * ```
 */
import type { TrafficClass } from '@weir/connectivity';
import { combineOutcomes, type FlowQuestion, judgeQuestion, type Outcome, outcomeInDirection } from '@weir/model';
import { addToGroup } from '@weir/net';
import { type Side, sides } from './both-sides.ts';
import { CauseFinder, type ChangeCause } from './change-cause.ts';
import type { ComparedSides } from './joint-ends.ts';
import { questionsBetween } from './pair-questions.ts';
import { type ClassFate, type DividedTraffic, fateOf, PairTraffic, type SideTraffic } from './pair-traffic.ts';
import type { Speaking } from './speaking-policies.ts';
import type { StandingPair } from './standing-pairs.ts';

/** A cause with the traffic that it is about. */
interface TrafficCause {
  readonly traffic: readonly TrafficClass[];
  readonly cause: ChangeCause;
}

/** What becomes of the connections of a pair. */
export interface PairChange {
  /** Whether it is about pods and the nodes that they run on; else it is about all others. */
  readonly isOwnNode: boolean;
  /** All traffic, as it is divided here. */
  readonly traffic: readonly TrafficClass[];
  /** Absent on the side where one of the ends is not. */
  readonly before?: SideTraffic;
  readonly after?: SideTraffic;
  readonly causes: readonly TrafficCause[];
}

/** A change with a text that is the same for equal ones. */
export interface KeyedChange {
  readonly change: PairChange;
  readonly key: string;
}

/** Who speaks for the ends of a pair, and how they differ beside. */
export interface PairSpeaking {
  readonly egress: Speaking;
  readonly ingress: Speaking;
  /** Whether more may be different than what these say: one of the ends is something else, or all is judged otherwise. */
  readonly isOther: boolean;
}

/** Makes the question about a packet of some traffic. */
type Ask = (traffic: TrafficClass) => FlowQuestion;

/** The traffic of a pair with the questions of each side; absent where one of the ends is not. */
interface PairQuestions {
  readonly divided: DividedTraffic;
  readonly before: Ask | undefined;
  readonly after: Ask | undefined;
}

/** Of a pair that is on both sides. */
interface AskedPair extends PairQuestions {
  readonly before: Ask;
  readonly after: Ask;
}

/** Judges the pairs of one comparison. */
export class PairJudge {
  readonly #compared: ComparedSides;
  readonly #traffic: PairTraffic;
  readonly #causes: CauseFinder = new CauseFinder();
  readonly #judged: Map<string, { readonly divided: DividedTraffic; readonly outcomes: readonly ClassFate[] } | 'unchanged'> = new Map();

  constructor(compared: ComparedSides) {
    this.#compared = compared;
    this.#traffic = new PairTraffic(compared);
  }

  /** The change; undefined where there is none. Pairs that are `alike` are judged once: of them traffic of each class comes to the same. */
  changeOf(pair: StandingPair, speaking: PairSpeaking, alike?: string): KeyedChange | undefined {
    const judged = alike === undefined ? undefined : this.#judged.get(alike);
    if (judged === 'unchanged') return undefined;
    const { source, destination, isOwnNode } = pair;
    const [before, after] = sides.map((side) => questionsBetween(source[side], destination[side], this.#compared.family));
    const { divided, outcomes } = judged ?? this.#judgePair(pair, speaking, { before, after });
    const isOnBoth = before !== undefined && after !== undefined;
    const isChanged = outcomes?.some(({ was = 'deny', is = 'deny' }) => (isOnBoth ? was !== is : was !== 'deny' || is !== 'deny')) === true;
    if (alike !== undefined) this.#judged.set(alike, outcomes !== undefined && isChanged ? { divided, outcomes } : 'unchanged');
    if (outcomes === undefined || !isChanged) return undefined;
    const { key, ...fate } = fateOf(divided, outcomes);
    const causes = isOnBoth ? this.#causesOf(divided, outcomes, { before, after }) : [];
    const texts = causes.map(({ traffic, cause }) => `${cause.text} ${traffic.length}`);
    return { change: { isOwnNode, traffic: divided.classes, ...fate, causes }, key: `${isOwnNode} ${key} ${texts.join(' ')}` };
  }

  #judgePair(
    { source, destination }: StandingPair,
    speaking: PairSpeaking,
    { before, after }: Pick<PairQuestions, 'before' | 'after'>,
  ): { readonly divided: DividedTraffic; readonly outcomes: readonly ClassFate[] | undefined } {
    const divided = this.#traffic.between(source, destination, [speaking.egress, speaking.ingress]);
    return { divided, outcomes: this.#outcomesOf({ divided, before, after }, speaking) };
  }

  /** What becomes of each class of traffic; undefined where nothing changes, as far as that is seen without asking all. */
  #outcomesOf({ divided, before, after }: PairQuestions, { egress, ingress, isOther }: PairSpeaking): readonly ClassFate[] | undefined {
    if (before !== undefined && after !== undefined && egress.isChanged !== ingress.isChanged && !isOther)
      return this.#outcomesOfOne(egress.isChanged ? 'egress' : 'ingress', { divided, before, after });
    return divided.classes.map((one) => ({ was: this.#judge('before', before?.(one)), is: this.#judge('after', after?.(one)) }));
  }

  /** Where the policies of one end alone are others than they were: what the other end says is the same on both sides, and asked only where it matters. */
  #outcomesOfOne(direction: 'egress' | 'ingress', { divided, before, after }: AskedPair): readonly ClassFate[] | undefined {
    const [was, is] = [this.#compared.before.world, this.#compared.after.world];
    const own = divided.classes.map((one) => ({
      one,
      was: outcomeInDirection(was, before(one), direction),
      is: outcomeInDirection(is, after(one), direction),
    }));
    const other = direction === 'egress' ? 'ingress' : 'egress';
    const answers = new Map<TrafficClass, Outcome>();
    const answerOf = (one: TrafficClass): Outcome => {
      const answer = answers.get(one) ?? outcomeInDirection(is, after(one), other);
      answers.set(one, answer);
      return answer;
    };
    if (!own.some((each) => each.was !== each.is && answerOf(each.one) !== 'deny')) return undefined;
    return own.map((each) => {
      const answer = each.was === 'deny' && each.is === 'deny' ? 'deny' : answerOf(each.one);
      return { was: combineOutcomes(each.was, answer), is: combineOutcomes(each.is, answer) };
    });
  }

  #causesOf({ classes }: DividedTraffic, outcomes: readonly ClassFate[], ask: Readonly<Record<Side, Ask>>): TrafficCause[] {
    const found = new Map<ChangeCause, TrafficClass[]>();
    for (const [at, one] of classes.entries()) {
      if (outcomes[at]?.was === outcomes[at]?.is) continue;
      const [before, after] = sides.map((side) => ({ world: this.#compared[side].world, question: ask[side](one) }));
      if (before === undefined || after === undefined) continue;
      for (const cause of this.#causes.find(before, after)) {
        addToGroup(found, cause, one);
      }
    }
    return [...found].map(([cause, traffic]) => ({ traffic, cause }));
  }

  #judge(side: Side, question: FlowQuestion | undefined): Outcome | undefined {
    return question === undefined ? undefined : judgeQuestion(this.#compared[side].world, question);
  }
}
