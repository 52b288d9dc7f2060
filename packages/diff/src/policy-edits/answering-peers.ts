/** What the policies of peers say to owners: of most that nothing of them is about the owner, without looking at each. */
import { type Direction, type Policy, type PolicyWorld, requiredNamespaces, selectorMatches } from '@weir/model';
import { addToGroup, defined, groupBy } from '@weir/net';
import type { ComparedSides } from '../joint-ends.ts';
import { type EditedEnd, type EditedEnds, selectingSides } from './edited-ends.ts';
import { ListsOfEnds } from './number-lists.ts';
import { asksOfOwner } from './peer-question.ts';
import { type PeerMatch, PeerRules, rulesOfWorld } from './peer-rules.ts';
import type { SaidToPeer, SaidToPeers } from './said-to-peers.ts';

/** The rules of peers that match an owner; the same object for equal ones. */
export interface OwnerMatch {
  readonly key: string;
  readonly rules: PeerMatch['rules'];
}

/** A peer of which some rule is about an owner, and what it says to it. */
export interface TouchedPeer {
  readonly peer: EditedEnd;
  readonly their: SaidToPeer;
}

/** Nodes, and others by what they say. */
export interface SplitPeers {
  readonly nodes: readonly EditedEnd[];
  readonly others: ReadonlyMap<SaidToPeer, readonly EditedEnd[]>;
}

/** What of a comparison the peers are asked about. */
export interface AskedPeers {
  readonly ends: EditedEnds;
  /** In which what is changed is asked. */
  readonly world: PolicyWorld;
  /** That of the peers. */
  readonly direction: Direction;
  readonly changed: readonly Policy[];
  /** Whether what owners say as peers may be different, too. */
  readonly changesPeers: boolean;
  readonly said: SaidToPeers;
}

/** The peers of one comparison, asked in one direction. */
export class AnsweringPeers {
  readonly #compared: ComparedSides;
  readonly #asked: AskedPeers;
  readonly #tierPlaces: ReadonlyMap<Policy, number>;
  readonly #pods: ReadonlyMap<string, readonly EditedEnd[]>;
  readonly #selected: WeakMap<Policy, readonly EditedEnd[]>;
  /** Of the old world, and of what is changed in either. */
  readonly #rules: PeerRules;
  readonly #changedRules: PeerRules;
  readonly #matching: Map<string, OwnerMatch> = new Map();
  readonly #toOthers: (SaidToPeer | undefined)[] = [];
  readonly #split: WeakMap<readonly EditedEnd[], SplitPeers> = new WeakMap();
  readonly #splitOwners: WeakMap<readonly EditedEnd[], SplitPeers> = new WeakMap();
  readonly #touched: ListsOfEnds;
  readonly #contents: Map<string, number> = new Map();
  readonly #saidByLists: Map<string, SaidToPeer> = new Map();

  constructor(compared: ComparedSides, asked: AskedPeers) {
    this.#compared = compared;
    this.#asked = asked;
    const { direction, ends, changed, world } = asked;
    this.#tierPlaces = tierPlacesOf(compared.before.world);
    this.#pods = podsByNamespace(ends.pods);
    this.#selected = selectedAmong(ends.pods);
    this.#rules = rulesOfWorld(compared.before.world, direction, compared.family);
    this.#changedRules = new PeerRules(changed, direction, { world, family: compared.family });
    this.#touched = new ListsOfEnds(ends.all.length);
  }

