/** A change of the table's elements: what goes and what comes, in one transaction. */
import { elementIdentity, type PlacedElement, sameValue } from './element.ts';

/** Elements to delete and elements to add; deletions come first in a transaction. */
export interface ElementChanges {
  readonly removed: PlacedElement[];
  readonly added: PlacedElement[];
}

/** Adds to `changes` what leads from one list of elements to another; equal ones stay untouched. */
export function addDifference(changes: ElementChanges, before: readonly PlacedElement[], after: readonly PlacedElement[]): void {
  // Nearly everything that is compared is the same and in the same place: no texts are made of that.
  const others = after.filter((placed, i) => !isSame(placed, before[i]));
  if (others.length === 0 && before.length === after.length) return;
  const kept = new Map(before.flatMap((placed, i) => (isSame(placed, after[i]) ? [] : [[elementIdentity(placed), placed] as const])));
  for (const placed of others) {
    const identity = elementIdentity(placed);
    const old = kept.get(identity);
    if (old !== undefined && sameValue(old.element, placed.element)) kept.delete(identity);
    else changes.added.push(placed);
  }
  changes.removed.push(...kept.values());
}

/** Whether both are one element with one value. */
function isSame(a: PlacedElement, b: PlacedElement | undefined): boolean {
  if (b === undefined || a.set !== b.set) return false;
  const [x, y] = [a.element, b.element];
  return (
    sameBytes(x.key, y.key) &&
    sameBytes(x.keyEnd, y.keyEnd) &&
    sameBytes(x.data, y.data) &&
    x.comment === y.comment &&
    x.intervalEnd === y.intervalEnd
  );
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
