/** Sets of classes by what they have in common, turned from what each class has. */
import { BitSet } from '@weir/net';
import { type Bounds, known } from './bounds.ts';

/** Members of which all rows say the same. */
export interface AlikeMembers {
  readonly members: BitSet;
  /** The places of the rows that have them, for certain and perhaps. */
  readonly yes: ReadonlySet<number>;
  readonly unknown: ReadonlySet<number>;
}

/** Rows by their place, turned from what each column has in it and made when they are asked for. */
export class LazyRows {
  readonly #size: number;
  readonly #certain: readonly (readonly number[])[];
  readonly #unknown: readonly (readonly number[])[];
  readonly #alike: AlikeMembers | undefined;
  readonly #rows: Bounds[] = [];

  /** What each member has in it; of those that are alike it is told once, as there may be thousands with thousands of rows. */
  constructor(
    certain: readonly (readonly number[])[],
    { unknown = [], alike }: { readonly unknown?: readonly (readonly number[])[]; readonly alike?: AlikeMembers | undefined },
  ) {
    this.#size = certain.length;
    this.#certain = turned(certain);
    this.#unknown = turned(unknown);
    this.#alike = alike;
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
    if (this.#alike?.yes.has(place) === true) certain.addAll(this.#alike.members);
    const unknown = this.#unknown[place] ?? [];
    const areAlikeUnknown = this.#alike?.unknown.has(place) === true;
    if (unknown.length === 0 && !areAlikeUnknown) return known(certain);
    const possible = certain.copy();
    for (const member of unknown) possible.add(member);
    if (areAlikeUnknown) possible.addAll(this.#alike.members);
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
