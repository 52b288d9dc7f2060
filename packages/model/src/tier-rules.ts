/**
 * The rules of one direction that are asked in a tier, laid out so that those about other traffic are passed over quickly.
 *
 * A pod of a large cluster stands under a hundred rules, of which two or three are about the port of a question; looking into
 * each of the others is what a question costs. What they ask of protocol and port lies side by side here instead.
 */
import type { Direction, Rule, SelectingTier } from './model.ts';

/** Numbers of a rule: its protocol, and the first and the last port that a destination may have; `none` where it asks for none. */
const width = 3;
const none = -1;

/** The rules of a tier in one direction. */
export class TierRules {
  /** Whether some policy isolates, so that the end of the tier applies. */
  readonly isolates: boolean;
  private readonly rules: readonly Rule[];
  private readonly asked: Int32Array;

  constructor({ policies }: SelectingTier, direction: Direction) {
    this.isolates = policies.some((policy) => policy[direction]?.isolates === true);
    this.rules = policies.flatMap((policy) => policy[direction]?.rules.filter(({ action }) => action !== 'log') ?? []);
    this.asked = new Int32Array(this.rules.length * width);
    for (const [place, { match }] of this.rules.entries()) {
      const { ports, namedPorts } = match.destination;
      const isAnyPort = ports === undefined || namedPorts !== undefined;
      const [first, last] = isAnyPort ? [none, none] : [ports[0]?.first ?? none, ports.at(-1)?.last ?? none];
      this.asked.set([match.protocol ?? none, first, last], place * width);
    }
  }

  /** The place of the next rule that may be about the traffic, from a place on; past the last one where there is none. */
  next(from: number, protocol: number, port: number | undefined): number {
    const { asked } = this;
    let at = from * width;
    for (; at < asked.length; at += width) {
      const wanted = asked[at];
      if (wanted !== none && wanted !== protocol) continue;
      const first = asked[at + 1];
      if (first === none || (port !== undefined && port >= (first ?? none) && port <= (asked[at + 2] ?? none))) break;
    }
    return at / width;
  }

  /** The rule at a place; undefined past the last one. */
  at(place: number): Rule | undefined {
    return this.rules[place];
  }
}

/** What was laid out of tiers: a world keeps those that select a pod. */
const known: Readonly<Record<Direction, WeakMap<SelectingTier, TierRules>>> = { ingress: new WeakMap(), egress: new WeakMap() };

/** The rules of a tier that selects somebody. */
export function rulesOfTier(selecting: SelectingTier, direction: Direction): TierRules {
  let rules = known[direction].get(selecting);
  if (rules === undefined) known[direction].set(selecting, (rules = new TierRules(selecting, direction)));
  return rules;
}
