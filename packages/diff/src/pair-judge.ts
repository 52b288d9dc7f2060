/**
 * What becomes of the connections of one pair of ends, asked of both sides.
 *
 * ```
 *   a pair, and who speaks for its ends ─▶ traffic that their rules tell apart ─▶ a question a class on each side ─▶ change, causes
 * ```
 */
import type { TrafficClass } from '@weir/connectivity';
import { combineOutcomes, type Direction, type FlowQuestion, judgeQuestion, type Outcome, outcomeInDirection } from '@weir/model';
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

/** Texts that are the same for pairs which the judge need not tell apart. */
export interface AlikePair {
  /** For pairs of which traffic of each class comes to the same. */
  readonly pair: string;
  /** For pairs of which the policies of one end come to the same, with the same traffic. */
  readonly egress: string;
  readonly ingress: string;
  /** For pairs of which the same rules of each end decide alike. */
  readonly rules: Readonly<Record<Direction, string>>;
}

/** Makes the question about a packet of some traffic. */
type Ask = (traffic: TrafficClass) => FlowQuestion;

/** The traffic of a pair with the questions of each side; absent where one of the ends is not. */
interface PairQuestions {
  readonly divided: DividedTraffic;
  readonly before: Ask | undefined;
  readonly after: Ask | undefined;
  readonly alike: AlikePair | undefined;
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
  readonly #outcomes: Map<string, Map<string | number, Outcome>> = new Map();
  readonly #found: Map<string, Map<string | number, readonly ChangeCause[]>> = new Map();

  constructor(compared: ComparedSides) {
    this.#compared = compared;
    this.#traffic = new PairTraffic(compared);
  }

