/**
 * The changes that edited policies make, where pods and nodes are what they were.
 *
 * ```
 *   pods that changed policies select ─▶ owners, in groups that all policies treat alike
 *     peers that changed rules match  ─▶ what the owners' policies say to them, and what theirs say to the owners
 *       └▶ cells of pairs with equal answers ─▶ one pair of each is judged ─▶ classes of ends that are in the same cells
 * ```
 *
 * Ten thousand peers of an owner are looked at one by one, but none of them is judged for itself.
 */
import type { Direction, Policy } from '@weir/model';
import { addToGroup, defined, groupBy } from '@weir/net';
import type { ClassChange } from '../changed-blocks.ts';
import type { ComparedSides, JointClass } from '../joint-ends.ts';
import { type KeyedChange, PairJudge } from '../pair-judge.ts';
import type { Speaking } from '../speaking-policies.ts';
import { AnsweringPeers } from './answering-peers.ts';
import { type ChangedCell, classifyCells } from './classify-cells.ts';
import { type EditedEnd, type EditedEnds, policiesOf, portNamesOf, selectingSides } from './edited-ends.ts';
import { type PeerMatch, PeerRules } from './peer-rules.ts';
import { SaidToPeers } from './said-to-peers.ts';

/** Owners that their own policies and those of all peers treat alike. */
interface OwnerGroup {
  readonly owners: readonly EditedEnd[];
  readonly first: EditedEnd;
  /** The rules of peers that match them. */
  readonly match: PeerMatch['rules'];
  readonly portNames: string;
}

/** Peers that the rules of owners treat alike. */
interface PeerKind {
  readonly match: PeerMatch['rules'];
  readonly peers: readonly EditedEnd[];
}

/** Pairs of a group of owners and a peer, as they are judged. */
interface CellPair {
  readonly direction: Direction;
  readonly group: OwnerGroup;
  readonly peer: EditedEnd;
  readonly own: Speaking;
  readonly their: Speaking;
}

/** Compares what policies say. */
export class EditedPairs {
  readonly #compared: ComparedSides;
  readonly #changed: ReadonlySet<Policy>;
  readonly #ends: EditedEnds;
  readonly #judge: PairJudge;
  readonly #said: SaidToPeers = new SaidToPeers();
  readonly #cells: ChangedCell[] = [];

  constructor(compared: ComparedSides, ends: EditedEnds, changed: readonly Policy[]) {
    this.#compared = compared;
    this.#changed = new Set(changed);
    this.#ends = ends;
    this.#judge = new PairJudge(compared);
  }

