/**
 * Which peers let an end pass, found by the end: the rows of all peers, turned.
 *
 * Peers that let everybody pass, or nobody, need no row. What is turned is kept for the traffic that was asked about
 * last, up to a size.
 */
import type { Direction } from '@weir/model';
import { BitSet } from '@weir/net';
import { type Bounds, isKnown, known } from './bounds.ts';
import type { EndClasses } from './end-classes.ts';
import type { AlikePeers, Reach } from './reach.ts';
import type { TrafficClass } from './traffic-classes.ts';

/** How many bits of turned rows are kept: 256 MB. */
const keptBits = 2 ** 31;

/** The columns of one reach. */
export class PeerColumns {
  readonly #reach: Reach;
  readonly #ends: EndClasses;
  readonly #kept: Readonly<Record<Direction, Map<TrafficClass, TurnedRows>>> = { ingress: new Map(), egress: new Map() };
  #bits = 0;

  constructor(reach: Reach, ends: EndClasses) {
    this.#reach = reach;
    this.#ends = ends;
  }

  /** The peers whose policies in the direction let this traffic with the end pass; what is no pod has none. */
  peersLetting(direction: Direction, end: number, traffic: TrafficClass): Bounds {
    let turned = this.#kept[direction].get(traffic);
    if (turned === undefined) turned = this.#keep(direction, traffic);
    return turned.column(end);
  }

  #keep(direction: Direction, traffic: TrafficClass): TurnedRows {
    const turned = new TurnedRows(this.#reach.rowsOf(direction, traffic), this.#ends);
    this.#bits += turned.bits;
    for (const kept of Object.values(this.#kept)) {
      for (const [oldest, { bits }] of kept) {
        if (this.#bits <= keptBits) break;
        kept.delete(oldest);
        this.#bits -= bits;
      }
    }
    this.#kept[direction].set(traffic, turned);
    return turned;
  }
}

class TurnedRows {
  readonly bits: number;
  /** Who lets everybody pass. */
  readonly #open: BitSet;
  readonly #rows: readonly AlikePeers[];
  readonly #certain: readonly BitSet[];
  readonly #possible: readonly BitSet[];

  constructor(rows: readonly AlikePeers[], { pods, classes }: EndClasses) {
    const everybody = BitSet.full(classes.length);
    this.#open = everybody.without(pods);
    this.#rows = rows.filter(({ members, row }) => {
      const isOpen = row.certain.equals(everybody);
      if (isOpen) this.#open.addAll(members);
      return !isOpen && !row.possible.isEmpty;
    });
    const turned = (of: 'certain' | 'possible'): BitSet[] =>
      BitSet.turned(
        this.#rows.map(({ row }) => row[of]),
        classes.length,
      );
    this.#certain = turned('certain');
    this.#possible = this.#rows.every(({ row }) => isKnown(row)) ? this.#certain : turned('possible');
    this.bits = this.#rows.length * classes.length * (this.#possible === this.#certain ? 1 : 2);
  }

  column(end: number): Bounds {
    const certain = this.#peers(this.#certain[end]);
    return this.#possible === this.#certain ? known(certain) : { certain, possible: this.#peers(this.#possible[end]) };
  }

  #peers(places: BitSet | undefined): BitSet {
    const peers = this.#open.copy();
    for (const place of places?.members() ?? []) {
      const row = this.#rows[place];
      if (row !== undefined) peers.addAll(row.members);
    }
    return peers;
  }
}
