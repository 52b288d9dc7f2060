/**
 * Peer sets, classes and addresses of the state, and for every expression that rules in force ask about
 * the set of the kernel that answers it.
 */
import type { ContentKey, Delta, EndpointClass, Membership, PeerSet, PeerTest } from '@weir/calc';
import { type Address, defined, type Family, formatAddress } from '@weir/net';
import { GrowthLimits } from './growth-limits.ts';
import type { Ipset } from './ipset.ts';
import type { NamePool } from './names.ts';
import {
  blockMembers,
  expressionKey,
  hasBlocks,
  type PeerExpression,
  peerExpression,
  podMembers,
  shutOutMembers,
} from './peer-expression.ts';

const families = [4, 6] as const;

/** One expression in force and its sets. */
export interface AskedExpression {
  readonly expression: PeerExpression;
  readonly sets: Readonly<Record<Family, Ipset>>;
  /** Blocks of one address: when a pod that was an exception goes, they are members again. */
  readonly singles: ReadonlySet<string>;
}

/** A member that comes, goes or changes sides in a set that is in force. */
export interface MemberChange {
  readonly set: Ipset;
  readonly member: string;
  /** What is said of it from now on; undefined: it goes. */
  readonly option: string | undefined;
  /** Whether the set holds the address from now on. */
  readonly gains: boolean;
}

/** What a delta changes for one expression in force. */
export interface ExpressionChange {
  readonly asked: AskedExpression;
  readonly addresses: ReadonlySet<string>;
  readonly members: readonly MemberChange[];
}

interface Peer {
  readonly address: Address;
  readonly class: ContentKey;
}

/** Peers by address, expressions by key. */
export class PeerTable {
  readonly peerSets: Map<ContentKey, PeerSet> = new Map();
  readonly limits: GrowthLimits = new GrowthLimits();
  readonly #classes = new Map<ContentKey, EndpointClass>();
  readonly #peers = new Map<string, Peer>();
  readonly #peersBySet = new Map<ContentKey, Set<string>>();
  readonly #asked = new Map<string, AskedExpression>();
  readonly #askedBySet = new Map<ContentKey, Set<AskedExpression>>();
  readonly #membersMax: number | undefined;

  /** `membersMax`: of each set; undefined: as many as the kernel takes. */
  constructor(membersMax?: number) {
    this.#membersMax = membersMax;
  }

