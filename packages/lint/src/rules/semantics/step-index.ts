/** The steps of a walk that matter for some of its peers, found without asking each step. */
import { BitSet } from '@weir/net';
import type { Step } from './walk-steps.ts';

/** Taking fewer steps is as quick as finding out which of them matter. */
const indexedMin = 128;

/** The steps of one walk. The index is made when it is asked for first, as most walks have few steps or are asked about all peers. */
export class StepIndex {
  readonly #steps: readonly Step[];
  readonly #size: number;
  readonly #ends: BitSet;
  /** For each peer the places of the rules that match it, perhaps at least. */
  #ofPeer: readonly (BitSet | undefined)[] | undefined;

  /** `size` is the number of all peers. */
  constructor(steps: readonly Step[], size: number) {
    this.#steps = steps;
    this.#size = size;
    this.#ends = BitSet.where(steps.length, (at) => steps[at]?.kind === 'end');
  }

  /** In their order: the rules that match one of the peers, and the ends of all tiers; each when it is asked for, as mostly the first few decide. */
  stepsFor(peers: BitSet): Iterable<Step> {
    return this.#steps.length < indexedMin ? this.#steps : this.#indexed(peers);
  }

  *#indexed(peers: BitSet): Iterable<Step> {
    const steps = this.#steps;
    this.#ofPeer ??= BitSet.turned(
      steps.map((step) => (step.kind === 'end' ? BitSet.empty(this.#size) : step.matched.possible)),
      this.#size,
    );
    const places = this.#ends.copy();
    for (const peer of peers.members()) {
      const ofPeer = this.#ofPeer[peer];
      if (ofPeer !== undefined) places.addAll(ofPeer);
    }
    for (let at = places.memberFrom(0); at >= 0; at = places.memberFrom(at + 1)) {
      const step = steps[at];
      if (step !== undefined) yield step;
    }
  }
}
