/** Counts of rules and programs that never go back, although chains come and go. */
import type { ContentKey } from '@weir/calc';
import { deniedComment } from './program-chains.ts';
import { type ProgramInForce, ruleComments } from './programs-in-force.ts';
import { commentOf, type SavedRule, type SavedTable } from './rule-script.ts';

/** Packets and bytes. */
export interface Count {
  readonly packets: bigint;
  readonly bytes: bigint;
}

const nothing: Count = { packets: 0n, bytes: 0n };

/** What was counted, by rule id and by program key. */
export interface Counts {
  readonly rules: Map<string, Count>;
  readonly denied: Map<ContentKey, Count>;
}

/** Adds up what chains say, and keeps what chains said that are gone. */
export class RuleCounts {
  readonly #retired: Counts = { rules: new Map(), denied: new Map() };
  readonly #programs = new Map<string, ProgramInForce>();

  /** Tells whose chains these are, until they are retired. */
  know(programs: Iterable<ProgramInForce>): void {
    for (const program of programs) this.#programs.set(program.chain, program);
  }

  /** Chains go: what they counted stays counted. */
  retire(table: SavedTable, chains: ReadonlySet<string>): void {
    for (const [name, rules] of table.chains) if (chains.has(name)) this.#add(this.#retired, name, rules);
  }

  /** Forgets whose these chains were. */
  forget(chains: ReadonlySet<string>): void {
    for (const chain of chains) this.#programs.delete(chain);
  }

  /** All counts, with those of the chains that are there. */
  total(tables: readonly SavedTable[]): Counts {
    const counts: Counts = { rules: new Map(this.#retired.rules), denied: new Map(this.#retired.denied) };
    for (const { chains } of tables) for (const [name, rules] of chains) this.#add(counts, name, rules);
    return counts;
  }

  #add(counts: Counts, chain: string, rules: readonly SavedRule[]): void {
    const program = this.#programs.get(chain) ?? this.#programs.get(chain.replace(/-[0-9]+$/, ''));
    if (program === undefined) return;
    const ids = ruleComments(program.program);
    for (const rule of rules) {
      const comment = commentOf(rule);
      if (comment === undefined) continue;
      if (comment === deniedComment) addTo(counts.denied, program.program.key, rule);
      else {
        const id = ids.get(comment);
        if (id !== undefined) addTo(counts.rules, id, rule);
      }
    }
  }
}

/** What was counted for a key. */
export function countOf<K>(counts: ReadonlyMap<K, Count>, key: K): Count {
  return counts.get(key) ?? nothing;
}

function addTo<K>(counts: Map<K, Count>, key: K, { packets, bytes }: Count): void {
  const before = countOf(counts, key);
  counts.set(key, { packets: before.packets + packets, bytes: before.bytes + bytes });
}
