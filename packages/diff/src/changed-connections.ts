/**
 * The connections that are others than they were, between classes of ends of two snapshots.
 *
 * ```
 *   classes of joint ends ─▶ pairs that may differ: policies or labels of one of them do, or one is on one side only
 *                              └▶ traffic that the rules of both tell apart
 *                                   └▶ one question a class on each side ─▶ blocks of equal pairs, with their causes
 * ```
 */
import type { TrafficClass } from '@weir/connectivity';
import { combineOutcomes, type FlowQuestion, judgeDirection, judgeQuestion, type Outcome } from '@weir/model';
import { defined, type Family } from '@weir/net';
import { type Side, sides } from './both-sides.ts';
import { CauseFinder, type ChangeCause } from './change-cause.ts';
import { type EndFocus, focusOf } from './end-focus.ts';
import { type ComparedSides, type JointClass, jointClasses } from './joint-ends.ts';
import { questionsBetween } from './pair-questions.ts';
import { type ClassFate, type DividedTraffic, fateOf, PairTraffic, type SideTraffic } from './pair-traffic.ts';
import { pairPods } from './paired-pods.ts';
import { type Speaking, SpeakingPolicies } from './speaking-policies.ts';
import { type StandingPair, standingPairs } from './standing-pairs.ts';

/** A cause with the traffic that it is about. */
interface TrafficCause {
  readonly traffic: readonly TrafficClass[];
  readonly cause: ChangeCause;
}

/** Connections between all ends of two sets of classes, with the same change. */
export interface ChangedBlock {
  readonly sources: readonly number[];
  readonly destinations: readonly number[];
  /** Whether it is about pods and the nodes that they run on; else it is about all others. */
  readonly isOwnNode: boolean;
  /** All traffic, as it is divided here. */
  readonly traffic: readonly TrafficClass[];
  /** Absent on the side where one of the ends is not. */
  readonly before?: SideTraffic;
  readonly after?: SideTraffic;
  readonly causes: readonly TrafficCause[];
}

/** The comparison of one family. */
export interface ConnectionComparison {
  readonly family: Family;
  readonly classes: readonly JointClass[];
  /** How many parties there are in all, of which the classes may hold those alone whose connections may change. */
  readonly parties: Readonly<Record<Side, ReadonlySet<string>>>;
  readonly blocks: readonly ChangedBlock[];
}

