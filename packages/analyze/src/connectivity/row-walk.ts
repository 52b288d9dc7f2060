/**
 * The walk through tiers for all peers at once; it decides of each what `TierWalk` of the model decides.
 *
 * Peers that a rule matches only perhaps go on, marked with what the rule would have done: a later certain decision
 * stands for them when all those rules would have decided the same, and is unknown otherwise.
 */
import type { Action } from '@weir/model';
import { BitSet } from '@weir/net';
import { type Bounds, isKnown, known } from './bounds.ts';

/** One walk. */
export class RowWalk {
  /** Of whom nothing has been decided for certain. */
  #remaining: BitSet;
  readonly #passed: BitSet;
  readonly #certain: BitSet;
  /** Of whom an allowing decision, or a denying one, would be uncertain; absent: nobody. */
  #uncertainToAllow: BitSet | undefined;
  #uncertainToDeny: BitSet | undefined;
  readonly #unknown: BitSet;
  #knowsAll = true;

  constructor(everybody: BitSet) {
    this.#remaining = everybody.copy();
    this.#passed = BitSet.empty(everybody.size);
    this.#certain = BitSet.empty(everybody.size);
    this.#unknown = BitSet.empty(everybody.size);
  }

  /** A rule that matches these peers. */
  rule(action: Action, matched: Bounds): void {
    if (!isKnown(matched)) this.#perhaps(action, matched.possible.without(matched.certain).and(this.#remaining));
    const now = matched.certain.and(this.#remaining);
    if (action === 'allow') this.#allow(now);
    else if (action === 'deny') this.#deny(now);
    else this.#passed.addAll(now);
    this.#remaining.deleteAll(now);
  }

  /** The end of a tier, and whether it denies what no rule of it decided. */
  endTier(denies: boolean): void {
    if (denies) {
      this.#deny(this.#remaining);
      this.#remaining = this.#passed.copy();
    } else this.#remaining.addAll(this.#passed);
    this.#passed.deleteAll(this.#passed);
  }

  /** Behind all tiers the rest is allowed. */
  end(): Bounds {
    this.#allow(this.#remaining);
    return this.#knowsAll ? known(this.#certain) : { certain: this.#certain, possible: this.#certain.or(this.#unknown) };
  }

  #perhaps(action: Action, peers: BitSet): void {
    if (peers.isEmpty) return;
    const add = (to: BitSet | undefined): BitSet => to?.or(peers) ?? peers;
    if (action !== 'allow') this.#uncertainToAllow = add(this.#uncertainToAllow);
    if (action !== 'deny') this.#uncertainToDeny = add(this.#uncertainToDeny);
  }

  #allow(peers: BitSet): void {
    if (this.#uncertainToAllow === undefined) this.#certain.addAll(peers);
    else {
      this.#certain.addAll(peers.without(this.#uncertainToAllow));
      this.#addUnknown(peers.and(this.#uncertainToAllow));
    }
  }

  #deny(peers: BitSet): void {
    if (this.#uncertainToDeny !== undefined) this.#addUnknown(peers.and(this.#uncertainToDeny));
  }

  #addUnknown(peers: BitSet): void {
    if (peers.isEmpty) return;
    this.#unknown.addAll(peers);
    this.#knowsAll = false;
  }
}
