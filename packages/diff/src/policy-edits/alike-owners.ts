/** Owners that all policies treat alike, with the peers of which their pairs may change: of each kind one is looked at. */
import { type BitSet, groupBy } from '@weir/net';
import type { EditedEnd } from './edited-end.ts';
import type { SaidToPeer } from './said-to-peers.ts';
import type { Speaker } from './speaking-pods.ts';

/** An owner with its peers. */
export interface OwnerRow {
  readonly owner: EditedEnd;
  readonly speaker: Speaker;
  /** The peers, by their places and in this order. */
  readonly among: BitSet;
  readonly peers: readonly EditedEnd[];
  /** What each of them says to it. */
  readonly answers: readonly SaidToPeer[];
  /** The names that it gives its ports, and the operating system of its node, as texts. */
  readonly names: string;
  readonly system: string;
}

/** Owners with equal rows, and the row of one of them. */
export interface AlikeOwners {
  readonly owners: readonly EditedEnd[];
  readonly row: OwnerRow;
}

/** Puts them together. */
export function alikeOwners(rows: readonly OwnerRow[]): readonly AlikeOwners[] {
  const found: AlikeOwners[] = [];
  const byText = groupBy(rows, ({ speaker, peers, names, system }) => `${speaker.id} ${peers.length} ${names} ${system}`);
  for (const some of byText.values()) {
    const alike: { readonly owners: EditedEnd[]; readonly row: OwnerRow }[] = [];
    for (const row of some) {
      const same = alike.find((one) => isSameRow(one.row, row));
      if (same === undefined) alike.push({ owners: [row.owner], row });
      else same.owners.push(row.owner);
    }
    found.push(...alike);
  }
  return found;
}

function isSameRow(one: OwnerRow, other: OwnerRow): boolean {
  return one.among.equals(other.among) && one.answers.every((answer, at) => answer === other.answers[at]);
}