/** Compares. */
export function compareConnections(compared: ComparedSides): ConnectionComparison {
  const pods = pairPods(compared.before, compared.after);
  const partiesOf = (side: Side): ReadonlySet<string> => new Set(pods.flatMap((pod) => (pod[side] === undefined ? [] : [pod.party])));
  const parties = { before: partiesOf('before'), after: partiesOf('after') };
  const focus = focusOf(compared, pods);
  const worlds = { before: compared.before.world, after: compared.after.world };
  const classes = focus === undefined ? jointClasses(compared, { pods, worlds }) : focus.classes;
  const blocks = new PairComparison(compared, classes, focus).blocks();
  return { family: compared.family, classes, parties, blocks };
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

type PairChange = Omit<ChangedBlock, 'sources' | 'destinations'>;

/** A change with a text that is the same for equal ones. */
interface KeyedChange {
  readonly change: PairChange;
  readonly key: string;
}

class PairComparison {
  readonly #compared: ComparedSides;
  readonly #classes: readonly JointClass[];
  /** The classes of the focus, between others of which nothing changes; all where there is no focus. */
  readonly #focused: readonly number[];
  readonly #isFocused: readonly boolean[];
  /** Whose ends are something else to rules than they were. */
  readonly #isOther: readonly boolean[];
  readonly #traffic: PairTraffic;
  readonly #causes: CauseFinder = new CauseFinder();
  readonly #speaking: Readonly<Record<'egress' | 'ingress', readonly Speaking[]>>;
  /** Whether every pair may differ: another engine judges, or somebody besides policies for pods has a say. */
  readonly #asksAll: boolean;
  readonly #asksHosts: boolean;

  constructor(compared: ComparedSides, classes: readonly JointClass[], focus: EndFocus | undefined) {
    this.#compared = compared;
    this.#classes = classes;
    this.#isFocused = classes.map((one) => focus?.holds(one) !== false);
    this.#focused = [...classes.keys()].filter((at) => this.#isFocused[at]);
    this.#isOther = classes.map((one) => one.isOther || focus?.isOther(one) === true);
    this.#traffic = new PairTraffic(compared);
    const policies = new SpeakingPolicies(compared);
    this.#speaking = {
      egress: classes.map((one) => policies.of(one, 'egress')),
      ingress: classes.map((one) => policies.of(one, 'ingress')),
    };
    const [was, is] = [compared.before.world, compared.after.world];
    this.#asksHosts = was.asksHosts || is.asksHosts;
    this.#asksAll = this.#asksHosts || was.profile.name !== is.profile.name;
  }

  /** Equal pairs of one source in one block, then equal blocks of several sources. */
  blocks(): ChangedBlock[] {
    const found = new Map<string, { readonly change: PairChange; readonly destinations: readonly number[]; readonly sources: number[] }>();
    for (const source of this.#classes.keys()) {
      for (const [key, { change, destinations }] of this.#changesFrom(source)) {
        const whole = `${key} ${destinations.join()}`;
        const same = found.get(whole);
        if (same === undefined) found.set(whole, { change, destinations, sources: [source] });
        else same.sources.push(source);
      }
    }
    return [...found.values()].map(({ change, ...ends }) => ({ ...ends, ...change }));
  }

  #changesFrom(source: number): ReadonlyMap<string, { readonly change: PairChange; readonly destinations: number[] }> {
    const found = new Map<string, { readonly change: PairChange; readonly destinations: number[] }>();
    const destinations = this.#isFocused[source] === true ? this.#classes.keys() : this.#focused;
    for (const destination of destinations) {
      if (!this.#mayDiffer(source, destination)) continue;
      for (const pair of standingPairs(this.#classAt(source), this.#classAt(destination))) {
        const told = this.#changeOf(source, destination, pair);
        if (told === undefined) continue;
        const same = found.get(told.key);
        if (same === undefined) found.set(told.key, { change: told.change, destinations: [destination] });
        else same.destinations.push(destination);
      }
    }
    return found;
  }

  #mayDiffer(source: number, destination: number): boolean {
    const [from, to] = [this.#classAt(source), this.#classAt(destination)];
    if (!this.#asksHosts && from.kind !== 'pods' && to.kind !== 'pods') return false;
    if (from.kind === 'outside' && to.kind === 'outside') return false;
    // Nodes come and go: what they are allowed then is no change of anybody's.
    if ([from, to].some(({ kind, isOn }) => kind === 'nodes' && !(isOn.before && isOn.after))) return false;
    if (this.#asksAll || this.#isOther[source] === true || this.#isOther[destination] === true)
      return sides.some((side) => from.isOn[side] && to.isOn[side]);
    return this.#speaking.egress[source]?.isChanged === true || this.#speaking.ingress[destination]?.isChanged === true;
  }

  #changeOf(from: number, to: number, { source, destination, isOwnNode }: StandingPair): KeyedChange | undefined {
    const { family } = this.#compared;
    const [before, after] = sides.map((side) => questionsBetween(source[side], destination[side], family));
    const speaking = [this.#speakingFor('egress', from), this.#speakingFor('ingress', to)];
    const divided = this.#traffic.between(source, destination, speaking);
    const outcomes = this.#outcomesOf(from, to, { divided, before, after });
    if (outcomes === undefined) return undefined;
    const isOnBoth = before !== undefined && after !== undefined;
    if (outcomes.every(({ was = 'deny', is = 'deny' }) => (isOnBoth ? was === is : was === 'deny' && is === 'deny'))) return undefined;
    const { key, ...fate } = fateOf(divided, outcomes);
    const causes = isOnBoth ? this.#causesOf(divided, outcomes, { before, after }) : [];
    const texts = causes.map(({ traffic, cause }) => `${cause.text} ${traffic.length}`);
    return { change: { isOwnNode, traffic: divided.classes, ...fate, causes }, key: `${isOwnNode} ${key} ${texts.join(' ')}` };
  }

  /** What becomes of each class of traffic; undefined where nothing changes, as far as that is seen without asking all. */
  #outcomesOf(from: number, to: number, { divided, before, after }: PairQuestions): readonly ClassFate[] | undefined {
    const [egress, ingress] = [this.#speakingFor('egress', from).isChanged, this.#speakingFor('ingress', to).isChanged];
    const isEitherOther = this.#isOther[from] === true || this.#isOther[to] === true;
    if (before !== undefined && after !== undefined && egress !== ingress && !this.#asksAll && !isEitherOther)
      return this.#outcomesOfOne(egress ? 'egress' : 'ingress', { divided, before, after });
    return divided.classes.map((one) => ({ was: this.#judge('before', before?.(one)), is: this.#judge('after', after?.(one)) }));
  }

  /** Where the policies of one end alone are others than they were: what the other end says is the same on both sides, and asked only where it matters. */
  #outcomesOfOne(direction: 'egress' | 'ingress', { divided, before, after }: AskedPair): readonly ClassFate[] | undefined {
    const [was, is] = [this.#compared.before.world, this.#compared.after.world];
    const own = divided.classes.map((one) => ({
      one,
      was: judgeDirection(was, before(one), direction).verdict,
      is: judgeDirection(is, after(one), direction).verdict,
    }));
    const other = direction === 'egress' ? 'ingress' : 'egress';
    const answers = new Map<TrafficClass, Outcome>();
    const answerOf = (one: TrafficClass): Outcome => {
      const answer = answers.get(one) ?? judgeDirection(is, after(one), other).verdict;
      answers.set(one, answer);
      return answer;
    };
    if (!own.some((each) => each.was !== each.is && answerOf(each.one) !== 'deny')) return undefined;
    return own.map((each) => {
      const answer = each.was === 'deny' && each.is === 'deny' ? 'deny' : answerOf(each.one);
      return { was: combineOutcomes(each.was, answer), is: combineOutcomes(each.is, answer) };
    });
  }

  #speakingFor(direction: 'egress' | 'ingress', at: number): Speaking {
    return defined(this.#speaking[direction][at], 'a class of the comparison exists');
  }

  #causesOf({ classes }: DividedTraffic, outcomes: readonly ClassFate[], ask: Readonly<Record<Side, Ask>>): TrafficCause[] {
    const found = new Map<ChangeCause, TrafficClass[]>();
    for (const [at, one] of classes.entries()) {
      if (outcomes[at]?.was === outcomes[at]?.is) continue;
      const [before, after] = sides.map((side) => ({ world: this.#compared[side].world, question: ask[side](one) }));
      if (before === undefined || after === undefined) continue;
      for (const cause of this.#causes.find(before, after)) {
        const same = found.get(cause);
        if (same === undefined) found.set(cause, [one]);
        else same.push(one);
      }
    }
    return [...found].map(([cause, traffic]) => ({ traffic, cause }));
  }

  #judge(side: Side, question: FlowQuestion | undefined): Outcome | undefined {
    return question === undefined ? undefined : judgeQuestion(this.#compared[side].world, question);
  }

  #classAt(at: number): JointClass {
    return defined(this.#classes[at], 'a class of the comparison exists');
  }
}
