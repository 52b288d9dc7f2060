/** Sets of numbers as a Job writes them: `1,3-5,7`. */

/** The numbers of a text; what cannot be read is left out. */
export function parseIndexes(text: string | undefined): Set<number> {
  const numbers = new Set<number>();
  for (const part of (text ?? '').split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) continue;
    const first = Number(match[1]);
    for (let number = first; number <= Number(match[2] ?? first); number++) numbers.add(number);
  }
  return numbers;
}

/** The text of a set: runs of three and more as `a-b`. */
export function formatIndexes(numbers: Iterable<number>): string {
  const sorted = [...numbers].toSorted((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; i++) {
    const first = sorted[i] ?? 0;
    let last = first;
    while (sorted[i + 1] === last + 1) last = sorted[++i] ?? last;
    if (last === first) parts.push(String(first));
    else parts.push(last === first + 1 ? `${first},${last}` : `${first}-${last}`);
  }
  return parts.join(',');
}
