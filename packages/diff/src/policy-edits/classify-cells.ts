/** Cells of pairs with equal changes as classes of ends, each of ends that are in the same cells, and the changes between classes. */
import type { Direction } from '@weir/model';
import { groupBy, unionOfAddressRanges } from '@weir/net';
import type { ClassChange } from '../changed-blocks.ts';
import type { JointClass } from '../joint-ends.ts';
import type { KeyedChange } from '../pair-judge.ts';
import type { EditedEnd } from './edited-end.ts';
import type { EndKinds } from './pod-kinds.ts';

/** Pairs of each of the owners with each of the peers, all with one change; of pods those that stand for their kinds. */
export interface ChangedCell {
  /** That in which the owners are asked: of ingress they are the destinations. */
  readonly direction: Direction;
  readonly owners: readonly EditedEnd[];
  readonly peers: EditedEnd[];
  readonly told: KeyedChange;
}

/** Classifies; of pods and of the outside those alone that are in a cell. */
export function classifyCells(
  ends: readonly EditedEnd[],
  cells: readonly ChangedCell[],
  kinds: EndKinds,
): { readonly classes: readonly JointClass[]; readonly changes: readonly ClassChange[] } {
  const marks = marksOf(ends.length, cells);
  const involved = ends.filter((end) => end.kind === 'nodes' || marks[end.place] !== 0);
  const alike = [...groupBy(involved, (end) => `${end.kind} ${marks[end.place] ?? 0}`).values()];
  const placeOf = new Int32Array(ends.length);
  for (const [place, same] of alike.entries()) for (const end of same) placeOf[end.place] = place;
  const placesOf = (some: readonly EditedEnd[]): readonly number[] => {
    const places = new Set<number>();
    for (const end of some) places.add(placeOf[end.place] ?? 0);
    return [...places];
  };
  const bySource: (ClassChange[] | undefined)[] = alike.map(() => undefined);
  for (const { direction, owners, peers, told } of cells) {
    const [sources = [], destinations = []] = (direction === 'ingress' ? [peers, owners] : [owners, peers]).map(placesOf);
    const { change, key } = told;
    for (const source of sources) {
      const ofSource = (bySource[source] ??= []);
      for (const destination of destinations) ofSource.push({ source, destination, change, key });
    }
  }
  const changes = bySource.flatMap((ofSource = []) => ofSource.sort((a, b) => a.destination - b.destination));
  return { classes: alike.map((some) => classOf(some.flatMap((end) => kinds.kindOf(end)))), changes };
}

/** A number that is the same for ends of the same cells, and 0 for those in none: each cell divides the classes that there were before it. */
function marksOf(size: number, cells: readonly ChangedCell[]): Int32Array {
  const marks = new Int32Array(size);
  let last = 0;
  const divide = (ends: readonly EditedEnd[]): void => {
    const parts = new Map<number, number>();
    for (const { place } of ends) {
      const whole = marks[place] ?? 0;
      let part = parts.get(whole);
      if (part === undefined) parts.set(whole, (part = ++last));
      marks[place] = part;
    }
  };
  for (const { owners, peers } of cells) {
    divide(owners);
    divide(peers);
  }
  return marks;
}

function classOf(ends: readonly EditedEnd[]): JointClass {
  const isOn = { before: true, after: true };
  const [{ kind }] = ends as readonly [EditedEnd];
  return {
    kind,
    isOn,
    isOther: false,
    ends: ends.map(({ joint }) => joint),
    ranges: unionOfAddressRanges(ends.flatMap(({ ranges }) => ranges)),
  };
}
