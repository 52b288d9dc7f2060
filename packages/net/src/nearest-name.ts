/** Of known names the one that somebody may have meant by another. */
import { editDistance } from './edit-distance.ts';

/** The nearest of the names, if it is near: at most one letter, or a third of its letters, are other ones. */
export function nearestOf(name: string, known: Iterable<string>): string | undefined {
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const limit = Math.max(1, Math.floor(candidate.length / 3));
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), limit);
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}
