/**
 * Which program a packet meets that an interface sends to one with questions about its own end: by the class of that
 * end, (program . class) → program in `host_own`.
 *
 * Classes never change, so an element says the same for as long as its numbers live.
 */
import { hostU32Bytes } from '@weir/kernel';
import type { PeerClass } from '../classification/peer-class-table.ts';
import { numberValue, type PlacedElement } from './element.ts';
import type { ElementChanges } from './element-changes.ts';
import { ownPrograms } from './host-sets.ts';
import { ownEndSets, ownEndText, programAt } from './own-end.ts';
import type { ProgramEntry } from './program-table.ts';

/** Where the programs that come of it are kept. */
export interface DerivedProgramHome {
  /** Undefined: it cannot be enforced, and nothing is let through in its place. */
  readonly add: (program: ProgramEntry['source'], changes: ElementChanges) => ProgramEntry | undefined;
  readonly remove: (entry: ProgramEntry, changes: ElementChanges) => void;
}

interface Derived {
  readonly entry: ProgramEntry | undefined;
  readonly classes: Set<PeerClass>;
}

interface Asking {
  readonly entry: ProgramEntry;
  readonly sets: readonly string[];
  /** By what their own ends have in common. */
  readonly derived: Map<string, Derived>;
}

/** Follows programs and classes. */
export class OwnEndPrograms {
  readonly #home: DerivedProgramHome;
  readonly #asking = new Map<ProgramEntry, Asking>();
  readonly #classes = new Set<PeerClass>();

  constructor(home: DerivedProgramHome) {
    this.#home = home;
  }

  /** Whose a program is that came of another one. */
  origins(): Map<ProgramEntry, ProgramEntry> {
    return new Map(
      [...this.#asking.values()].flatMap(({ entry, derived }) =>
        [...derived.values()].flatMap((each): [ProgramEntry, ProgramEntry][] => (each.entry === undefined ? [] : [[each.entry, entry]])),
      ),
    );
  }

  *elements(): Iterable<PlacedElement> {
    for (const { entry, derived } of this.#asking.values()) {
      for (const each of derived.values()) for (const peerClass of each.classes) yield* elementsOf(entry, peerClass, each);
    }
  }

  addClass(peerClass: PeerClass, changes: ElementChanges): void {
    this.#classes.add(peerClass);
    for (const asking of this.#asking.values()) this.#meet(asking, peerClass, changes);
  }

  removeClass(peerClass: PeerClass, changes: ElementChanges): void {
    this.#classes.delete(peerClass);
    for (const asking of this.#asking.values()) {
      const text = ownEndText(asking.sets, peerClass.sets);
      const derived = asking.derived.get(text);
      if (derived?.classes.delete(peerClass) !== true) continue;
      changes.removed.push(...elementsOf(asking.entry, peerClass, derived));
      if (derived.classes.size > 0) continue;
      asking.derived.delete(text);
      if (derived.entry !== undefined) this.#home.remove(derived.entry, changes);
    }
  }

  /** Follows which programs with such questions there are. */
  settle(entries: ReadonlySet<ProgramEntry>, changes: ElementChanges): void {
    for (const asking of this.#asking.values()) {
      if (entries.has(asking.entry)) continue;
      this.#asking.delete(asking.entry);
      for (const derived of asking.derived.values()) {
        for (const peerClass of derived.classes) changes.removed.push(...elementsOf(asking.entry, peerClass, derived));
        if (derived.entry !== undefined) this.#home.remove(derived.entry, changes);
      }
    }
    for (const entry of entries) {
      if (this.#asking.has(entry)) continue;
      const asking: Asking = { entry, sets: ownEndSets(entry.source), derived: new Map() };
      this.#asking.set(entry, asking);
      for (const peerClass of this.#classes) this.#meet(asking, peerClass, changes);
    }
  }

  #meet({ entry, sets, derived }: Asking, peerClass: PeerClass, changes: ElementChanges): void {
    const text = ownEndText(sets, peerClass.sets);
    let own = derived.get(text);
    if (own === undefined) {
      own = { entry: this.#home.add(programAt(entry.source, peerClass.sets, text), changes), classes: new Set() };
      derived.set(text, own);
    }
    own.classes.add(peerClass);
    changes.added.push(...elementsOf(entry, peerClass, own));
  }
}

function elementsOf(asking: ProgramEntry, peerClass: PeerClass, { entry }: Derived): PlacedElement[] {
  if (entry === undefined) return [];
  const key = Buffer.concat([hostU32Bytes(asking.number), hostU32Bytes(peerClass.number)]);
  return [{ set: ownPrograms, element: { key, data: numberValue(entry.number) } }];
}
