/** Which known word a mistyped one is near to: Ratcliff and Obershelp's measure, as az takes it from Python's difflib. */

const cutoff = 0.7;

/** The nearest of `words`, when it is near enough. */
export function closeMatch(typed: string, words: readonly string[]): string | undefined {
  let best: { readonly word: string; readonly ratio: number } | undefined;
  for (const word of words) {
    const ratio = (2 * matchingLetters(word, typed)) / Math.max(1, word.length + typed.length);
    if (ratio >= cutoff && (best === undefined || ratio > best.ratio)) best = { word, ratio };
  }
  return best?.word;
}

/** Letters in the longest common block, and in those to its left and right. */
function matchingLetters(a: string, b: string): number {
  const { size, atA, atB } = longestBlock(a, b);
  if (size === 0) return 0;
  return size + matchingLetters(a.slice(0, atA), b.slice(0, atB)) + matchingLetters(a.slice(atA + size), b.slice(atB + size));
}

function longestBlock(a: string, b: string): { size: number; atA: number; atB: number } {
  let best = { size: 0, atA: 0, atB: 0 };
  for (let atA = 0; atA < a.length; atA++) {
    for (let atB = 0; atB < b.length; atB++) {
      let size = 0;
      while (atA + size < a.length && a[atA + size] === b[atB + size]) size++;
      if (size > best.size) best = { size, atA, atB };
    }
  }
  return best;
}
