/**
 * Which programs meet which classes of peers: only through a set that one of a program's rules wants, or
 * because the program asks every class. Both sides are indexed by set, so a change touches its own pairs.
 */
import type { ContentKey } from '@weir/calc';

/** What a program asks of classes. */
export interface AskingProgram {
  /** By the sets of which a class must be in one. */
  readonly wanted: ReadonlyMap<ContentKey, unknown>;
  readonly asksEveryClass: boolean;
}

/** What a class is in. */
export interface MemberClass {
  readonly sets: ReadonlyMap<ContentKey, unknown>;
}

/** Programs and classes that are there, by sets. */
export class ClassIndex<P extends AskingProgram, C extends MemberClass> {
  readonly #programsBySet = new Map<ContentKey, Set<P>>();
  readonly #askingEveryClass = new Set<P>();
  readonly #classes = new Set<C>();
  readonly #classesBySet = new Map<ContentKey, Set<C>>();

  addProgram(program: P): void {
    for (const set of program.wanted.keys()) put(this.#programsBySet, set, program);
    if (program.asksEveryClass) this.#askingEveryClass.add(program);
  }

  removeProgram(program: P): void {
    for (const set of program.wanted.keys()) take(this.#programsBySet, set, program);
    this.#askingEveryClass.delete(program);
  }

  addClass(peerClass: C): void {
    this.#classes.add(peerClass);
    for (const set of peerClass.sets.keys()) put(this.#classesBySet, set, peerClass);
  }

  removeClass(peerClass: C): void {
    this.#classes.delete(peerClass);
    for (const set of peerClass.sets.keys()) take(this.#classesBySet, set, peerClass);
  }

  programsFor(peerClass: C): Set<P> {
    const found = new Set(this.#askingEveryClass);
    for (const set of peerClass.sets.keys()) for (const program of this.#programsBySet.get(set) ?? []) found.add(program);
    return found;
  }

  classesFor(program: AskingProgram): ReadonlySet<C> {
    if (program.asksEveryClass) return this.#classes;
    const found = new Set<C>();
    for (const set of program.wanted.keys()) for (const peerClass of this.#classesBySet.get(set) ?? []) found.add(peerClass);
    return found;
  }
}

function put<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const values = index.get(key);
  if (values === undefined) index.set(key, new Set([value]));
  else values.add(value);
}

function take<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const values = index.get(key);
  values?.delete(value);
  if (values?.size === 0) index.delete(key);
}
