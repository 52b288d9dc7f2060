/**
 * Long lists cut into pieces, so that lists which differ in one item differ in one piece or two.
 *
 * Where the cuts are depends on the items alone: a piece ends with an item that says so.
 */

/** Items that follow each other, at least one. */
export interface Piece<T> {
  readonly items: readonly T[];
}

/** How a list is cut. */
export interface Cut<T, P extends Piece<T>> {
  readonly isLast: (item: T) => boolean;
  /** Pieces of a list that is much the same, by their first item: they are taken where they fit. */
  readonly known: ReadonlyMap<T, P>;
  readonly make: (items: readonly T[]) => P;
}

/** One item in so many ends a piece, a power of two. */
const expectedLength = 64;

/** The list in pieces. */
export function piecesOf<T, P extends Piece<T>>(items: readonly T[], { isLast, known, make }: Cut<T, P>): P[] {
  const pieces: P[] = [];
  const last = items.length - 1;
  let start = 0;
  for (let i = 0; i <= last; i++) {
    if (i < last && !isLast(items[i] as T)) continue;
    const fitting = known.get(items[start] as T);
    pieces.push(fitting !== undefined && isAt(fitting.items, items, start, i + 1) ? fitting : make(items.slice(start, i + 1)));
    start = i + 1;
  }
  return pieces;
}

/** The pieces by their first items. */
export function byFirstItem<T, P extends Piece<T>>(pieces: readonly P[]): Map<T, P> {
  const found = new Map<T, P>();
  for (const piece of pieces) found.set(piece.items[0] as T, piece);
  return found;
}

/** Whether an item whose hash is this ends a piece. */
export function endsPiece(hash: number): boolean {
  return ((hash ^ (hash >>> 15)) & (expectedLength - 1)) === 0;
}

/** Whether the piece is what stands in `items` from `start` up to `end`. */
function isAt<T>(piece: readonly T[], items: readonly T[], start: number, end: number): boolean {
  if (piece.length !== end - start) return false;
  for (let i = 0; i < piece.length; i++) if (piece[i] !== items[start + i]) return false;
  return true;
}
