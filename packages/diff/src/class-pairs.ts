/**
 * The changes between classes of ends of which anything may be different, pair by pair: a pair is asked where policies
 * of one of them say something else, one of them is something else, or is on one side only.
 */
import { defined } from '@weir/net';
import { sides } from './both-sides.ts';
import type { ClassChange } from './changed-blocks.ts';
import type { EndFocus } from './end-focus.ts';
import type { ComparedSides, JointClass } from './joint-ends.ts';
import { PairJudge } from './pair-judge.ts';
import { type Speaking, SpeakingPolicies } from './speaking-policies.ts';
import { standingPairs } from './standing-pairs.ts';

/** All pairs of some classes. */
export class ClassPairs {
  readonly #classes: readonly JointClass[];
  /** The classes of the focus, between others of which nothing changes; all where there is no focus. */
  readonly #focused: readonly number[];
  readonly #isFocused: readonly boolean[];
  /** Whose ends are something else to rules than they were. */
  readonly #isOther: readonly boolean[];
  readonly #judge: PairJudge;
  readonly #speaking: Readonly<Record<'egress' | 'ingress', readonly Speaking[]>>;
  /** Whether every pair may differ: another engine judges, or somebody besides policies for pods has a say. */
  readonly #asksAll: boolean;
  readonly #asksHosts: boolean;

  constructor(compared: ComparedSides, classes: readonly JointClass[], focus?: EndFocus) {
    this.#classes = classes;
    this.#isFocused = classes.map((one) => focus?.holds(one) !== false);
    this.#focused = [...classes.keys()].filter((at) => this.#isFocused[at]);
    this.#isOther = classes.map((one) => one.isOther || focus?.isOther(one) === true);
    this.#judge = new PairJudge(compared);
    const policies = new SpeakingPolicies(compared);
    this.#speaking = {
      egress: classes.map((one) => policies.of(one, 'egress')),
      ingress: classes.map((one) => policies.of(one, 'ingress')),
    };
    const [was, is] = [compared.before.world, compared.after.world];
    this.#asksHosts = was.asksHosts || is.asksHosts;
    this.#asksAll = this.#asksHosts || was.profile.name !== is.profile.name;
  }

  *changes(): Generator<ClassChange> {
    for (const source of this.#classes.keys()) {
      const destinations = this.#isFocused[source] === true ? this.#classes.keys() : this.#focused;
      for (const destination of destinations) {
        if (this.#mayDiffer(source, destination)) yield* this.#changesOf(source, destination);
      }
    }
  }

  *#changesOf(source: number, destination: number): Generator<ClassChange> {
    const isOther = this.#asksAll || this.#isOther[source] === true || this.#isOther[destination] === true;
    const speaking = { egress: this.#speakingFor('egress', source), ingress: this.#speakingFor('ingress', destination), isOther };
    for (const pair of standingPairs(this.#classAt(source), this.#classAt(destination))) {
      const told = this.#judge.changeOf(pair, speaking);
      if (told !== undefined) yield { source, destination, ...told };
    }
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

  #speakingFor(direction: 'egress' | 'ingress', at: number): Speaking {
    return defined(this.#speaking[direction][at], 'a class of the comparison exists');
  }

  #classAt(at: number): JointClass {
    return defined(this.#classes[at], 'a class of the comparison exists');
  }
}
