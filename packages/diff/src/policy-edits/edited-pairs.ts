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
import { type Direction, type Policy, policyTieText } from '@weir/model';
import { addToGroup, defined, groupBy } from '@weir/net';
import type { ClassChange } from '../changed-blocks.ts';
import { saysTheSameIn } from '../changed-policies.ts';
import type { ComparedSides, JointClass } from '../joint-ends.ts';
import { PairJudge } from '../pair-judge.ts';
import { isSameValue } from '../same-value.ts';
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

type Cells = Map<string, ChangedCell | undefined>;

/** Compares what policies say. */
export class EditedPairs {
  readonly #compared: ComparedSides;
  readonly #changed: Readonly<Record<Direction, ReadonlySet<Policy>>>;
  readonly #ends: EditedEnds;
  readonly #judge: PairJudge;
  readonly #said: SaidToPeers = new SaidToPeers();
  readonly #cells: ChangedCell[] = [];

  constructor(compared: ComparedSides, ends: EditedEnds, changed: readonly Policy[]) {
    this.#compared = compared;
    this.#changed = changedIn(compared, changed);
    this.#ends = ends;
    this.#judge = new PairJudge(compared);
  }

  /** The classes of ends, and the changes between them. */
  compare(): { readonly classes: readonly JointClass[]; readonly changes: readonly ClassChange[] } {
    const { owners, all } = this.#ends;
    const { ingress, egress } = this.#changed;
    if (owners.size > 0 && ingress.size > 0) this.#compareDirection('ingress', all, egress.size > 0);
    // Pairs of owners were asked about both directions.
    if (owners.size > 0 && egress.size > 0)
      this.#compareDirection('egress', ingress.size > 0 ? all.filter((end) => !owners.has(end)) : all, false);
    return classifyCells(all, this.#cells);
  }

  /** The pairs of owners, asked in this direction, with peers; what owners say as peers may be different, too. */
  #compareDirection(direction: Direction, ends: readonly EditedEnd[], changesPeers: boolean): void {
    const kinds = this.#kindsOfPeers(direction, ends, changesPeers);
    const peers = kinds.flatMap((kind) => kind.peers);
    const answers = new AnsweringPeers(this.#compared, {
      ends: this.#ends,
      peers,
      direction: direction === 'ingress' ? 'egress' : 'ingress',
      changed: [...this.#changed.ingress, ...this.#changed.egress],
      said: this.#said,
    });
    const split = kinds.map(({ match, peers: alike }) => {
      const others = groupBy(
        alike.filter(({ kind }) => kind !== 'nodes'),
        (peer) => answers.saidToOthers(peer),
      );
      return { match, nodes: alike.filter(({ kind }) => kind === 'nodes'), others };
    });
    const kindOf = new Map(kinds.flatMap(({ match, peers: alike }) => alike.map((peer) => [peer, match] as const)));
    for (const group of this.#groups(answers)) {
      const touched = answers.touchedBy(group.match);
      const cells = new Map<string, ChangedCell | undefined>();
      const saidTo = new Map(
        kinds.map(({ match }) => [
          match,
          this.#said.of(selectingSides(this.#compared, this.#ends, group.first), direction, match, 'by rule'),
        ]),
      );
      for (const peer of touched) {
        const own = saidTo.get(kindOf.get(peer) ?? noRules);
        if (own === undefined || !(own.isChanged || (changesPeers && this.#ends.owners.has(peer)))) continue;
        const their = answers.said(peer, group.match);
        if (own.isChanged || their.isChanged) this.#enter({ direction, group, own, their }, [peer], cells);
      }
      for (const { match, nodes, others } of split) {
        const own = saidTo.get(match);
        if (own === undefined) continue;
        for (const [their, alike] of others) {
          if (!own.isChanged && !their.isChanged) continue;
          this.#enter({ direction, group, own, their }, alike, cells, touched);
        }
        if (own.isChanged)
          for (const node of nodes) this.#enterNode({ direction, group, own, their: answers.saidToOthers(node) }, node, cells);
      }
    }
  }

  /** The peers of which a pair may change by what policies of the direction say, and owners, where it may by what they say as peers. */
  #kindsOfPeers(direction: Direction, ends: readonly EditedEnd[], changesPeers: boolean): PeerKind[] {
    const { world } = this.#compared.after;
    const { owners } = this.#ends;
    const rules = new PeerRules(policiesOf(this.#compared, this.#ends, owners), direction, { world, family: this.#compared.family });
    const isAboutAll = [...owners].some(
      (owner) => this.#said.of(selectingSides(this.#compared, this.#ends, owner), direction, noRules, 'by content').isChanged,
    );
    const kinds = new Map<PeerMatch, EditedEnd[]>();
    const mayChange = new Map<PeerMatch, boolean>();
    for (const end of ends) {
      const match = rules.of(defined(end.joint.after, 'every end is on both sides'));
      let isChanging = mayChange.get(match);
      if (isChanging === undefined) {
        isChanging = isAboutAll || [...match.rules.keys()].some((policy) => this.#changed[direction].has(policy));
        mayChange.set(match, isChanging);
      }
      if (isChanging || (changesPeers && owners.has(end))) addToGroup(kinds, match, end);
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

  /** Puts the pairs of the group and some peers that say the same, and are no nodes, into their cell; those that are left out are in others. */
  #enter(pair: CellPair, peers: readonly EditedEnd[], cells: Cells, without: ReadonlySet<EditedEnd> = nobody): void {
    const { group, own, their } = pair;
    const [alone] = group.owners.length === 1 ? group.owners : [];
    // An owner of which there is one has no pair with itself.
    const isIn = (peer: EditedEnd): boolean => !without.has(peer) && !(peer === alone && !peer.joint.isSeveral);
    const asksPeer = pair.direction === 'egress' && (own.asksPortNames || their.asksPortNames);
    let cell: ChangedCell | undefined;
    let isFirst = true;
    for (const peer of peers) {
      if (!isIn(peer)) continue;
      if (isFirst || asksPeer) cell = this.#cellOf(pair, { owner: otherThan(peer, group), peer, isOwnNode: false }, cells);
      isFirst = false;
      if (cell !== undefined) cell.peers.push(peer);
      else if (!asksPeer) return;
    }
  }

  /** A pod and its own node are another cell than a pod and other nodes. */
  #enterNode(pair: CellPair, peer: EditedEnd, cells: Cells): void {
    const node = peer.joint.after?.kind === 'node' ? peer.joint.after.node.name : undefined;
    for (const isOwnNode of [false, true]) {
      const owner = pair.group.owners.find(({ nodeName }) => (nodeName === node) === isOwnNode);
      if (owner !== undefined) this.#cellOf(pair, { owner, peer, isOwnNode }, cells)?.peers.push(peer);
    }
  }

  /** The cell of a pair; undefined where nothing changes in it. */
  #cellOf(
    { direction, group, own, their }: CellPair,
    { owner, peer, isOwnNode }: { readonly owner: EditedEnd; readonly peer: EditedEnd; readonly isOwnNode: boolean },
    cells: Cells,
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

/** An owner that is another one than the peer, where there is one. */
function otherThan(peer: EditedEnd, { owners, first }: OwnerGroup): EditedEnd {
  return owners.find((owner) => owner !== peer) ?? first;
}

/** Those of the policies that say something else in each direction. */
function changedIn({ before, after }: ComparedSides, changed: readonly Policy[]): Readonly<Record<Direction, ReadonlySet<Policy>>> {
  const orders = [before, after].map(({ world }) => world.tiers.map(({ name, order, end }) => [name, order, end]));
  const byRef = [...groupBy(changed, ({ ref }) => policyTieText(ref)).values()];
  const of = (direction: Direction): ReadonlySet<Policy> =>
    new Set(
      byRef.flatMap((same) => {
        const [was, is, ...others] = same;
        const isKnown = was !== undefined && is !== undefined && others.length === 0 && isSameValue(orders[0], orders[1]);
        return isKnown && saysTheSameIn(was, is, direction) ? [] : same;
      }),
    );
  return { ingress: of('ingress'), egress: of('egress') };
}

const noRules: PeerMatch['rules'] = new Map();
const nobody: ReadonlySet<EditedEnd> = new Set();
