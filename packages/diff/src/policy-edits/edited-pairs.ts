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
import { type Direction, type Policy, type PolicyWorld, policyTieText, type Rule, systemOfEndpoint } from '@weir/model';
import { defined, groupBy } from '@weir/net';
import type { ClassChange } from '../changed-blocks.ts';
import { saysTheSameIn } from '../changed-policies.ts';
import type { ComparedSides, JointClass } from '../joint-ends.ts';
import { PairJudge } from '../pair-judge.ts';
import { isSameValue } from '../same-value.ts';
import { AnsweringPeers } from './answering-peers.ts';
import { type ChangedCell, classifyCells } from './classify-cells.ts';
import { type EditedEnd, type EditedEnds, portNamesOf, selectingSides, worldOfBoth } from './edited-ends.ts';
import { type KindsOfPeers, type PeerKind, PeerKinds, type PeersOfOwner } from './peer-kinds.ts';
import { asksOfOwner, EndAsker, peerQuestion } from './peer-question.ts';
import type { PeerMatch } from './peer-rules.ts';
import { podIndexOf } from './pod-index.ts';
import { type SaidToPeer, SaidToPeers, type SelectingSides } from './said-to-peers.ts';

/** Owners under the same policies, which say the same to all peers. */
interface AlikeOwners {
  readonly owners: readonly EditedEnd[];
  readonly first: EditedEnd;
  readonly selecting: SelectingSides;
}

/** Peers that the policies of owners treat alike, by what they say themselves where nothing of it is about the owner. */
interface AskedKind {
  readonly own: SaidToPeer;
  /** Whether these are told apart by rules of policies that are not changed. */
  readonly isTouched: boolean;
  readonly nodes: readonly EditedEnd[];
  readonly others: ReadonlyMap<SaidToPeer, readonly EditedEnd[]>;
}

/** Pairs of owners that all policies treat alike, and peers, and what is said in them. */
interface CellPair {
  readonly direction: Direction;
  readonly owners: readonly EditedEnd[];
  readonly own: SaidToPeer;
  readonly their: SaidToPeer;
}

/** What of a comparison is asked: pairs of owners in a direction, with some ends. */
interface AskedDirection {
  readonly direction: Direction;
  readonly isPeer: (end: EditedEnd) => boolean;
  /** Whether what owners say as peers may be different, too. */
  readonly changesPeers: boolean;
}

type Cells = Map<string, ChangedCell | undefined>;

/** Compares what policies say. */
export class EditedPairs {
  readonly #compared: ComparedSides;
  readonly #changed: Readonly<Record<Direction, ReadonlySet<Policy>>>;
  readonly #ends: EditedEnds;
  readonly #judge: PairJudge;
  readonly #world: PolicyWorld;
  readonly #said: SaidToPeers;
  readonly #cells: ChangedCell[] = [];

  constructor(compared: ComparedSides, ends: EditedEnds, changed: readonly Policy[]) {
    this.#compared = compared;
    this.#changed = changedIn(compared, changed);
    this.#ends = ends;
    this.#judge = new PairJudge(compared);
    this.#world = worldOfBoth(compared);
    this.#said = new SaidToPeers({ world: this.#world, family: compared.family });
  }