  /** The classes of ends, and the changes between them. */
  compare(): { readonly classes: readonly JointClass[]; readonly changes: readonly ClassChange[] } {
    if (this.#ends.owners.size > 0) for (const direction of ['ingress', 'egress'] as const) this.#compareDirection(direction);
    return classifyCells(this.#ends.all, this.#cells);
  }

  /** The pairs in which the owner is asked in this direction; pairs of owners are those of ingress. */
  #compareDirection(direction: Direction): void {
    const kinds = this.#kindsOfPeers(direction);
    const peers = kinds.flatMap((kind) => kind.peers);
    const answers = new AnsweringPeers(this.#compared, {
      ends: this.#ends,
      peers,
      direction: direction === 'ingress' ? 'egress' : 'ingress',
      changed: [...this.#changed],
      said: this.#said,
    });
    for (const group of this.#groups(direction, answers)) {
      const touched = answers.touchedBy(group.match);
      const cells = new Map<string, ChangedCell | undefined>();
      for (const { match, peers: alike } of kinds) {
        const own = this.#said.of(selectingSides(this.#compared, this.#ends, group.first), direction, match, 'by rule');
        for (const peer of alike) {
          if (!own.isChanged && !this.#ends.owners.has(peer)) continue;
          const their = touched.has(peer) ? answers.said(peer, group.match) : answers.saidToOthers(peer);
          if (own.isChanged || their.isChanged) this.#enter({ direction, group, peer, own, their }, cells);
        }
      }
    }
  }

  /** The peers of which a pair may change by what policies of the direction say, and owners, of which it may by the other direction too. */
  #kindsOfPeers(direction: Direction): PeerKind[] {
    const { world } = this.#compared.after;
    const rules = new PeerRules(policiesOf(this.#compared, this.#ends, this.#ends.owners), direction, {
      world,
      family: this.#compared.family,
    });
    const nothing = new Map<Policy, never>();
    const isAboutAll = [...this.#ends.owners].some(
      (owner) => this.#said.of(selectingSides(this.#compared, this.#ends, owner), direction, nothing, 'by content').isChanged,
    );
    const kinds = new Map<PeerMatch, EditedEnd[]>();
    const mayChange = new Map<PeerMatch, boolean>();
    for (const end of this.#ends.all) {
      const isOwner = this.#ends.owners.has(end);
      if (isOwner && direction === 'egress') continue;
      const match = rules.of(defined(end.joint.after, 'every end is on both sides'));
      let isChanging = mayChange.get(match);
      if (isChanging === undefined) {
        isChanging = isAboutAll || [...match.rules.keys()].some((policy) => this.#changed.has(policy));
        mayChange.set(match, isChanging);
      }
      if (isChanging || isOwner) addToGroup(kinds, match, end);
    }
    return [...kinds].map(([{ rules: match }, peers]) => ({ match, peers }));
  }

  #groups(direction: Direction, answers: AnsweringPeers): OwnerGroup[] {
    const numbers = new Map<Policy, number>();
    const numberOf = (policy: Policy): number => {
      const number = numbers.get(policy) ?? numbers.size;
      numbers.set(policy, number);
      return number;
    };
    const groups = groupBy(this.#ends.owners, (owner) => {
      const { before, after } = selectingSides(this.#compared, this.#ends, owner);
      const policies = [before, after].map((tiers) => tiers.flatMap((tier) => tier.policies.map(numberOf)).join());
      return `${policies.join('/')} ${answers.matching(owner).key} ${portNamesOf(owner)}`;
    });
    return [...groups.values()].map((owners) => {
      const first = defined(owners[0], 'a group has an owner');
      return { owners, first, match: answers.matching(first).rules, portNames: direction === 'ingress' ? portNamesOf(first) : '' };
    });
  }

  /** Puts the pairs of the group and the peer into their cells; a pod and its own node are another cell than a pod and other nodes. */
  #enter(pair: CellPair, cells: Map<string, ChangedCell | undefined>): void {
    const { group, peer, own, their } = pair;
    const node = peer.joint.after?.kind === 'node' ? peer.joint.after.node.name : undefined;
    const asksNames = own.asksPortNames || their.asksPortNames;
    const names = asksNames ? `${group.portNames}${pair.direction === 'egress' ? portNamesOf(peer) : ''}` : '';
    for (const isOwnNode of node === undefined ? [false] : [false, true]) {
      const owner =
        group.owners.find((one) => isOwnNode === (node !== undefined && one.nodeName === node) && one !== peer) ?? severalOf(peer, group);
      if (owner === undefined) continue;
      const key = `${own.id} ${their.id} ${isOwnNode} ${names}`;
      if (!cells.has(key)) {
        const told = this.#judged(pair, owner, isOwnNode);
        const cell = told === undefined ? undefined : { direction: pair.direction, owners: group.owners, peers: [], told };
        cells.set(key, cell);
        if (cell !== undefined) this.#cells.push(cell);
      }
      cells.get(key)?.peers.push(peer);
    }
  }

  #judged({ direction, peer, own, their }: CellPair, owner: EditedEnd, isOwnNode: boolean): KeyedChange | undefined {
    const [source, destination] = direction === 'ingress' ? [peer, owner] : [owner, peer];
    const [egress, ingress] = direction === 'ingress' ? [their, own] : [own, their];
    return this.#judge.changeOf({ source: source.joint, destination: destination.joint, isOwnNode }, { egress, ingress, isOther: false });
  }
}

/** The peer itself, where it is the only owner and there are several of it. */
function severalOf(peer: EditedEnd, { owners }: OwnerGroup): EditedEnd | undefined {
  return peer.joint.isSeveral && owners.includes(peer) ? peer : undefined;
}
