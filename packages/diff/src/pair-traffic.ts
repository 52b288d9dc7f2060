/** The traffic that the rules of two ends tell apart, and what becomes of it, each once for all pairs of which it is the same. */
import { describeTraffic, type TrafficClass, trafficClasses, trafficOfRules } from '@weir/connectivity';
import type { Outcome, Rule } from '@weir/model';
import { sides } from './both-sides.ts';
import type { ComparedSides, JointEnd } from './joint-ends.ts';
import type { Speaking } from './speaking-policies.ts';

/** Traffic of one side by its outcome; what is in neither is denied. */
export interface SideTraffic {
  readonly allowed: readonly TrafficClass[];
  readonly unknown: readonly TrafficClass[];
}

/** Classes of all traffic; equal ones of different pairs are different objects. */
export interface DividedTraffic {
  readonly classes: readonly TrafficClass[];
  readonly fates: Map<string, TrafficFate>;
}

/** What becomes of traffic; absent on the side where one of the ends is not. */
export interface TrafficFate {
  readonly before?: SideTraffic;
  readonly after?: SideTraffic;
  /** The same for equal traffic, also where it was divided otherwise. */
  readonly key: string;
}

/** The outcomes of one class. */
export interface ClassFate {
  readonly was: Outcome | undefined;
  readonly is: Outcome | undefined;
}

/** Divides the traffic of pairs. */
export class PairTraffic {
  readonly #compared: ComparedSides;
  readonly #divided: Map<string, DividedTraffic> = new Map();
  /** Where host endpoints have a say they are asked about all that any rule tells apart. */
  readonly #whole: DividedTraffic | undefined;

  constructor(compared: ComparedSides) {
    this.#compared = compared;
    const { before, after, family } = compared;
    const worlds = [before.world, after.world];
    const endpoints = (): Parameters<typeof trafficClasses>[1] => worlds.flatMap((world) => world.endpoints);
    this.#whole = worlds.some(({ asksHosts }) => asksHosts)
      ? { classes: trafficClasses(worlds, endpoints(), family), fates: new Map() }
      : undefined;
  }

  /** The traffic that these policies tell apart between these ends. */
  between(source: JointEnd, destination: JointEnd, speaking: readonly Speaking[]): DividedTraffic {
    if (this.#whole !== undefined) return this.#whole;
    const asksNames = speaking.some((one) => one.asksPortNames);
    const pods = asksNames ? [source, destination].flatMap((end) => sides.flatMap((side) => endpointOf(end, side))) : [];
    const key = `${speaking.map(({ id }) => id).join()} ${pods.map(({ namedPorts }) => JSON.stringify(namedPorts)).join()}`;
    let found = this.#divided.get(key);
    if (found === undefined) {
      const rules = speaking.flatMap((one) => one.rules);
      found = { classes: trafficOfRules(rules, { pods, members: this.#membersOf(rules) }, this.#compared.family), fates: new Map() };
      this.#divided.set(key, found);
    }
    return found;
  }

  #membersOf(rules: readonly Rule[]): Parameters<typeof trafficOfRules>[1]['members'] {
    const groups = new Set(
      rules.flatMap(({ match: { source, destination } }) => [...(source.groups ?? []), ...(destination.groups ?? [])]),
    );
    return [...groups].flatMap((group) => sides.flatMap((side) => this.#compared[side].world.membersOf(group)));
  }
}

/** What becomes of traffic by the outcomes of its classes. */
export function fateOf({ classes, fates }: DividedTraffic, outcomes: readonly ClassFate[]): TrafficFate {
  const text = outcomes.map(({ was, is }) => `${(was ?? '-').charAt(0)}${(is ?? '-').charAt(0)}`).join();
  let fate = fates.get(text);
  if (fate === undefined) {
    const of = (side: keyof ClassFate, outcome: Outcome): TrafficClass[] => classes.filter((_, at) => outcomes[at]?.[side] === outcome);
    const sideOf = (side: keyof ClassFate): SideTraffic | undefined =>
      outcomes.every((one) => one[side] === undefined) ? undefined : { allowed: of(side, 'allow'), unknown: of(side, 'unknown') };
    const [before, after] = [sideOf('was'), sideOf('is')];
    const texts = [before, after].map((one) =>
      one === undefined ? 'absent' : `${describeTraffic(one.allowed, classes)}, perhaps ${describeTraffic(one.unknown, classes)}`,
    );
    fate = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }), key: texts.join(' then ') };
    fates.set(text, fate);
  }
  return fate;
}

function endpointOf(end: JointEnd, side: 'before' | 'after'): Parameters<typeof trafficOfRules>[1]['pods'] {
  const one = end[side];
  return one?.kind === 'endpoint' ? [one.endpoint] : [];
}