  /** The classes of ends, and the changes between them. */
  compare(): { readonly classes: readonly JointClass[]; readonly changes: readonly ClassChange[] } {
    const { owners, all } = this.#ends;
    const { ingress, egress } = this.#changed;
    if (owners.size > 0 && ingress.size > 0)
      this.#compareDirection({ direction: 'ingress', isPeer: () => true, changesPeers: egress.size > 0 });
    // Pairs of owners were asked about both directions.
    if (owners.size > 0 && egress.size > 0)
      this.#compareDirection({ direction: 'egress', isPeer: (end) => ingress.size === 0 || !owners.has(end), changesPeers: false });
    return classifyCells(all, this.#cells);
  }

  #compareDirection(asked: AskedDirection): void {
    const { direction, isPeer, changesPeers } = asked;
    const { family } = this.#compared;
    const { all, pods } = this.#ends;
    const kinds = new PeerKinds({ world: this.#world, family, direction }, { all, index: podIndexOf(pods) }, isPeer);
    let answers: AnsweringPeers | undefined;
    for (const alike of this.#underSamePolicies(direction)) {
      const found = kinds.of(this.#peersOf(alike, asked));
      if (found.others.length === 0) continue;
      answers ??= new AnsweringPeers(this.#compared, {
        ends: this.#ends,
        world: this.#world,
        direction: direction === 'ingress' ? 'egress' : 'ingress',
        changed: [...this.#changed.ingress, ...this.#changed.egress],
        changesPeers,
        said: this.#said,
      });
      this.#compareAlike(alike, found, { ...asked, answers, kinds });
    }
  }

  /** The peers of which a pair may change by what policies of the direction say, and owners, where it may by what they say as peers. */
  #peersOf({ first, selecting }: AlikeOwners, { direction, changesPeers }: AskedDirection): PeersOfOwner {
    const owner = defined(first.joint.after, 'every end is on both sides');
    const isAboutAll = this.#said.of({ selecting, direction, end: owner }, noRules, 'by content').isChanged;
    const policies = new Set([selecting.before, selecting.after].flatMap((tiers) => tiers.flatMap((tier) => tier.policies)));
    const always = changesPeers ? this.#ends.owners : [];
    return { policies, owner, changed: this.#changed[direction], isAboutAll, always };
  }

  #compareAlike(
    alike: AlikeOwners,
    found: KindsOfPeers,
    { direction, changesPeers, answers, kinds }: AskedDirection & { readonly answers: AnsweringPeers; readonly kinds: PeerKinds },
  ): void {
    const saying = { selecting: alike.selecting, direction, end: defined(alike.first.joint.after, 'every end is on both sides') };
    // By the lists of the rules that match peers. Where the owner says what it said, the pairs change in which peers say something else.
    const ownTo = new Map<number, SaidToPeer>();
    const askedKinds = (some: readonly PeerKind[], isTouched: boolean): AskedKind[] =>
      some.flatMap(({ list, match, peers }) => {
        const own = this.#said.of(saying, match, 'by policy');
        if (!own.isChanged && !changesPeers) return [];
        ownTo.set(list, own);
        return [{ own, isTouched, ...answers.split(peers, !own.isChanged) }];
      });
    const asked = [...askedKinds(found.touched, true), ...askedKinds(found.others, false)];
    if (asked.length === 0) return;
    const isWorthIt = (peer: EditedEnd): boolean => {
      const own = ownTo.get(kinds.listOf(peer));
      return own !== undefined && (own.isChanged || this.#ends.owners.has(peer));
    };
    for (const [{ rules }, owners] of groupBy(alike.owners, (owner) => answers.matching(owner))) {
      const cells: Cells = new Map();
      for (const { peer, their } of answers.touchedBy(rules, isWorthIt)) {
        const own = defined(ownTo.get(kinds.listOf(peer)), 'a peer is of some kind');
        if (own.isChanged || their.isChanged) this.#enter({ direction, owners, own, their }, [peer], cells);
      }
      for (const { own, isTouched, nodes, others } of asked) {
        const isElsewhere = (peer: EditedEnd): boolean => answers.isTouched(peer) || (!isTouched && kinds.isTouched(peer));
        for (const [their, peers] of others)
          if (own.isChanged || their.isChanged) this.#enter({ direction, owners, own, their }, peers, cells, isElsewhere);
        if (!own.isChanged) continue;
        for (const node of nodes)
          if (!isElsewhere(node)) this.#enterNode({ direction, owners, own, their: answers.saidToOthers(node) }, node, cells);
      }
    }
  }

  /** Owners by the policies that select them, and by what of them else these ask. */
  #underSamePolicies(direction: Direction): AlikeOwners[] {
    const numbers = new Map<Policy, number>();
    const numberOf = (policy: Policy): number => {
      const number = numbers.get(policy) ?? numbers.size;
      numbers.set(policy, number);
      return number;
    };
    const asker = new EndAsker({ world: this.#world, family: this.#compared.family }, direction);
    const groups = groupBy(this.#ends.owners, (owner) => {
      const { before, after } = selectingSides(this.#compared, this.#ends, owner);
      const policies = [before, after].map((tiers) => tiers.flatMap((tier) => tier.policies.map(numberOf)).join());
      const asked = [before, after].flatMap((tiers) =>
        tiers.flatMap((tier) => tier.policies.map((policy) => askedOf(policy, direction, owner, asker))),
      );
      return `${policies.join('/')} ${portNamesOf(owner)} ${systemOf(owner)} ${asked.join('')}`;
    });
    return [...groups.values()].map((owners) => {
      const first = defined(owners[0], 'a group has an owner');
      return { owners, first, selecting: selectingSides(this.#compared, this.#ends, first) };
    });
  }

  /** Puts the pairs of the owners and some peers that say the same, and are no nodes, into their cell, unless they are in others. */
  #enter(pair: CellPair, peers: readonly EditedEnd[], cells: Cells, isElsewhere?: (peer: EditedEnd) => boolean): void {
    const { direction, owners, own, their } = pair;
    const [alone] = owners.length === 1 ? owners : [];
    // An owner of which there is one has no pair with itself.
    const isIn = (peer: EditedEnd): boolean => isElsewhere?.(peer) !== true && !(peer === alone && !peer.joint.isSeveral);
    const asksPeer = [own, their].some((said) => (direction === 'egress' ? said.asksDestinationNames : said.asksSourceNames));
    let cell: ChangedCell | undefined;
    let isFirst = true;
    for (const peer of peers) {
      if (!isIn(peer)) continue;
      if (isFirst || asksPeer) cell = this.#cellOf(pair, { owner: otherThan(peer, owners), peer, isOwnNode: false }, cells);
      isFirst = false;
      if (cell !== undefined) cell.peers.push(peer);
      else if (!asksPeer) return;
    }
  }

  /** A pod and its own node are another cell than a pod and other nodes. */
  #enterNode(pair: CellPair, peer: EditedEnd, cells: Cells): void {
    const node = peer.joint.after?.kind === 'node' ? peer.joint.after.node.name : undefined;
    for (const isOwnNode of [false, true]) {
      const owner = pair.owners.find(({ nodeName }) => (nodeName === node) === isOwnNode);
      if (owner !== undefined) this.#cellOf(pair, { owner, peer, isOwnNode }, cells)?.peers.push(peer);
    }
  }

  /** The cell of a pair; undefined where nothing changes in it. */
  #cellOf(
    { direction, owners, own, their }: CellPair,
    { owner, peer, isOwnNode }: { readonly owner: EditedEnd; readonly peer: EditedEnd; readonly isOwnNode: boolean },
    cells: Cells,
  ): ChangedCell | undefined {
    const asksNames = own.asksPortNames || their.asksPortNames;
    const names = asksNames ? `${portNamesOf(owner)} ${portNamesOf(peer)}` : '';
    const key = `${own.id} ${their.id} ${isOwnNode} ${names}`;
    if (cells.has(key)) return cells.get(key);
    const [source, destination] = direction === 'ingress' ? [peer, owner] : [owner, peer];
    const [egress, ingress] = direction === 'ingress' ? [their, own] : [own, their];
    const pair = { source: source.joint, destination: destination.joint, isOwnNode };
    const more = `${isOwnNode ? systemOf(owner) : ''} ${names}`;
    const alike = {
      pair: `${direction} ${own.content} ${their.content} ${more}`,
      egress: `${egress.content} ${more}`,
      ingress: `${ingress.content} ${more}`,
      rules: { egress: `${egress.id} ${more}`, ingress: `${ingress.id} ${more}` },
    };
    const told = this.#judge.changeOf(pair, { egress, ingress, isOther: false }, alike);
    const cell = told === undefined ? undefined : { direction, owners, peers: [], told };
    cells.set(key, cell);
    if (cell !== undefined) this.#cells.push(cell);
    return cell;
  }
}

/** An owner that is another one than the peer, where there is one. */
function otherThan(peer: EditedEnd, owners: readonly EditedEnd[]): EditedEnd {
  return owners.find((owner) => owner !== peer) ?? peer;
}

/** The operating system of a pod's node, as a text: on some a pod reaches its node. */
function systemOf({ joint: { after } }: EditedEnd): string {
  return after?.kind === 'endpoint' ? systemOfEndpoint(after.endpoint) : '';
}

/** What rules of a policy ask of a pod that it selects, answered; '' where nothing, as mostly. */
function askedOf(policy: Policy, direction: Direction, owner: EditedEnd, asker: EndAsker): string {
  const rules = rulesAskingOwner(policy, direction);
  if (rules.length === 0) return '';
  const end = defined(owner.joint.after, 'every end is on both sides');
  return rules
    .map((rule) => `${peerQuestion(rule, direction).asksNode ? (owner.nodeName ?? '') : ''} ${asker.ownTruth(rule, end)},`)
    .join('');
}

const known: Readonly<Record<Direction, WeakMap<Policy, readonly Rule[]>>> = { ingress: new WeakMap(), egress: new WeakMap() };

/** The rules of a policy that ask more of their pod, or which node it runs on. */
function rulesAskingOwner(policy: Policy, direction: Direction): readonly Rule[] {
  let found = known[direction].get(policy);
  if (found === undefined) {
    const rules = policy[direction]?.rules ?? [];
    found = rules.filter((rule) => asksOfOwner(rule, direction) || peerQuestion(rule, direction).asksNode);
    known[direction].set(policy, found);
  }
  return found;
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
