/**
 * The policies that speak for an end of one class, and whether they say the same on both sides: the same rules in the
 * same order are the same, wherever they stand in files.
 */
import type { Direction, Policy, Rule, SelectingTier } from '@weir/model';
import { defined } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import { type BothSides, type Side, sides } from './both-sides.ts';
import { sharedPolicies } from './changed-policies.ts';
import type { JointClass } from './joint-ends.ts';

/** What speaks for a class in one direction. */
export interface Speaking {
  /** Whether it is something else than it was. */
  readonly isChanged: boolean;
  /** The rules of both sides, each in the order in which it is asked. */
  readonly rules: readonly Rule[];
  /** The same for classes for which the same rules speak. */
  readonly id: number;
  /** Whether some rule asks for the name of a port. */
  readonly asksPortNames: boolean;
}

/** Finds what speaks for classes of one comparison. */
export class SpeakingPolicies {
  readonly #compared: Required<BothSides<Snapshot>>;
  readonly #contents: WeakMap<Policy, Readonly<Record<Direction, number>>> = new WeakMap();
  readonly #shared: ReadonlySet<Policy>;
  readonly #numbers: Map<string, number> = new Map();
  readonly #known: Map<string, Speaking> = new Map();

  constructor(compared: Required<BothSides<Snapshot>>) {
    this.#compared = compared;
    this.#shared = sharedPolicies(compared.before.world, compared.after.world);
  }

  /** Nothing speaks for nodes and addresses outside. */
  of({ kind, ends }: JointClass, direction: Direction): Speaking {
    if (kind !== 'pods') return nobody;
    const first = defined(ends[0], 'a class has an end');
    const tiers = sides.map((side) => this.#tiersOf(first, side));
    const [before, after] = tiers.map((of) => of?.map((tier) => this.#tierText(tier, direction)).join(' '));
    const key = `${direction} ${before ?? ''} / ${after ?? ''}`;
    let speaking = this.#known.get(key);
    if (speaking === undefined) {
      const rules = tiers.flatMap((of = []) => of.flatMap(({ policies }) => policies.flatMap((policy) => policy[direction]?.rules ?? [])));
      speaking = { isChanged: before !== after, rules, id: this.#known.size + 1, asksPortNames: rules.some(asksPortName) };
      this.#known.set(key, speaking);
    }
    return speaking;
  }

  #tiersOf(end: JointClass['ends'][number], side: Side): readonly SelectingTier[] | undefined {
    const one = end[side];
    return one?.kind === 'endpoint' ? this.#compared[side].world.selecting(one.endpoint) : undefined;
  }

  /** Tiers in which no policy has a say in the direction are nothing. */
  #tierText({ tier, policies }: SelectingTier, direction: Direction): string {
    const contents = policies.map((policy) => this.#contentOf(policy)[direction]).filter((content) => content !== 0);
    return contents.length === 0 ? '' : `${this.#number(JSON.stringify([tier.name, tier.end]))}:${contents.join()}`;
  }

  #contentOf(policy: Policy): Readonly<Record<Direction, number>> {
    let content = this.#contents.get(policy);
    if (content === undefined) {
      const of = (direction: Direction): number => {
        const rules = policy[direction];
        if (rules === undefined) return 0;
        // The same object says the same on both sides, and its text need not be made.
        if (this.#shared.has(policy)) return this.#number(`shared ${this.#numbers.size}`);
        const said = rules.rules.map(({ action, match }) => ({ action, match }));
        return this.#number(JSON.stringify([policy.orderedBy ?? '', rules.isolates, said]));
      };
      content = { ingress: of('ingress'), egress: of('egress') };
      this.#contents.set(policy, content);
    }
    return content;
  }

  #number(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) this.#numbers.set(text, (number = this.#numbers.size + 1));
    return number;
  }
}

const nobody: Speaking = { isChanged: false, rules: [], id: 0, asksPortNames: false };

function asksPortName({ match: { source, destination } }: Rule): boolean {
  return [source, destination].some(({ namedPorts, notNamedPorts }) => namedPorts !== undefined || notNamedPorts !== undefined);
}