  /** The change; undefined where there is none. What is alike of pairs is judged once. */
  changeOf(pair: StandingPair, speaking: PairSpeaking, alike?: AlikePair): KeyedChange | undefined {
    const judged = alike === undefined ? undefined : this.#judged.get(alike.pair);
    if (judged === 'unchanged') return undefined;
    const { source, destination, isOwnNode } = pair;
    const [before, after] = sides.map((side) => questionsBetween(source[side], destination[side], this.#compared.family));
    const { divided, outcomes } = judged ?? this.#judgePair(pair, speaking, { before, after, alike });
    const isOnBoth = before !== undefined && after !== undefined;
    const isChanged = outcomes?.some(({ was = 'deny', is = 'deny' }) => (isOnBoth ? was !== is : was !== 'deny' || is !== 'deny')) === true;
    if (alike !== undefined) this.#judged.set(alike.pair, outcomes !== undefined && isChanged ? { divided, outcomes } : 'unchanged');
    if (outcomes === undefined || !isChanged) return undefined;
    const { key, ...fate } = fateOf(divided, outcomes);
    const causes = isOnBoth ? this.#causesOf({ divided, before, after, alike }, outcomes, speaking) : [];
    const texts = causes.map(({ traffic, cause }) => `${cause.text} ${traffic.length}`);
    return { change: { isOwnNode, traffic: divided.classes, ...fate, causes }, key: `${isOwnNode} ${key} ${texts.join(' ')}` };
  }

  #judgePair(
    { source, destination }: StandingPair,
    speaking: PairSpeaking,
    asked: Omit<PairQuestions, 'divided'>,
  ): { readonly divided: DividedTraffic; readonly outcomes: readonly ClassFate[] | undefined } {
    const divided = this.#traffic.between(source, destination, [speaking.egress, speaking.ingress]);
    return { divided, outcomes: this.#outcomesOf({ divided, ...asked }, speaking) };
  }

  /** What becomes of each class of traffic; undefined where nothing changes, as far as that is seen without asking all. */
  #outcomesOf(questions: PairQuestions, { egress, ingress, isOther }: PairSpeaking): readonly ClassFate[] | undefined {
    const { divided, before, after, alike } = questions;
    if (before === undefined || after === undefined || isOther)
      return divided.classes.map((one) => ({ was: this.#judge('before', before?.(one)), is: this.#judge('after', after?.(one)) }));
    if (egress.isChanged !== ingress.isChanged)
      return this.#outcomesOfOne(egress.isChanged ? 'egress' : 'ingress', { divided, before, after, alike });
    const asked = { divided, before, after, alike };
    return divided.classes.map((one) => {
      const [was, is] = sides.map((side) => {
        const out = this.#outcome(asked, { one, side, direction: 'egress' });
        return out === 'deny' ? out : combineOutcomes(out, this.#outcome(asked, { one, side, direction: 'ingress' }));
      });
      return { was, is };
    });
  }

  /** Where the policies of one end alone are others than they were: what the other end says is the same on both sides, and asked only where it matters. */
  #outcomesOfOne(direction: Direction, asked: AskedPair): readonly ClassFate[] | undefined {
    const own = asked.divided.classes.map((one) => ({
      one,
      was: this.#outcome(asked, { one, side: 'before', direction }),
      is: this.#outcome(asked, { one, side: 'after', direction }),
    }));
    const other = direction === 'egress' ? 'ingress' : 'egress';
    const answerOf = (one: TrafficClass): Outcome => this.#outcome(asked, { one, side: 'after', direction: other });
    if (!own.some((each) => each.was !== each.is && answerOf(each.one) !== 'deny')) return undefined;
    return own.map((each) => {
      const answer = each.was === 'deny' && each.is === 'deny' ? 'deny' : answerOf(each.one);
      return { was: combineOutcomes(each.was, answer), is: combineOutcomes(each.is, answer) };
    });
  }

  /** What the policies of one end say on one side; of ends that are alike it is found out once for a packet. */
  #outcome(
    { alike, ...asked }: AskedPair,
    { one, side, direction }: { readonly one: TrafficClass; readonly side: Side; readonly direction: Direction },
  ): Outcome {
    const judge = (): Outcome => outcomeInDirection(this.#compared[side].world, asked[side](one), direction);
    return alike === undefined ? judge() : knownOr(this.#outcomes, `${side} ${direction} ${alike[direction]}`, one, judge);
  }

  #causesOf(asked: AskedPair, outcomes: readonly ClassFate[], { egress, ingress, isOther }: PairSpeaking): TrafficCause[] {
    const found = new Map<ChangeCause, TrafficClass[]>();
    const { classes } = asked.divided;
    const [changed, ...others] = directions.filter((direction) => isOther || { egress, ingress }[direction].isChanged);
    const { alike } = asked;
    const isOfOne = changed !== undefined && others.length === 0;
    for (const [at, one] of classes.entries()) {
      if (outcomes[at]?.was === outcomes[at]?.is) continue;
      const find = (): readonly ChangeCause[] => this.#findCauses(asked, one, isOfOne ? [changed] : directions);
      const causes = isOfOne && alike !== undefined ? knownOr(this.#found, `${changed} ${alike.rules[changed]}`, one, find) : find();
      for (const cause of causes) addToGroup(found, cause, one);
    }
    return [...found].map(([cause, traffic]) => ({ traffic, cause }));
  }

  #findCauses(ask: AskedPair, one: TrafficClass, among: readonly Direction[]): readonly ChangeCause[] {
    const [before, after] = [this.#compared.before.world, this.#compared.after.world];
    return this.#causes.find({ world: before, question: ask.before(one) }, { world: after, question: ask.after(one) }, among);
  }

  #judge(side: Side, question: FlowQuestion | undefined): Outcome | undefined {
    return question === undefined ? undefined : judgeQuestion(this.#compared[side].world, question);
  }
}

const directions = ['egress', 'ingress'] as const;

/** What was found out for a packet of the traffic, or is found out now. */
function knownOr<T>(
  known: Map<string, Map<string | number, T>>,
  key: string,
  { protocol, port, sourcePort, icmp }: TrafficClass,
  find: () => T,
): T {
  let ofKey = known.get(key);
  if (ofKey === undefined) known.set(key, (ofKey = new Map<string | number, T>()));
  const isPlain = port !== undefined && sourcePort === undefined && icmp === undefined;
  // Numbers are compared sooner than texts, and nearly all traffic is told by a port.
  const packet = isPlain
    ? protocol * 2 ** 16 + port
    : `${protocol} ${port ?? ''} ${sourcePort ?? ''} ${icmp === undefined ? '' : `${icmp.type}/${icmp.code ?? ''}`}`;
  let found = ofKey.get(packet);
  if (found === undefined) ofKey.set(packet, (found = find()));
  return found;
}
