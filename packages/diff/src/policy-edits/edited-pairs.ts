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
import { PairJudge } from '../pair-judge.ts';
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
}

/** Peers that the rules of owners treat alike. */
interface PeerKind {
  readonly match: PeerMatch['rules'];
  readonly peers: readonly EditedEnd[];
}

/** Pairs of a group of owners and peers, and what is said in them. */
interface CellPair {
  readonly direction: Direction;
  readonly group: OwnerGroup;
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
    const split = kinds.map(({ match, peers: alike }) => ({ match, ...this.#splitPeers(alike, answers) }));
    for (const group of this.#groups(answers)) {
      const touched = answers.touchedBy(group.match);
      const cells = new Map<string, ChangedCell | undefined>();
      for (const { match, single, others } of split) {
        const own = this.#said.of(selectingSides(this.#compared, this.#ends, group.first), direction, match, 'by rule');
        const enter = (peer: EditedEnd, their: Speaking): void => {
          if (own.isChanged || their.isChanged) this.#enter({ direction, group, peer, own, their }, cells);
        };
        for (const peer of single) enter(peer, answers.said(peer, group.match));
        if (!own.isChanged) continue;
        for (const [their, alike] of others) {
          const untouched = alike.filter((peer) => !touched.has(peer));
          for (const peer of alike) if (touched.has(peer)) enter(peer, answers.said(peer, group.match));
          if (untouched.length > 0) this.#enterAll({ direction, group, own, their }, untouched, cells);
        }
      }
    }
  }

  /** Owners and nodes, of which each pair may be something of its own, and all other peers by what they say to an owner that no rule of theirs is about. */
  #splitPeers(
    peers: readonly EditedEnd[],
    answers: AnsweringPeers,
  ): { readonly single: readonly EditedEnd[]; readonly others: ReadonlyMap<Speaking, readonly EditedEnd[]> } {
    const isSingle = (peer: EditedEnd): boolean => peer.kind === 'nodes' || this.#ends.owners.has(peer);
    return {
      single: peers.filter(isSingle),
      others: groupBy(
        peers.filter((peer) => !isSingle(peer)),
        (peer) => answers.saidToOthers(peer),
      ),
    };
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

  #groups(answers: AnsweringPeers): OwnerGroup[] {
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
      return { owners, first, match: answers.matching(first).rules };
    });
  }

  /** Puts the pairs of the group and the peer into their cells; a pod and its own node are another cell than a pod and other nodes. */
  #enter(pair: CellPair & { readonly peer: EditedEnd }, cells: Map<string, ChangedCell | undefined>): void {
    const { group, peer } = pair;
    const node = peer.joint.after?.kind === 'node' ? peer.joint.after.node.name : undefined;
    for (const isOwnNode of node === undefined ? [false] : [false, true]) {
      const owner =
        group.owners.find((one) => isOwnNode === (node !== undefined && one.nodeName === node) && one !== peer) ?? severalOf(peer, group);
      if (owner !== undefined) this.#cellOf(pair, { owner, peer, isOwnNode }, cells)?.peers.push(peer);
    }
  }

  /** The same for peers that are no owners and no nodes, and say the same. */
  #enterAll(pair: CellPair, peers: readonly EditedEnd[], cells: Map<string, ChangedCell | undefined>): void {
    const [peer] = peers;
    if (peer === undefined) return;
    if (pair.direction === 'egress' && (pair.own.asksPortNames || pair.their.asksPortNames)) {
      for (const each of peers) this.#cellOf(pair, { owner: pair.group.first, peer: each, isOwnNode: false }, cells)?.peers.push(each);
      return;
    }
    const cell = this.#cellOf(pair, { owner: pair.group.first, peer, isOwnNode: false }, cells);
    if (cell !== undefined) for (const each of peers) cell.peers.push(each);
  }

  /** The cell of a pair; undefined where nothing changes in it. */
  #cellOf(
    { direction, group, own, their }: CellPair,
    { owner, peer, isOwnNode }: { readonly owner: EditedEnd; readonly peer: EditedEnd; readonly isOwnNode: boolean },
    cells: Map<string, ChangedCell | undefined>,
  ): ChangedCell | undefined {
    const asksNames = own.asksPortNames || their.asksPortNames;
    const key = `${own.id} ${their.id} ${isOwnNode} ${asksNames ? portNamesOf(direction === 'ingress' ? owner : peer) : ''}`;
    if (cells.has(key)) return cells.get(key);
    const [source, destination] = direction === 'ingress' ? [peer, owner] : [owner, peer];
    const [egress, ingress] = direction === 'ingress' ? [their, own] : [own, their];
    const pair = { source: source.joint, destination: destination.joint, isOwnNode };
    const told = this.#judge.changeOf(pair, { egress, ingress, isOther: false }, `${direction} ${key}`);
    const cell = told === undefined ? undefined : { direction, owners: group.owners, peers: [], told };
    cells.set(key, cell);
    if (cell !== undefined) this.#cells.push(cell);
    return cell;
  }
}

/** The peer itself, where it is the only owner and there are several of it. */
function severalOf(peer: EditedEnd, { owners }: OwnerGroup): EditedEnd | undefined {
  return peer.joint.isSeveral && owners.includes(peer) ? peer : undefined;
}
