/**
 * Port numbers and disjoint ranges of them.
 *
 * A normalised list is sorted, disjoint and has no two adjacent ranges.
 */

/** The smallest and the largest port number of a transport protocol, zero included. */
export const portMin = 0;
export const portMax = 65535;

/** All ports from `first` to `last`, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Every port. */
export const allPorts: readonly PortRange[] = Object.freeze([{ first: portMin, last: portMax }]);

/** Sorts and merges ranges into a normalised list. */
export function unionOfPortRanges(ranges: readonly PortRange[]): PortRange[] {
  const result: PortRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const previous = result.at(-1);
    if (previous !== undefined && range.first <= previous.last + 1) {
      result[result.length - 1] = { first: previous.first, last: Math.max(previous.last, range.last) };
    } else {
      result.push(range);
    }
  }
  return result;
}

/** What is in `from` and not in `holes`, normalised; both may be in any order and overlap. */
export function subtractPortRanges(from: readonly PortRange[], holes: readonly PortRange[]): PortRange[] {
  const result: PortRange[] = [];
  const sortedHoles = unionOfPortRanges(holes);
  for (const range of unionOfPortRanges(from)) {
    let { first } = range;
    for (const hole of sortedHoles) {
      if (hole.last < first) continue;
      if (hole.first > range.last) break;
      if (hole.first > first) result.push({ first, last: hole.first - 1 });
      first = hole.last + 1;
    }
    if (first <= range.last) result.push({ first, last: range.last });
  }
  return result;
}

/** Whether any of the ranges, in any order, holds the port. */
export function portRangesContain(ranges: readonly PortRange[], port: number): boolean {
  for (const range of ranges) if (port >= range.first && port <= range.last) return true;
  return false;
}

/** `80`, or `8000-8080`. */
export function formatPortRange(range: PortRange): string {
  return range.first === range.last ? String(range.first) : `${range.first}-${range.last}`;
}