  /** The rules of any peer that match an owner. */
  matching(owner: EditedEnd): OwnerMatch {
    const end = defined(owner.joint.after, 'every end is on both sides');
    const [all, changed] = [this.#rules.of(end), this.#changedRules.of(end)];
    const key = `${all.id} ${changed.id}`;
    let match = this.#matching.get(key);
    if (match === undefined) {
      const rules = changed.rules.size === 0 ? all.rules : new Map([...all.rules, ...changed.rules]);
      this.#matching.set(key, (match = { key, rules }));
    }
    return match;
  }

  /** The peers, among those that are worth looking at, of which some rule is about an owner that these rules match. */
  touchedBy(match: PeerMatch['rules'], isWorthIt: (peer: EditedEnd) => boolean): readonly TouchedPeer[] {
    const touched: EditedEnd[] = [];
    const slow = new Set<EditedEnd>();
    this.#touched.begin();
    for (const [policy, rules] of match) {
      const tier = this.#tierPlaces.get(policy);
      // What owners do not say otherwise as peers is what the old side's policies say.
      if (tier === undefined && !this.#asked.changesPeers) continue;
      const content = this.#contentNumber(`${tier ?? ''}:${this.#asked.said.contentOf(rules)}`);
      const asksPeer = rules.some(({ rule }) => asksOfOwner(rule, this.#asked.direction));
      for (const peer of this.#selectedBy(policy)) {
        if (!isWorthIt(peer)) continue;
        if (this.#touched.enter(peer.place)) touched.push(peer);
        this.#touched.add(peer.place, content);
        if (asksPeer) slow.add(peer);
      }
    }
    return touched.map((peer) => ({
      peer,
      their: slow.has(peer) || this.#mayChange(peer) ? this.#said(peer, match) : this.#saidByList(peer, match),
    }));
  }

  /** Peers by what they say to ends that none of their rules is about, or those of them alone that are owners. What is asked of one array again is known. */
  split(peers: readonly EditedEnd[], ownersAlone: boolean): SplitPeers {
    const known = ownersAlone ? this.#splitOwners : this.#split;
    let found = known.get(peers);
    if (found === undefined) {
      const nodes: EditedEnd[] = [];
      const others = new Map<SaidToPeer, EditedEnd[]>();
      for (const peer of peers) {
        if (ownersAlone && !this.#asked.ends.owners.has(peer)) continue;
        if (peer.kind === 'nodes') nodes.push(peer);
        else addToGroup(others, this.saidToOthers(peer), peer);
      }
      known.set(peers, (found = { nodes, others }));
    }
    return found;
  }

  /** Whether the peer is among those that were touched last. */
  isTouched({ place }: EditedEnd): boolean {
    return this.#touched.has(place);
  }

  /** What a peer says to ends that none of its rules is about. */
  saidToOthers(peer: EditedEnd): SaidToPeer {
    return (this.#toOthers[peer.place] ??= this.#findSaidToOthers(peer));
  }

  #findSaidToOthers(peer: EditedEnd): SaidToPeer {
    const { before } = peer.joint;
    if (before?.kind !== 'endpoint' || this.#mayChange(peer)) return this.#said(peer, nothing);
    return this.#asked.said.toOthers(this.#compared.before.world, before.endpoint, this.#asked.direction);
  }

  /** Whether what the peer says may be something else than it was: it is told by the policies that say it. */
  #mayChange(peer: EditedEnd): boolean {
    return this.#asked.changesPeers && this.#asked.ends.owners.has(peer);
  }

  /** Peers whose policies say the same, one after the other, to this owner and where nothing is about it, say the same. */
  #saidByList(peer: EditedEnd, match: PeerMatch['rules']): SaidToPeer {
    const key = `${this.saidToOthers(peer).id} ${this.#touched.of(peer.place)}`;
    let said = this.#saidByLists.get(key);
    if (said === undefined) this.#saidByLists.set(key, (said = this.#said(peer, match)));
    return said;
  }

  #said(peer: EditedEnd, match: PeerMatch['rules']): SaidToPeer {
    const { ends, said, direction } = this.#asked;
    const { before, after } = selectingSides(this.#compared, ends, peer);
    const mayChange = this.#mayChange(peer);
    const selecting = { before, after: mayChange ? after : before };
    const end = defined(peer.joint.after, 'every end is on both sides');
    return said.of({ selecting, direction, end }, match, mayChange ? 'by policy' : 'by content');
  }

  #contentNumber(text: string): number {
    let number = this.#contents.get(text);
    if (number === undefined) this.#contents.set(text, (number = this.#contents.size));
    return number;
  }

  /** The pods that a policy selects; more are none. */
  #selectedBy(policy: Policy): readonly EditedEnd[] {
    let selected = this.#selected.get(policy);
    if (selected === undefined) {
      const { pods } = this.#asked.ends;
      const namespaces = requiredNamespaces(policy.subject);
      const candidates = namespaces === undefined ? pods : namespaces.flatMap((name) => this.#pods.get(name) ?? []);
      selected = candidates.filter(({ joint: { after } }) => after?.kind === 'endpoint' && selectorMatches(policy.subject, after.endpoint));
      this.#selected.set(policy, selected);
    }
    return selected;
  }
}

const nothing: PeerMatch['rules'] = new Map();

/** Of pods that many edits share. */
const byNamespace: WeakMap<readonly EditedEnd[], ReadonlyMap<string, readonly EditedEnd[]>> = new WeakMap();

function podsByNamespace(pods: readonly EditedEnd[]): ReadonlyMap<string, readonly EditedEnd[]> {
  let found = byNamespace.get(pods);
  if (found === undefined) {
    found = groupBy(pods, ({ joint: { after } }) => (after?.kind === 'endpoint' ? after.endpoint.namespace : ''));
    byNamespace.set(pods, found);
  }
  return found;
}

/** Which pods policies select, of pods that many edits share. */
const selectedPods: WeakMap<readonly EditedEnd[], WeakMap<Policy, readonly EditedEnd[]>> = new WeakMap();

function selectedAmong(pods: readonly EditedEnd[]): WeakMap<Policy, readonly EditedEnd[]> {
  const found = selectedPods.get(pods) ?? new WeakMap<Policy, readonly EditedEnd[]>();
  selectedPods.set(pods, found);
  return found;
}

/** Of worlds that many edits share. */
const tierPlaces: WeakMap<PolicyWorld, ReadonlyMap<Policy, number>> = new WeakMap();

/** The tier of each policy by its place. */
function tierPlacesOf(world: PolicyWorld): ReadonlyMap<Policy, number> {
  let found = tierPlaces.get(world);
  if (found === undefined) {
    found = new Map(world.tiers.flatMap(({ policies }, place) => policies.map((policy) => [policy, place] as const)));
    tierPlaces.set(world, found);
  }
  return found;
}