  /** Takes over a delta; says what it changes for the expressions in force, and changes nothing of them yet. */
  apply(delta: Delta): ExpressionChange[] {
    for (const set of delta.peerSets.upserts) this.peerSets.set(set.key, set);
    for (const each of delta.classes.upserts) this.#classes.set(each.key, each);
    const before = new Map<string, { readonly address: Address; readonly memberships: readonly Membership[] }>();
    const remember = (address: Address): string => {
      const text = formatAddress(address);
      if (!before.has(text)) before.set(text, { address, memberships: this.#membershipsOf(text) });
      return text;
    };
    for (const address of delta.addresses.removals) this.#forget(remember(address));
    for (const { address, class: key } of delta.addresses.upserts) this.#remember(remember(address), { address, class: key });
    const changes = this.#changesSince(before);
    for (const key of delta.classes.removals) this.#classes.delete(key);
    for (const key of delta.peerSets.removals) this.peerSets.delete(key);
    return changes;
  }

  /** The expression in force for the tests, if there is one. */
  get(tests: readonly PeerTest[]): AskedExpression | undefined {
    return this.#asked.get(expressionKey(tests));
  }

  /** Every expression in force. */
  all(): Iterable<AskedExpression> {
    return this.#asked.values();
  }

  /** Puts an expression into force, with sets of their own and all their members. */
  ask(tests: readonly PeerTest[], names: NamePool): AskedExpression {
    return this.#ask(peerExpression(tests, this.peerSets), names);
  }

  /** The same expression with sets of other names, made from the state as it is now. */
  askAnew({ expression }: AskedExpression, names: NamePool): AskedExpression {
    this.forget(expression.key);
    return this.#ask(expression, names);
  }

  /** Takes an expression out of force. */
  forget(key: string): void {
    const asked = this.#asked.get(key);
    if (asked === undefined) return;
    this.#asked.delete(key);
    for (const { set } of asked.expression.podTests) this.#askedBySet.get(set)?.delete(asked);
  }

  /** Takes member changes into the sets as they are known here. */
  take(changes: readonly MemberChange[]): void {
    for (const { set, member, option } of changes) {
      if (option === undefined) set.members.delete(member);
      else set.members.set(member, option);
    }
  }

  #ask(expression: PeerExpression, names: NamePool): AskedExpression {
    const sets = { 4: this.#setOf(expression, 4, names), 6: this.#setOf(expression, 6, names) };
    const singles = new Set(families.flatMap((family) => [...sets[family].members.keys()].filter((member) => !member.includes('/'))));
    for (const text of this.#peersAskedBy(expression)) {
      const { address } = defined(this.#peers.get(text), 'a peer of a set is known');
      if (this.limits.isHeldBack(expression.key, text)) continue;
      for (const [member, option] of podMembers(expression, address, this.#membershipsOf(text))) {
        sets[address.family].members.set(member, option);
      }
    }
    for (const address of this.limits.heldBack(expression.key)) {
      for (const [member, option] of shutOutMembers(expression, address)) sets[address.family].members.set(member, option);
    }
    const asked: AskedExpression = { expression, sets, singles };
    this.#asked.set(expression.key, asked);
    for (const { set } of expression.podTests) {
      const others = this.#askedBySet.get(set);
      if (others === undefined) this.#askedBySet.set(set, new Set([asked]));
      else others.add(asked);
    }
    return asked;
  }

  #setOf(expression: PeerExpression, family: Family, names: NamePool): Ipset {
    const type = expression.hasPorts ? 'hash:ip,port' : hasBlocks(expression, family) ? 'hash:net' : 'hash:ip';
    const members = new Map(blockMembers(expression, family).map((block) => [block, '']));
    return { name: names.set(expression.hasPorts ? 'q' : 'p', family), type, family, members, membersMax: this.#membersMax };
  }

  /** The smallest set that every member has to be in, or all peers in sets that make an exception. */
  #peersAskedBy({ podTests }: PeerExpression): Set<string> {
    const positive = podTests.filter(({ negated }) => !negated).map(({ set }) => this.#peersBySet.get(set) ?? new Set<string>());
    if (positive.length > 0) return positive.reduce((a, b) => (a.size <= b.size ? a : b));
    return new Set(podTests.flatMap(({ set }) => [...(this.#peersBySet.get(set) ?? [])]));
  }

  #changesSince(
    before: ReadonlyMap<string, { readonly address: Address; readonly memberships: readonly Membership[] }>,
  ): ExpressionChange[] {
    const changes = new Map<AskedExpression, { addresses: Set<string>; members: MemberChange[] }>();
    for (const [text, { address, memberships }] of before) {
      const now = this.#membershipsOf(text);
      const touched = new Set([...memberships, ...now].flatMap(({ set }) => [...(this.#askedBySet.get(set) ?? [])]));
      for (const asked of touched) {
        const members = this.#changeFor(asked, address, { before: memberships, now });
        if (members.length === 0) continue;
        const change = changes.get(asked) ?? { addresses: new Set<string>(), members: [] };
        change.addresses.add(text);
        change.members.push(...members);
        changes.set(asked, change);
      }
    }
    return [...changes].map(([asked, change]) => ({ asked, ...change }));
  }

  /** What an address with other memberships changes; where the set cannot grow, it is kept out. */
  #changeFor(asked: AskedExpression, address: Address, { before, now }: Record<'before' | 'now', readonly Membership[]>): MemberChange[] {
    const { expression } = asked;
    const text = formatAddress(address);
    const shutOut = shutOutMembers(expression, address);
    const old = this.limits.isHeldBack(expression.key, text) ? shutOut : podMembers(expression, address, before);
    const change = differenceOf(asked, address, { old, now: podMembers(expression, address, now) });
    if (!change.some(({ gains }) => gains)) {
      this.limits.lose(expression.key, text);
      return change;
    }
    this.limits.gain(expression.key, address);
    return this.limits.isLimited(expression.key) ? differenceOf(asked, address, { old, now: shutOut }) : change;
  }

  #membershipsOf(text: string): readonly Membership[] {
    const key = this.#peers.get(text)?.class;
    return (key === undefined ? undefined : this.#classes.get(key))?.memberships ?? [];
  }

  #remember(text: string, peer: Peer): void {
    this.#forget(text);
    this.#peers.set(text, peer);
    for (const { set } of this.#membershipsOf(text)) {
      const peers = this.#peersBySet.get(set);
      if (peers === undefined) this.#peersBySet.set(set, new Set([text]));
      else peers.add(text);
    }
  }

  #forget(text: string): void {
    for (const { set } of this.#membershipsOf(text)) {
      const peers = this.#peersBySet.get(set);
      peers?.delete(text);
      if (peers?.size === 0) this.#peersBySet.delete(set);
    }
    this.#peers.delete(text);
  }
}

type Members = readonly (readonly [member: string, option: string])[];

function differenceOf(
  { sets, singles }: AskedExpression,
  { family }: Address,
  { old, now }: { readonly old: Members; readonly now: Members },
): MemberChange[] {
  const set = sets[family];
  const left = new Map(old);
  const changes: MemberChange[] = [];
  for (const [member, option] of now) {
    if (left.get(member) !== option) changes.push({ set, member, option, gains: option !== 'nomatch' });
    left.delete(member);
  }
  for (const [member, option] of left) {
    changes.push({ set, member, option: singles.has(member) ? '' : undefined, gains: option === 'nomatch' });
  }
  return changes;
}
