/**
 * The walk through tiers for all peers at once; it decides of each what `TierWalk` of the model decides.
 *
 * Peers that a rule matches only perhaps go on, marked with what the rule would have done: a later certain decision
 * stands for them when all those rules would have decided the same, and is unknown otherwise.
 */
import type { Action } from '@weir/model';
import { BitSet } from '@weir/net';
import { type Bounds, isKnown, known } from './bounds.ts';

/** Walks, one after the other. */
export class RowWalk {
  /** What all walks that allow nobody, and everybody, come to. */
  readonly nobodyAllowed: Bounds;
  readonly #everybody: BitSet;
  readonly #everybodyAllowed: Bounds;
  /** Of whom nothing has been decided for certain. */
  readonly #remaining: BitSet;
  /** Whom a rule of this tier has passed on; meaningless while nobody was. */
  readonly #passed: BitSet;
  #hasPassed = false;
  readonly #certain: BitSet;
  /** Of whom an allowing decision, or a denying one, would be uncertain; absent: nobody. */
  #uncertainToAllow: BitSet | undefined;
  #uncertainToDeny: BitSet | undefined;
  #unknown: BitSet | undefined;

  constructor(everybody: BitSet) {
    this.#everybody = everybody;
    this.nobodyAllowed = known(BitSet.empty(everybody.size));
    this.#everybodyAllowed = known(everybody);
    this.#remaining = everybody.copy();
    this.#passed = BitSet.empty(everybody.size);
    this.#certain = BitSet.empty(everybody.size);
  }

  /** Starts anew, for everybody or for some peers, so that it is over when these are decided. */
  begin(peers: BitSet = this.#everybody): void {
    this.#remaining.become(peers);
    this.#hasPassed = false;
    this.#certain.clear();
    this.#uncertainToAllow = undefined;
    this.#uncertainToDeny = undefined;
    this.#unknown = undefined;
  }

  /** A rule that matches these peers. */
  rule(action: Action, matched: Bounds): void {
    if (!isKnown(matched)) this.#perhaps(action, matched.possible.without(matched.certain).and(this.#remaining));
    if (action === 'allow') this.#allow(matched.certain);
    else if (action === 'deny') this.#deny(matched.certain);
    else this.#pass(matched.certain);
    this.#remaining.deleteAll(matched.certain);
  }

  /** The end of a tier, and whether it denies what no rule of it decided. */
  endTier(denies: boolean): void {
    if (denies) {
      this.#deny(this.#remaining);
      this.#remaining.clear();
    }
    if (this.#hasPassed) this.#remaining.addAll(this.#passed);
    this.#hasPassed = false;
  }

  /** Whether everybody is decided for certain, so that what comes behind decides nothing. */
  get hasDecided(): boolean {
    return !this.#hasPassed && this.#remaining.isEmpty;
  }

  /** Behind all tiers the rest is allowed. */
  end(): Bounds {
    this.#allow(this.#remaining);
    if (this.#unknown === undefined) {
      if (this.#certain.isEmpty) return this.nobodyAllowed;
      return this.#certain.equals(this.#everybody) ? this.#everybodyAllowed : known(this.#certain.copy());
    }
    return { certain: this.#certain.copy(), possible: this.#certain.or(this.#unknown) };
  }

  #perhaps(action: Action, peers: BitSet): void {
    if (peers.isEmpty) return;
    const add = (to: BitSet | undefined): BitSet => to?.or(peers) ?? peers;
    if (action !== 'allow') this.#uncertainToAllow = add(this.#uncertainToAllow);
    if (action !== 'deny') this.#uncertainToDeny = add(this.#uncertainToDeny);
  }

  /** Those of the peers of whom nothing has been decided. */
  #allow(peers: BitSet): void {
    if (this.#uncertainToAllow === undefined) this.#certain.addBoth(peers, this.#remaining);
    else {
      const now = peers.and(this.#remaining);
      this.#certain.addAll(now.without(this.#uncertainToAllow));
      this.#addUnknown(now.and(this.#uncertainToAllow));
    }
  }

  #deny(peers: BitSet): void {
    if (this.#uncertainToDeny !== undefined) this.#addUnknown(peers.and(this.#remaining).and(this.#uncertainToDeny));
  }

  #pass(peers: BitSet): void {
    if (!this.#hasPassed) this.#passed.clear();
    this.#hasPassed = true;
    this.#passed.addBoth(peers, this.#remaining);
  }

  #addUnknown(peers: BitSet): void {
    if (peers.isEmpty) return;
    if (this.#unknown === undefined) this.#unknown = peers.copy();
    else this.#unknown.addAll(peers);
  }
}
