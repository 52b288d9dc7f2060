/**
 * Numbers of the rules that programs in force have, and the elements that count them.
 *
 * One rule is in many programs and meets many classes; all its tuples carry one number, so that a
 * packet that it lets through is counted once, in one place.
 */
import type { Program, ProgramRule } from '@weir/calc';
import { defined } from '@weir/net';
import type { NumberPool } from '../classification/number-pool.ts';
import { type PlacedElement, ruleElement } from './element.ts';
import type { ElementChanges } from './element-changes.ts';

interface NumberedRule {
  readonly number: number;
  readonly rule: ProgramRule;
  /** Programs that have it. */
  users: number;
  inForce: boolean;
}

/** The number of what no rule but a default allows. */
const noRule = 0;

/** Rules by id. */
export class RuleTable {
  readonly #numbers: NumberPool;
  readonly #rules = new Map<string, NumberedRule>();
  readonly #touched = new Set<string>();

  constructor(numbers: NumberPool) {
    this.#numbers = numbers;
  }

  /** A program comes into force; {@link settle} makes the elements. */
  use(program: Program): void {
    for (const [id, rule] of rulesOf(program)) {
      const known = this.#rules.get(id);
      if (known === undefined) this.#rules.set(id, { number: this.#numbers.next(), rule, users: 1, inForce: false });
      else known.users++;
      this.#touched.add(id);
    }
  }

  /** A program goes. */
  leave(program: Program): void {
    for (const id of rulesOf(program).keys()) {
      defined(this.#rules.get(id), 'a rule of a program in force is known').users--;
      this.#touched.add(id);
    }
  }

  /** The number of a rule of a program in force. */
  number(id: string | undefined): number {
    return id === undefined ? noRule : defined(this.#rules.get(id), 'a rule of a program in force is known').number;
  }

  /** Adds the elements of rules that came or went since the last call; one that did both stays as it is. */
  settle(changes: ElementChanges): void {
    for (const id of this.#touched) {
      const rule = this.#rules.get(id);
      if (rule === undefined) continue;
      if (rule.users > 0 && !rule.inForce) changes.added.push(ruleElement(rule.number, id));
      else if (rule.users === 0 && rule.inForce) changes.removed.push(ruleElement(rule.number, id));
      rule.inForce = rule.users > 0;
      if (rule.users === 0) this.#rules.delete(id);
    }
    this.#touched.clear();
  }

  *elements(): Iterable<PlacedElement> {
    yield ruleElement(noRule, undefined);
    for (const [id, { number }] of this.#rules) yield ruleElement(number, id);
  }

  /** Rules of programs in force by their ids. */
  rules(): Map<string, ProgramRule> {
    return new Map([...this.#rules].map(([id, { rule }]) => [id, rule]));
  }
}

function rulesOf({ tiers }: Program): Map<string, ProgramRule> {
  return new Map(tiers.flatMap(({ rules }) => rules.map((rule) => [rule.id, rule])));
}
