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

  /** Those of the peers whose policies in the direction let this traffic with the end pass; what is no pod has none. */
  among(peers: Bounds, direction: Direction, end: number, traffic: TrafficClass): Bounds {
    return (this.#kept[direction].get(traffic) ?? this.#keep(direction, traffic)).among(peers, end);
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
  readonly #certain: readonly (BitSet | undefined)[];
  readonly #possible: readonly (BitSet | undefined)[];
  /** Of rows that were asked about: what only those answer who let everybody pass. */
  readonly #ofOpen: WeakMap<BitSet, BitSet> = new WeakMap();
  readonly #scratch: BitSet;

  constructor(rows: readonly AlikePeers[], { pods, classes }: EndClasses) {
    const everybody = BitSet.full(classes.length);
    this.#open = everybody.without(pods);
    this.#scratch = everybody.copy();
    this.#rows = rows.filter(({ members, row }) => {
      if (row.possible.isEmpty) return false;
      const isOpen = row.certain.equals(everybody);
      if (isOpen) this.#open.addAll(members);
      return !isOpen;
    });
    const turned = (of: 'certain' | 'possible'): (BitSet | undefined)[] =>
      BitSet.turned(
        this.#rows.map(({ row }) => row[of]),
        classes.length,
      );
    this.#certain = turned('certain');
    this.#possible = this.#rows.every(({ row }) => isKnown(row)) ? this.#certain : turned('possible');
    this.bits = this.#rows.length * classes.length * (this.#possible === this.#certain ? 1 : 2);
  }

  /** Those of the peers that let the end pass. */
  among(peers: Bounds, end: number): Bounds {
    const certain = this.#among(peers.certain, this.#certain[end]);
    if (this.#possible === this.#certain && isKnown(peers)) return known(certain);
    return { certain, possible: this.#among(peers.possible, this.#possible[end]) };
  }

  #among(peers: BitSet, places: BitSet | undefined): BitSet {
    if (places === undefined) {
      let open = this.#ofOpen.get(peers);
      if (open === undefined) this.#ofOpen.set(peers, (open = peers.and(this.#open)));
      return open;
    }
    this.#scratch.become(this.#open);
    for (const place of places.members()) {
      const row = this.#rows[place];
      if (row === undefined) continue;
      if (row.isOne) this.#scratch.add(row.first);
      else this.#scratch.addAll(row.members);
    }
    return peers.and(this.#scratch);
  }
}
