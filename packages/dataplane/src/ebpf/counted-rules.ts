/** Rules of programs in force and the numbers under which the kernel counts their packets: one for each rule, however many programs have it. */
import type { Program, ProgramRule } from '@weir/calc';
import { defined } from '@weir/net';
import type { NumberPool } from '../classification/number-pool.ts';

/** A rule that some program in force has. */
export interface CountedRule {
  readonly number: number;
  readonly rule: ProgramRule;
}

/** Rules by id. */
export class CountedRules {
  readonly #numbers: NumberPool;
  readonly #byId = new Map<string, CountedRule & { users: number }>();

  constructor(numbers: NumberPool) {
    this.#numbers = numbers;
  }

  byId(): ReadonlyMap<string, CountedRule> {
    return this.#byId;
  }

  /** The number of a rule in force. */
  number(id: string): number {
    return defined(this.#byId.get(id), 'a rule in force is known').number;
  }

  /** Takes a program's rules over; those that no program had before. */
  use(program: Program): CountedRule[] {
    const fresh: CountedRule[] = [];
    for (const rule of rulesOf(program)) {
      const known = this.#byId.get(rule.id);
      if (known !== undefined) known.users++;
      else {
        const counted = { number: this.#numbers.next(), rule, users: 1 };
        this.#byId.set(rule.id, counted);
        fresh.push(counted);
      }
    }
    return fresh;
  }

  /** Lets a program's rules go; those that no program has any more. */
  leave(program: Program): CountedRule[] {
    const gone: CountedRule[] = [];
    for (const { id } of rulesOf(program)) {
      const known = defined(this.#byId.get(id), 'a rule in force is known');
      known.users--;
      if (known.users > 0) continue;
      this.#byId.delete(id);
      gone.push(known);
    }
    return gone;
  }
}

/** Each rule once, also where a program has it twice. */
function* rulesOf({ tiers }: Program): Iterable<ProgramRule> {
  const ids = new Set<string>();
  for (const { rules } of tiers) {
    for (const rule of rules) {
      if (ids.has(rule.id)) continue;
      ids.add(rule.id);
      yield rule;
    }
  }
}
