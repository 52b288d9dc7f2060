/** Programs that endpoints use, the chains they have in the kernel, and the expressions that those ask. */
import type { ContentKey, PeerTest, Program, ProgramRule } from '@weir/calc';
import { defined, type Family } from '@weir/net';
import type { NamePool } from './names.ts';
import { expressionKey } from './peer-expression.ts';
import type { AskedExpression, PeerTable } from './peer-table.ts';
import { commentOfRule, type ProgramTargets, programChains } from './program-chains.ts';
import type { ChainText } from './rule-script.ts';

/** A program with chains of its own. */
export interface ProgramInForce {
  readonly program: Program;
  /** Its first chain. */
  readonly chain: string;
  readonly chains: Readonly<Record<Family, readonly ChainText[]>>;
}

/** What chains of programs are made with. */
export interface ChainMaking {
  readonly peers: PeerTable;
  readonly names: NamePool;
  /** Ends of a program's rules. */
  readonly targets: (program: Program) => ProgramTargets;
}

/** By the program's key. */
export class ProgramsInForce {
  readonly #making: ChainMaking;
  readonly #byKey = new Map<ContentKey, ProgramInForce>();

  constructor(making: ChainMaking) {
    this.#making = making;
  }

  get(key: ContentKey): ProgramInForce | undefined {
    return this.#byKey.get(key);
  }

  all(): Iterable<ProgramInForce> {
    return this.#byKey.values();
  }

  /** Rules by id. */
  rules(): Map<string, ProgramRule> {
    return new Map([...this.#byKey.values()].flatMap(({ program }) => rulesOf(program).map((rule) => [rule.id, rule])));
  }

  /**
   * Makes exactly these the programs in force. `remade` are expressions with new sets: who asks them gets
   * new chains. What a program of before asks and none asks any more is forgotten.
   */
  use(programs: ReadonlyMap<ContentKey, Program>, remade: ReadonlySet<string>): void {
    let hasChanged = false;
    for (const key of this.#byKey.keys()) {
      if (!programs.has(key)) hasChanged = this.#byKey.delete(key) || hasChanged;
    }
    for (const [key, program] of programs) {
      const before = this.#byKey.get(key);
      if (before !== undefined && !testsOf(program).some((tests) => remade.has(expressionKey(tests)))) continue;
      this.#byKey.set(key, this.#make(program));
      hasChanged = true;
    }
    if (hasChanged) this.#forgetUnasked();
  }

  /** Whether the order of rules matters in a program that asks the expression. */
  askedInOrder(): Set<string> {
    const ordered = [...this.#byKey.values()].filter(({ program }) => rulesOf(program).some(({ action }) => action !== 'allow'));
    return new Set(ordered.flatMap(({ program }) => testsOf(program).map(expressionKey)));
  }

  /** The expressions that a program in force asks. */
  expressionsOf(key: ContentKey): AskedExpression[] {
    const program = this.#byKey.get(key)?.program;
    return program === undefined ? [] : testsOf(program).flatMap((tests) => this.#making.peers.get(tests) ?? []);
  }

  /** Takes all out of force, with what they ask. */
  clear(): void {
    this.#byKey.clear();
    this.#forgetUnasked();
  }

  #make(program: Program): ProgramInForce {
    const { peers, names } = this.#making;
    for (const tests of testsOf(program)) if (peers.get(tests) === undefined) peers.ask(tests, names);
    const chain = names.chain();
    const targets = this.#making.targets(program);
    const chainsOf = (family: Family): ChainText[] => {
      const setFor = (tests: readonly PeerTest[]): string =>
        defined(peers.get(tests), 'an expression of a rule is in force').sets[family].name;
      return programChains(program, { family, chain, setFor, ...targets });
    };
    return { program, chain, chains: { 4: chainsOf(4), 6: chainsOf(6) } };
  }

  #forgetUnasked(): void {
    const { peers } = this.#making;
    const asked = new Set([...this.#byKey.values()].flatMap(({ program }) => testsOf(program).map(expressionKey)));
    for (const { expression } of peers.all()) if (!asked.has(expression.key)) peers.forget(expression.key);
  }
}

/** Comments of the program's rules in the kernel, and the ids of the rules. */
export function ruleComments(program: Program): Map<string, string> {
  return new Map(rulesOf(program).map(({ id }) => [commentOfRule(id), id]));
}

function rulesOf({ tiers }: Program): ProgramRule[] {
  return tiers.flatMap(({ rules }) => rules);
}

function testsOf(program: Program): (readonly PeerTest[])[] {
  return rulesOf(program)
    .map(({ peer }) => peer)
    .filter((peer) => peer.length > 0);
}
