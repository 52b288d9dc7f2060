/**
 * The changes that edited policies make, where pods and nodes are what they were.
 *
 * ```
 *   pods that changed policies select ─▶ owners, and of each the peers with which something may change (candidate-peers.ts)
 *     ─▶ what the owner says to each of them, and they to it (speaking-pods.ts) ─▶ owners that are alike
 *       └▶ cells of pairs with equal answers ─▶ one pair of each is judged ─▶ classes of ends that are in the same cells
 * ```
 *
 * Everybody with whom nothing changes is left out by sets, and of those who are left nobody is judged for itself.
 */
import { type Direction, type Policy, type PolicyWorld, systemOfEndpoint } from '@weir/model';
import { BitSet, defined } from '@weir/net';
import type { ClassChange } from '../changed-blocks.ts';
import type { ComparedSides, JointClass } from '../joint-ends.ts';
import { PairJudge } from '../pair-judge.ts';
import type { PairedPod } from '../paired-pods.ts';
import { type AlikeOwners, alikeOwners, type OwnerRow } from './alike-owners.ts';
import { CandidatePeers, type DirectionEdits } from './candidate-peers.ts';
import { type ChangedCell, classifyCells } from './classify-cells.ts';
import { editsOf } from './direction-edits.ts';
import { type EditedEnd, endsOfPods, portNamesOf } from './edited-end.ts';
import { type EditedEnds, editedEnds, selectingSides, worldOfBoth } from './edited-ends.ts';
import type { RuleEdit } from './edited-rules.ts';
import { isOpen, OpenPods } from './open-pods.ts';
import { EndAsker } from './peer-question.ts';
import { type EndKinds, eachAlone, endKinds } from './pod-kinds.ts';
import { type PodSets, podSetsOf } from './pod-sets.ts';
import { EndsOfRules } from './rule-ends.ts';
import { type MatchedRules, type SaidToPeer, SaidToPeers } from './said-to-peers.ts';
import { SpeakingPods } from './speaking-pods.ts';

/** Pairs of owners that all policies treat alike, and peers, and what is said in them. */
interface CellPair {
  readonly direction: Direction;
  /** Those that stand for the owners. */
  readonly standing: readonly EditedEnd[];
  readonly owners: readonly EditedEnd[];
  readonly own: SaidToPeer;
  readonly their: SaidToPeer;
}

/** What of a comparison is asked: pairs of owners in a direction, with some ends. */
interface AskedDirection {
  readonly direction: Direction;
  /** Owners that are no peers. */
  readonly left: BitSet | undefined;
  /** Whether what owners say as peers may be different, too. */
  readonly changesPeers: boolean;
}

/** An owner with the peers of which a pair may change, and their places. */
interface CandidateRow {
  readonly owner: EditedEnd;
  readonly among: BitSet;
  readonly places: readonly number[];
}

/** From how much on work is shared that little is not worth. */
export interface EditLimits {
  /** So many owners are asked one by one sooner than all rules are. */
  readonly fewOwners: number;
  /** So many pairs are looked at sooner than pods are divided into kinds. */
  readonly fewPairs: number;
}

type Cells = Map<string, ChangedCell | undefined>;

/** What is compared. */
export interface EditedPolicies {
  readonly pods: readonly PairedPod[];
  readonly changed: readonly Policy[];
  readonly limits: EditLimits;
}

/** Compares what policies say. */
export class EditedPairs {
  readonly #compared: ComparedSides;
  readonly #edits: Readonly<Record<Direction, readonly RuleEdit[]>>;
  readonly #changed: readonly Policy[];
  readonly #ends: EditedEnds;
  readonly #sets: PodSets;
  readonly #judge: PairJudge;
  readonly #world: PolicyWorld;
  readonly #said: SaidToPeers;
  readonly #endsOf: Readonly<Record<Direction, EndsOfRules>>;
  readonly #limits: EditLimits;
  readonly #cells: ChangedCell[] = [];
  #kinds: EndKinds = eachAlone;

