/** What an edit of policies changes in one direction: the rules that are others, the traffic that they are about, and whom they select. */
import type { Direction, Policy, Rule, Side } from '@weir/model';
import { BitSet, type PortRange } from '@weir/net';
import { saysTheSameIn } from '../changed-policies.ts';
import { isSameValue } from '../same-value.ts';
import type { PodSets } from './pod-sets.ts';

/** A policy with what it was. */
export interface RuleEdit {
  /** The pods that it selects on either side. */
  readonly owners: BitSet;
  /** The rules of either side that are others: pairs and traffic of which none of them is, are treated as they were. */
  readonly rules: readonly Rule[];
  /** Whether more is different than rules: its place in the order, whom it selects, whether it isolates. */
  readonly isWhole: boolean;
}

/** The edit of policies that are, on both sides, the same but for what they say; of one that is on one side only, or of which nothing is known, everything is different. */
export function ruleEdit(same: readonly Policy[], direction: Direction, sets: PodSets): RuleEdit {
  const owners = BitSet.empty(sets.size);
  for (const { subject } of same) sets.labelled(subject).addTo(owners);
  const [was, is, ...others] = same;
  if (was === undefined || is === undefined || others.length > 0 || !areSameButRules(was, is, direction))
    return { owners, rules: same.flatMap((policy) => rulesOf(policy, direction)), isWhole: true };
  return { owners, rules: differingRules(rulesOf(was, direction), rulesOf(is, direction)), isWhole: false };
}

function areSameButRules(was: Policy, is: Policy, direction: Direction): boolean {
  const withoutRules = (policy: Policy): Policy => {
    const { [direction]: rules, ...others } = policy;
    return rules === undefined ? others : { ...others, [direction]: { ...rules, rules: [] } };
  };
  return saysTheSameIn(withoutRules(was), withoutRules(is), direction);
}

function rulesOf(policy: Policy, direction: Direction): readonly Rule[] {
  return policy[direction]?.rules ?? [];
}

/** Those between the rules with which both begin and end: none of the others comes before or behind one that it did not. */
function differingRules(was: readonly Rule[], is: readonly Rule[]): readonly Rule[] {
  const isSame = (one: Rule | undefined, other: Rule | undefined): boolean =>
    one?.action === other?.action && isSameValue(one?.match, other?.match);
  const shorter = Math.min(was.length, is.length);
  let first = 0;
  while (first < shorter && isSame(was[first], is[first])) first++;
  let rest = 0;
  while (rest < shorter - first && isSame(was[was.length - 1 - rest], is[is.length - 1 - rest])) rest++;
  return [...was.slice(first, was.length - rest), ...is.slice(first, is.length - rest)];
}

/** Traffic that some rules are about, or all. */
export class EditedTraffic {
  /** Undefined: all. */
  readonly #parts: readonly TrafficPart[] | undefined;
  readonly #sets: PodSets;
  readonly #named: Map<string, BitSet> = new Map();
  /** Of rules that ask for one port alone, as most do, by its protocol and number. */
  readonly #plain: Map<number, boolean | BitSet> = new Map();

  constructor(rules: readonly Rule[] | 'all', sets: PodSets) {
    this.#parts = rules === 'all' ? undefined : partsOf(rules, sets);
    this.#sets = sets;
  }

  /** Whether a rule may be about some of the traffic: by the pod that is its destination, where it asks for the name of a port. */
  concerns({ match }: Rule): boolean | BitSet {
    if (this.#parts === undefined) return true;
    const { ports, namedPorts } = match.destination;
    const [only] = ports ?? [];
    if (only === undefined || only.first !== only.last || ports?.length !== 1 || namedPorts !== undefined)
      return this.#find(match, this.#parts);
    const key = (match.protocol ?? 2 ** 8) * 2 ** 16 + only.first;
    let found = this.#plain.get(key);
    if (found === undefined) this.#plain.set(key, (found = this.#find(match, this.#parts)));
    return found;
  }

  #find(match: Rule['match'], parts: readonly TrafficPart[]): boolean | BitSet {
    const { ports, namedPorts } = match.destination;
    let named: TrafficPart[] | undefined;
    for (const part of parts) {
      if (part.protocol !== undefined && match.protocol !== undefined && part.protocol !== match.protocol) continue;
      if (part.ports === undefined || (ports === undefined && namedPorts === undefined)) return true;
      if (ports !== undefined && overlap(part.ports, ports)) return true;
      if (namedPorts !== undefined) (named ??= []).push(part);
    }
    if (named === undefined || namedPorts === undefined) return false;
    const destinations = this.#destinations(namedPorts, named);
    return destinations.isEmpty ? false : destinations;
  }

  #destinations(names: readonly string[], parts: readonly TrafficPart[]): BitSet {
    const key = `${names.join(' ')} of ${parts.map((part) => part.id).join()}`;
    let found = this.#named.get(key);
    if (found === undefined) {
      found = BitSet.empty(this.#sets.size);
      for (const name of names)
        this.#sets
          .withPort(name, ({ protocol, port }) =>
            parts.some(
              (part) =>
                (part.protocol ?? protocol) === protocol &&
                (part.ports === undefined || overlap(part.ports, [{ first: port, last: port }])),
            ),
          )
          .addTo(found);
      this.#named.set(key, found);
    }
    return found;
  }
}

/** Traffic of one protocol and some ports; absent: of all. */
interface TrafficPart {
  readonly id: number;
  readonly protocol: Rule['match']['protocol'];
  readonly ports: readonly PortRange[] | undefined;
}

/** Each once; names of ports are whatever any pod means by them. */
function partsOf(rules: readonly Rule[], sets: PodSets): readonly TrafficPart[] {
  const found = new Map<string, TrafficPart>();
  for (const { match } of rules) {
    const { ports, namedPorts }: Side = match.destination;
    const named = (namedPorts ?? []).flatMap((name) => sets.numbersOf(name));
    const ofRule = ports === undefined && namedPorts === undefined ? undefined : [...(ports ?? []), ...named];
    const key = `${match.protocol ?? '*'} ${ofRule === undefined ? '*' : ofRule.map(({ first, last }) => `${first}-${last}`).join()}`;
    if (!found.has(key)) found.set(key, { id: found.size, protocol: match.protocol, ports: ofRule });
  }
  return [...found.values()];
}

function overlap(some: readonly PortRange[], others: readonly PortRange[]): boolean {
  return some.some((one) => others.some((other) => one.first <= other.last && other.first <= one.last));
}
