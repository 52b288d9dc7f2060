/** What the policies of peers say to owners: of most that nothing of them is about the owner, without looking at each. */
import { type Direction, type Policy, requiredNamespaces, selectorMatches } from '@weir/model';
import { defined, groupBy } from '@weir/net';
import type { ComparedSides } from '../joint-ends.ts';
import type { Speaking } from '../speaking-policies.ts';
import { type EditedEnd, type EditedEnds, selectingSides } from './edited-ends.ts';
import { type PeerMatch, PeerRules, rulesOfWorld } from './peer-rules.ts';
import type { SaidToPeers } from './said-to-peers.ts';

/** The rules of peers that match an owner; the same object for equal ones. */
interface OwnerMatch {
  readonly key: string;
  readonly rules: PeerMatch['rules'];
}

/** What of a comparison the peers are asked about. */
export interface AskedPeers {
  readonly ends: EditedEnds;
  readonly peers: readonly EditedEnd[];
  readonly direction: Direction;
  readonly changed: readonly Policy[];
  readonly said: SaidToPeers;
}

/** The peers of one comparison, asked in one direction. */
export class AnsweringPeers {
  readonly #compared: ComparedSides;
  readonly #ends: EditedEnds;
  readonly #direction: Direction;
  readonly #said: SaidToPeers;
  readonly #peers: ReadonlyMap<string, readonly EditedEnd[]>;
  readonly #all: readonly EditedEnd[];
  readonly #selected: Map<Policy, readonly EditedEnd[]> = new Map();
  /** Of the old world, and of what is changed in either. */
  readonly #rules: PeerRules;
  readonly #changedRules: PeerRules;
  readonly #matching: Map<string, OwnerMatch> = new Map();
  readonly #toOthers: Map<EditedEnd, Speaking> = new Map();

  constructor(compared: ComparedSides, { ends, peers, direction, changed, said }: AskedPeers) {
    this.#compared = compared;
    this.#ends = ends;
    this.#direction = direction;
    this.#said = said;
    this.#peers = groupBy(
      peers.filter(({ kind }) => kind === 'pods'),
      namespaceOf,
    );
    this.#all = peers;
    const { world } = compared.after;
    this.#rules = rulesOfWorld(compared.before.world, direction, compared.family);
    this.#changedRules = new PeerRules(changed, direction, { world, family: compared.family });
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

  /** The peers of which some rule is about an owner that these rules match. */
  touchedBy(match: PeerMatch['rules']): ReadonlySet<EditedEnd> {
    const touched = new Set<EditedEnd>();
    for (const policy of match.keys()) for (const peer of this.#selectedBy(policy)) touched.add(peer);
    return touched;
  }

  /** What a peer says to an owner that these rules match. What an owner says as a peer is told by the rules that say it. */
  said(peer: EditedEnd, match: PeerMatch['rules']): Speaking {
    return this.#said.of(
      selectingSides(this.#compared, this.#ends, peer),
      this.#direction,
      match,
      this.#ends.owners.has(peer) ? 'by rule' : 'by content',
    );
  }

  /** What a peer says to ends that none of its rules is about. */
  saidToOthers(peer: EditedEnd): Speaking {
    let said = this.#toOthers.get(peer);
    if (said === undefined) this.#toOthers.set(peer, (said = this.said(peer, nothing)));
    return said;
  }

  /** The peers that a policy selects; more are none. */
  #selectedBy(policy: Policy): readonly EditedEnd[] {
    let selected = this.#selected.get(policy);
    if (selected === undefined) {
      const namespaces = requiredNamespaces(policy.subject);
      const candidates = namespaces === undefined ? this.#all : namespaces.flatMap((name) => this.#peers.get(name) ?? []);
      selected = candidates.filter(({ joint: { after } }) => after?.kind === 'endpoint' && selectorMatches(policy.subject, after.endpoint));
      this.#selected.set(policy, selected);
    }
    return selected;
  }
}

const nothing: PeerMatch['rules'] = new Map();

function namespaceOf({ joint: { after } }: EditedEnd): string {
  return after?.kind === 'endpoint' ? after.endpoint.namespace : '';
}
