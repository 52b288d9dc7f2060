/** A change of the table's elements: what goes and what comes, in one transaction. */
import { elementIdentity, type PlacedElement, sameValue } from './element.ts';

/** Elements to delete and elements to add; deletions come first in a transaction. */
export interface ElementChanges {
  readonly removed: PlacedElement[];
  readonly added: PlacedElement[];
}

/** Adds to `changes` what leads from one list of elements to another; equal ones stay untouched. */
export function addDifference(changes: ElementChanges, before: readonly PlacedElement[], after: readonly PlacedElement[]): void {
  const kept = new Map(before.map((placed) => [elementIdentity(placed), placed]));
  for (const placed of after) {
    const identity = elementIdentity(placed);
    const old = kept.get(identity);
    if (old !== undefined && sameValue(old.element, placed.element)) kept.delete(identity);
    else changes.added.push(placed);
  }
  changes.removed.push(...kept.values());
}
