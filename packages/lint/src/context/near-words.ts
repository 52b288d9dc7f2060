/** Words that are written almost alike: what a typo was meant to be. */
import { editDistance } from '@weir/net';

/** The nearest of some words to one that is none of them; undefined when none is near. Case alone is nearest of all. */
export function nearestWord(word: string, words: Iterable<string>): string | undefined {
  const limit = word.length <= 3 ? 1 : word.length <= 8 ? 2 : 3;
  let best: { readonly word: string; readonly cost: number } | undefined;
  for (const candidate of words) {
    // What costs least is asked first: there may be thousands of words, and few of them are near.
    if (candidate === word || candidate === '' || Math.abs(candidate.length - word.length) > limit) continue;
    const cost = differsOnlyInCase(candidate, word) ? 0 : editDistance(word, candidate, best?.cost ?? limit);
    if (cost > (best?.cost ?? limit) || cost > Math.max(word.length, candidate.length) / 2) continue;
    if (best !== undefined && cost === best.cost && candidate >= best.word) continue;
    if (!areOneOfSeveral(word, candidate)) best = { word: candidate, cost };
  }
  return best?.word;
}

/** Whether two words are names of a series, `team-a` and `team-b`, `node1` and `node2`: neither is a typo of the other. */
function areOneOfSeveral(a: string, b: string): boolean {
  if (a.replace(/\d+/g, '0') === b.replace(/\d+/g, '0')) return true;
  const [some, others] = [a.split(/[-_./]/), b.split(/[-_./]/)];
  if (some.length !== others.length) return false;
  const different = some.flatMap((part, i) => (part === others[i] ? [] : [[part, others[i] ?? '']]));
  return different.every(([one = '', other = '']) => one.length <= 2 && other.length <= 2 && lettersOf(one) !== lettersOf(other));
}

function lettersOf(word: string): string {
  return word.toLowerCase().split('').sort().join('');
}

/** Whether two words are the same but for upper and lower case. */
export function differsOnlyInCase(a: string, b: string): boolean {
  return a !== b && a.length === b.length && a.toLowerCase() === b.toLowerCase();
}