  constructor(compared: ComparedSides, { pods: paired, changed, limits }: EditedPolicies) {
    const { family } = compared;
    this.#limits = limits;
    this.#compared = compared;
    const pods = endsOfPods(paired, family);
    this.#sets = podSetsOf(pods);
    this.#edits = editsOf(compared, changed, this.#sets);
    this.#ends = editedEnds(compared, pods, { edits: this.#edits, changed });
    this.#changed = changed;
    this.#judge = new PairJudge(compared);
    const world = worldOfBoth(compared);
    this.#world = world;
    this.#said = new SaidToPeers({ world, family });
    this.#endsOf = {
      ingress: new EndsOfRules({ world, family, direction: 'ingress' }, this.#ends),
      egress: new EndsOfRules({ world, family, direction: 'egress' }, this.#ends),
    };
  }

  /** The classes of ends, and the changes between them. */
  compare(): { readonly classes: readonly JointClass[]; readonly changes: readonly ClassChange[] } {
    const { owners, all, pods } = this.#ends;
    // A policy about nobody changes nothing, and in one of the families there may be nobody at all.
    if (owners.isEmpty) return classifyCells(all, [], eachAlone);
    const { ingress, egress } = this.#edits;
    const asked: AskedDirection[] = [];
    if (ingress.length > 0) asked.push({ direction: 'ingress', left: undefined, changesPeers: egress.length > 0 });
    // Pairs of owners are asked about both directions then.
    if (egress.length > 0) asked.push({ direction: 'egress', left: ingress.length > 0 ? owners : undefined, changesPeers: false });
    const found = asked.map((one) => ({ asked: one, rows: this.#candidates(one) }));
    const pairs = found.reduce((sum, { rows }) => sum + rows.reduce((ofRows, { places }) => ofRows + places.length, 0), 0);
    const [compared, sets, endsOf, changed] = [this.#compared, this.#sets, this.#endsOf, this.#changed];
    this.#kinds = pairs > this.#limits.fewPairs ? endKinds({ compared, pods, sets, endsOf, changed }) : eachAlone;
    for (const { asked: one, rows } of found) this.#compareDirection(one, rows);
    return classifyCells(all, this.#cells, this.#kinds);
  }

  #compareDirection({ direction, changesPeers }: AskedDirection, candidates: readonly CandidateRow[]): void {
    const other = direction === 'ingress' ? 'egress' : 'ingress';
    const own = this.#speakers(direction, candidates.length, () => true);
    const isOwner = ({ place, kind }: EditedEnd): boolean => changesPeers && kind === 'pods' && this.#ends.owners.has(place);
    const theirs = this.#speakers(other, this.#peerCount(candidates), isOwner);
    const rows = candidates.flatMap((candidate): OwnerRow[] => {
      const { owner, among, places } = candidate;
      if (!this.#kinds.stands(owner)) return [];
      const peers: EditedEnd[] = [];
      for (const place of places) {
        const peer = defined(this.#ends.all[place], 'a peer has a place');
        if (this.#kinds.stands(peer)) peers.push(peer);
      }
      const speaker = defined(own.speakerFor(owner), 'an owner is a pod');
      const answers = peers.map((peer) => theirs.saidTo(theirs.speakerFor(peer), owner));
      return [{ owner, speaker, among, peers, answers, names: portNamesOf(owner), system: systemOf(owner) }];
    });
    for (const alike of alikeOwners(rows)) this.#enterAlike(direction, alike, own);
  }

  /** Owners with the peers of which a pair may change. */
  #candidates({ direction, left, changesPeers }: AskedDirection): CandidateRow[] {
    const ends = this.#ends;
    const changed = { ingress: this.#changedIn('ingress'), egress: this.#changedIn('egress') };
    const open = { ingress: this.#openPods(changed.ingress, 'ingress'), egress: this.#openPods(changed.egress, 'egress') };
    const shared = { compared: this.#compared, ends, sets: this.#sets, endsOf: this.#endsOf, changed: this.#changed, open };
    const candidates = new CandidatePeers({ ...shared, ...this.#limits }, { direction, changed, changesPeers, left });
    return ends.owners.members().flatMap((place): CandidateRow[] => {
      const owner = defined(ends.pods[place], 'an owner has a place');
      const among = candidates.of(owner);
      return among === undefined ? [] : [{ owner, among, places: among.members() }];
    });
  }

  /** How many pods are peers of some owner. */
  #peerCount(candidates: readonly CandidateRow[]): number {
    const peers = BitSet.empty(this.#ends.all.length);
    for (const { among } of candidates) peers.addAll(among);
    return peers.members().filter((place) => place < this.#sets.size).length;
  }

  #speakers(direction: Direction, podCount: number, mayChange: (end: EditedEnd) => boolean): SpeakingPods {
    const asker = new EndAsker({ world: this.#world, family: this.#compared.family }, direction);
    const shared = { compared: this.#compared, ends: this.#ends, changed: this.#changed, said: this.#said, podCount };
    return new SpeakingPods({ ...shared, direction, endsOf: this.#endsOf[direction], asker, mayChange });
  }

  /** Only what is different beside rules makes a difference to ends that no rule matches. */
  #changedIn(direction: Direction): DirectionEdits {
    const edits = this.#edits[direction];
    const aboutAll = BitSet.empty(this.#sets.size);
    for (const { owners, isWhole } of edits) {
      if (!isWhole) continue;
      for (const place of owners.members()) {
        const owner = defined(this.#ends.pods[place], 'an owner has a place');
        const selecting = selectingSides(this.#compared, this.#ends, owner);
        const end = defined(owner.joint.after, 'every end is on both sides');
        if (this.#said.of({ selecting, direction, end }, noRules, 'by content').isChanged) aboutAll.add(place);
      }
    }
    return { edits, aboutAll };
  }

  /** Those that are open on one of the sides: only owners may be open now that were not. */
  #openPods({ aboutAll }: DirectionEdits, direction: Direction): OpenPods {
    const { before, after } = this.#compared;
    const { pods } = this.#ends;
    const young = aboutAll.copy();
    for (const place of aboutAll.members()) if (!isOpen(after.world, pods[place], direction)) young.delete(place);
    return new OpenPods(before.world, pods, { direction, young });
  }

  #enterAlike(direction: Direction, { owners: standing, row }: AlikeOwners, own: SpeakingPods): void {
    const owners = standing.flatMap((owner) => this.#kinds.kindOf(owner));
    const cells: Cells = new Map();
    const alike = new Map<number, { readonly pair: CellPair; readonly peers: EditedEnd[] }>();
    for (const [at, peer] of row.peers.entries()) {
      const said = own.saidTo(row.speaker, peer);
      const their = defined(row.answers[at], 'every peer answers');
      if (!said.isChanged && !their.isChanged) continue;
      const pair = { direction, standing, owners, own: said, their };
      if (peer.kind === 'nodes') {
        this.#enterNode(pair, peer, cells);
        continue;
      }
      const key = said.id * 2 ** 26 + their.id;
      const same = alike.get(key);
      if (same === undefined) alike.set(key, { pair, peers: [peer] });
      else same.peers.push(peer);
    }
    for (const { pair, peers } of alike.values()) this.#enter(pair, peers, cells);
  }

  /** Puts the pairs of the owners and some peers that say the same, and are no nodes, into their cell. */
  #enter(pair: CellPair, peers: readonly EditedEnd[], cells: Cells): void {
    const { direction, owners, own, their } = pair;
    const [alone] = owners.length === 1 ? owners : [];
    const asksPeer = [own, their].some((said) => (direction === 'egress' ? said.asksDestinationNames : said.asksSourceNames));
    let cell: ChangedCell | undefined;
    let isFirst = true;
    for (const peer of peers) {
      // An owner of which there is one has no pair with itself.
      if (peer === alone && !peer.joint.isSeveral) continue;
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
    { direction, standing, own, their }: CellPair,
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
    const cell = told === undefined ? undefined : { direction, owners: standing, peers: [], told };
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

const noRules: MatchedRules = new Map();
