/**
 * The peers of which the pairs with a pod may change: by whom rules that are others match, with which traffic, and who
 * exchanges that traffic at all.
 *
 * ```
 *   edits of the owner's policies ─▶ peers of rules that are others ┐
 *   edits of policies of peers    ─▶ peers whose rules are about it ─┴▶ those with which the traffic may pass (passing-pairs.ts)
 * ```
 */
import type { Direction } from '@weir/model';
import { BitSet } from '@weir/net';
import type { EditedEnd } from './edited-end.ts';
import { EditedTraffic, type RuleEdit } from './edited-rules.ts';
import { PassingPairs, type PassingSources } from './passing-pairs.ts';

/** What is changed in one direction. */
export interface DirectionEdits {
  readonly edits: readonly RuleEdit[];
  /** Owners of which all peers may be treated otherwise, whatever rules match them. */
  readonly aboutAll: BitSet;
}

/** Whose pairs are looked for. */
export interface AskedCandidates {
  /** That in which owners are asked: of ingress they are the destinations. */
  readonly direction: Direction;
  readonly changed: Readonly<Record<Direction, DirectionEdits>>;
  /** Whether pairs of owners count of which the peer's policies alone say something else. */
  readonly changesPeers: boolean;
  /** Those that are no peers. */
  readonly left: BitSet | undefined;
}

/** An edit with the ends that its rules match, or may. */
interface EditedPeers {
  readonly edit: RuleEdit;
  readonly peers: BitSet;
  /** Its owners among all ends. */
  readonly owners: BitSet;
}

/** Finds the candidates of one comparison in one direction. */
export class CandidatePeers {
  readonly #sources: PassingSources;
  readonly #asked: AskedCandidates;
  readonly #everybody: BitSet;
  readonly #edited: Readonly<Record<Direction, readonly EditedPeers[]>>;
  readonly #aboutAll: Readonly<Record<Direction, BitSet>>;
  readonly #passing: Map<Direction | 'all', PassingPairs> = new Map();

  constructor(sources: PassingSources, asked: AskedCandidates) {
    this.#sources = sources;
    this.#asked = asked;
    this.#everybody = BitSet.full(sources.ends.all.length);
    const { ingress, egress } = asked.changed;
    this.#aboutAll = { ingress: this.#widened(ingress.aboutAll), egress: this.#widened(egress.aboutAll) };
    this.#edited = { ingress: this.#editedIn('ingress'), egress: this.#editedIn('egress') };
  }

  /** The candidates of an owner, itself among them where it is like another one; undefined where there are none. */
  of(owner: EditedEnd): BitSet | undefined {
    const { direction, changed, changesPeers, left } = this.#asked;
    const isAboutAll = changed[direction].aboutAll.has(owner.place);
    const peers = isAboutAll
      ? this.#everybody
      : this.#united(
          direction,
          ({ edit }) => edit.owners.has(owner.place),
          ({ peers: of }) => of,
        );
    const own = peers === undefined ? undefined : this.#pairs(isAboutAll ? 'all' : direction).keep(owner, peers);
    const found = changesPeers ? united([own, ...this.#peersThatChange(owner)]) : own;
    return left === undefined ? found : found?.without(left);
  }

  #peersThatChange(owner: EditedEnd): (BitSet | undefined)[] {
    const direction = this.#asked.direction === 'ingress' ? 'egress' : 'ingress';
    const peers = this.#united(
      direction,
      ({ peers: of }) => of.has(owner.place),
      ({ owners }) => owners,
    );
    const all = this.#aboutAll[direction];
    return [
      peers === undefined ? undefined : this.#pairs(direction).keep(owner, peers),
      all.isEmpty ? undefined : this.#pairs('all').keep(owner, all),
    ];
  }

  /** The same set where one alone is accepted, as mostly. */
  #united(direction: Direction, accepts: (one: EditedPeers) => boolean, of: (one: EditedPeers) => BitSet): BitSet | undefined {
    return united(this.#edited[direction].filter(accepts).map(of));
  }

  /** By the traffic that edits in a direction are about, or all. */
  #pairs(by: Direction | 'all'): PassingPairs {
    let pairs = this.#passing.get(by);
    if (pairs === undefined) {
      const { direction } = this.#asked;
      const rules = by === 'all' ? by : this.#edited[by].flatMap(({ edit }) => edit.rules);
      pairs = new PassingPairs(this.#sources, { direction, traffic: new EditedTraffic(rules, this.#sources.sets) });
      this.#passing.set(by, pairs);
    }
    return pairs;
  }

  #editedIn(direction: Direction): readonly EditedPeers[] {
    const endsOf = this.#sources.endsOf[direction];
    return this.#asked.changed[direction].edits.map((edit) => {
      const peers = BitSet.empty(this.#everybody.size);
      for (const rule of edit.rules) {
        if (rule.action === 'log') continue;
        const { possible } = endsOf.of(rule);
        if (possible === undefined) peers.addAll(this.#everybody);
        else possible.addTo(peers);
      }
      return { edit, peers, owners: this.#widened(edit.owners) };
    });
  }

  /** Pods among all ends. */
  #widened(pods: BitSet): BitSet {
    const ends = BitSet.empty(this.#everybody.size);
    ends.addAll(pods);
    return ends;
  }
}

function united(sets: readonly (BitSet | undefined)[]): BitSet | undefined {
  const [first, ...others] = sets.filter((set) => set !== undefined);
  let union = first;
  for (const set of others) union = union?.or(set);
  return union;
}
