/**
 * Comparison of the whole table in the kernel with the one that is meant, a piece at a time: changes of
 * one's own may come in between, and go first.
 *
 * Sets are compared by their digests. Only where one differs, elements are looked at one by one.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type DumpedElement, NetlinkError, NftablesConnection, type SetElement, Transaction } from '@weir/kernel';
import { SetDigest } from './content-digest.ts';
import { chainsWithOtherRules, structureDrift } from './drift.ts';
import { elementIdentity, type PlacedElement, sameValue } from './element.ts';
import { countedSets, familySets, weirTable } from './sets.ts';
import type { TableWriter } from './table-writer.ts';

/** How long a piece may take, in milliseconds, before others have their turn. */
const pieceMs = 4;
/** Reading that changes interrupt so often goes on without giving others a turn. */
const patientAttempts = 3;
const attemptsMax = 20;

/** Sets of plain ranges: their elements go and come all together. */
const wholeSets: readonly string[] = ([4, 6] as const).map((family) => familySets(family).block);

/** What differs. */
export interface FoundDrift {
  /** One sentence each. */
  readonly drifted: readonly string[];
  /** What puts it right; undefined: the table has to be replaced. */
  readonly repair: Transaction | undefined;
  /** The writer's commits when it was found: with more, it may not hold any more. */
  readonly commits: number;
}

interface ChangedSet {
  readonly set: string;
  readonly missing: readonly SetElement[];
  readonly unwanted: readonly DumpedElement[];
  /** Everything that should be there. */
  readonly wanted: readonly SetElement[];
}

/** Lets others have their turn when a piece has taken long enough. */
type Breathe = () => Promise<void>;

/** Compares what a writer has written; {@link close} ends it. */
export class TableComparison {
  readonly #writer: TableWriter;
  readonly #elements: () => Iterable<PlacedElement>;
  /** Of its own: a dump that is read in pieces would be in the way of transactions. */
  readonly #reader = new NftablesConnection();

  /** In the current network namespace; `elements` gives the whole desired state. */
  constructor(writer: TableWriter, elements: () => Iterable<PlacedElement>) {
    this.#writer = writer;
    this.#elements = elements;
  }

  /** Undefined when the kernel holds exactly what is meant. */
  async run(): Promise<FoundDrift | undefined> {
    const { layout } = this.#writer;
    const structure = structureDrift(this.#reader, layout);
    if (structure.length > 0) return { drifted: structure, repair: undefined, commits: this.#writer.commits };
    const suspects: string[] = [];
    for (const { name } of layout.sets) if (!(await this.#undisturbed((breathe) => this.#isSame(name, breathe)))) suspects.push(name);
    const chains = chainsWithOtherRules(this.#reader, layout);
    if (suspects.length === 0 && chains.length === 0) return undefined;
    const sets = await this.#undisturbed((breathe) => this.#changedSets(suspects, breathe));
    return this.#found(chains, sets);
  }

  close(): void {
    this.#reader.close();
  }

  /** Reads until nothing was written meanwhile. */
  async #undisturbed<T>(read: (breathe: Breathe) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const { commits } = this.#writer;
      try {
        const result = await read(attempt <= patientAttempts ? breathing() : () => Promise.resolve());
        if (commits === this.#writer.commits) return result;
      } catch (error) {
        const isInterrupted = error instanceof NetlinkError && error.code === 'interrupted';
        if (!isInterrupted || attempt >= attemptsMax) throw error;
      }
    }
  }

  async #isSame(set: string, breathe: Breathe): Promise<boolean> {
    const digest = new SetDigest();
    for (const elements of this.#reader.elementsByParts(weirTable, set)) {
      for (const element of elements) digest.add(element);
      await breathe();
    }
    return digest.equals(this.#writer.digest.of(set));
  }

  async #changedSets(names: readonly string[], breathe: Breathe): Promise<ChangedSet[]> {
    const wanted = new Map<string, Map<string, SetElement>>(names.map((name) => [name, new Map()]));
    for (const placed of this.#elements()) {
      wanted.get(placed.set)?.set(elementIdentity(placed), placed.element);
      await breathe();
    }
    const changed: ChangedSet[] = [];
    for (const [set, elements] of wanted) {
      const missing = new Map(elements);
      const unwanted: DumpedElement[] = [];
      for (const part of this.#reader.elementsByParts(weirTable, set)) {
        for (const element of part) {
          const identity = elementIdentity({ set, element });
          const meant = elements.get(identity);
          if (meant !== undefined && sameValue(meant, element)) missing.delete(identity);
          else unwanted.push(element);
        }
        await breathe();
      }
      if (missing.size > 0 || unwanted.length > 0) {
        changed.push({ set, missing: [...missing.values()], unwanted, wanted: [...elements.values()] });
      }
    }
    return changed;
  }

  #found(chains: readonly string[], sets: readonly ChangedSet[]): FoundDrift {
    const repair = new Transaction(weirTable);
    for (const chain of chains) repair.flushChain(chain);
    for (const rule of this.#writer.layout.rules) if (chains.includes(rule.chain)) repair.addRule(rule);
    for (const { set, missing, unwanted, wanted } of sets) {
      if (wholeSets.includes(set)) repair.flushSet(set).addElements(set, wanted);
      else repair.deleteElements(set, unwanted, countedSets.includes(set)).addElements(set, missing);
    }
    return {
      drifted: [
        ...chains.map((name) => `chain ${name} has other rules`),
        ...sets.flatMap(({ set, missing, unwanted }) => [
          ...(missing.length > 0 ? [`set ${set} lacks ${missing.length} elements, or has them with other values`] : []),
          ...(unwanted.length > 0 ? [`set ${set} has ${unwanted.length} elements that are not ours, or with other values`] : []),
        ]),
      ],
      repair,
      commits: this.#writer.commits,
    };
  }
}

function breathing(): Breathe {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < pieceMs) return;
    await nextTurn();
    since = performance.now();
  };
}
