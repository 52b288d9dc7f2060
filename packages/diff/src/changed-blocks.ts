/** Pairs of classes with equal changes, put together. */
import type { KeyedChange, PairChange } from './pair-judge.ts';

/** Connections between all ends of two sets of classes, with the same change. */
export interface ChangedBlock extends PairChange {
  readonly sources: readonly number[];
  readonly destinations: readonly number[];
}

/** The change of a pair of classes, by their places. */
export interface ClassChange extends KeyedChange {
  readonly source: number;
  readonly destination: number;
}

interface SameChange {
  readonly change: PairChange;
  readonly destinations: number[];
}

/** Equal pairs of one source in one block, then equal blocks of several sources; a source's pairs in the order of their destinations. */
export function changedBlocks(changes: Iterable<ClassChange>): ChangedBlock[] {
  const bySource = new Map<number, Map<string, SameChange>>();
  for (const { source, destination, change, key } of changes) {
    let ofSource = bySource.get(source);
    if (ofSource === undefined) bySource.set(source, (ofSource = new Map<string, SameChange>()));
    const same = ofSource.get(key);
    if (same === undefined) ofSource.set(key, { change, destinations: [destination] });
    else same.destinations.push(destination);
  }
  const blocks = new Map<string, { readonly change: PairChange; readonly destinations: readonly number[]; readonly sources: number[] }>();
  for (const [source, ofSource] of bySource) {
    for (const [key, { change, destinations }] of ofSource) {
      const whole = `${key} ${destinations.join()}`;
      const same = blocks.get(whole);
      if (same === undefined) blocks.set(whole, { change, destinations, sources: [source] });
      else same.sources.push(source);
    }
  }
  return [...blocks.values()].map(({ change, ...ends }) => ({ ...ends, ...change }));
}
