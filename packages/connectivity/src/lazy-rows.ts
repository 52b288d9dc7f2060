/** Sets of classes by what they have in common, turned from what each class has. */
import { BitSet } from '@weir/net';
import { type Bounds, known } from './bounds.ts';

/** Rows by their place, turned from what each column has in it and made when they are asked for. */
export class LazyRows {
  readonly #size: number;
  readonly #certain: readonly (readonly number[])[];
  readonly #unknown: readonly (readonly number[])[];
  readonly #rows: Bounds[] = [];

  constructor(size: number, certain: readonly (readonly number[])[], unknown: readonly (readonly number[])[]) {
    this.#size = size;
    this.#certain = turned(certain);
    this.#unknown = turned(unknown);
  }

  /** The members that have this place in them, for certain and perhaps. */
  row(place: number): Bounds {
    let row = this.#rows[place];
    if (row === undefined) this.#rows[place] = row = this.#make(place);
    return row;
  }

  #make(place: number): Bounds {
    const certain = BitSet.empty(this.#size);
    for (const member of this.#certain[place] ?? []) certain.add(member);
    const unknown = this.#unknown[place] ?? [];
    if (unknown.length === 0) return known(certain);
    const possible = certain.copy();
    for (const member of unknown) possible.add(member);
    return { certain, possible };
  }
}

function turned(columns: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const rows: number[][] = [];
  for (const [member, column] of columns.entries()) {
    for (const place of column) {
      const row = rows[place];
      if (row === undefined) rows[place] = [member];
      else row.push(member);
    }
  }
  return rows;
}
