/**
 * The node's own pods as sets and dispatch rules. They are few and change as a whole: a change makes new
 * sets, and the commit that asks them is the instant at which all pods change over.
 */

import type { Direction } from '@weir/model';
import { type Address, addToGroup, type Family } from '@weir/net';
import { type AddressRules, addressTreeChains } from './address-tree.ts';
import type { Ipset } from './ipset.ts';
import { fixedChains, type NamePool } from './names.ts';
import type { ChainText } from './rule-script.ts';

/** One acknowledged address and what is in force for it. */
export interface LocalAddress {
  readonly text: string;
  readonly address: Address;
  readonly uid: string;
  readonly interface: string | undefined;
  /** The first chain of its program; undefined: not isolated. */
  readonly egress: string | undefined;
  readonly ingress: string | undefined;
  /** All addresses of its endpoint of its family, by which it reaches itself; none while it is handed over. */
  readonly own: readonly string[];
}

/** The sets of one family that the fixed chains ask. */
export interface LocalSets {
  readonly local: Ipset;
  /** Addresses whose link is known. */
  readonly linked: Ipset;
  /** (address, link) of those. */
  readonly links: Ipset;
  /** (address, link) of those that reach themselves and have the link to themselves. */
  readonly self: Ipset;
  /** Isolated addresses that reach themselves and are not in {@link self}; undefined: none. */
  readonly unlinkedSelf: Ipset | undefined;
  readonly egress: Ipset;
  readonly ingress: Ipset;
}

/** The sets and the chains that send packets to programs. */
export interface Dispatch {
  readonly sets: LocalSets;
  /** Those, and the sets of pods with one program that the dispatch chains ask. */
  readonly all: readonly Ipset[];
  readonly chains: readonly ChainText[];
}

/** Owners stand in the comments of the local set, so that a later process knows whose address it was. */
export function ownerComment(uid: string): string {
  return `comment "${uid.replace(/[^\x21-\x7e]|"/g, '_').slice(0, 200)}"`;
}

/** Sets that never change: the same members have the same set, so that a change makes no more than it must. */
export class LocalSetFactory {
  readonly #names: NamePool;
  readonly #known = new Map<string, Ipset>();

  constructor(names: NamePool) {
    this.#names = names;
  }

  /** A set with these members, new or known. */
  make(set: Pick<Ipset, 'family' | 'type'>, members: readonly (readonly [string, string])[]): Ipset {
    const identity = JSON.stringify([set.family, set.type, members]);
    const known = this.#known.get(identity);
    if (known !== undefined) return known;
    const isCommented = members.some(([, option]) => option !== '');
    const made: Ipset = { ...set, name: this.#names.set(isCommented ? 'l' : 's', set.family), members: new Map(members) };
    this.#known.set(identity, made);
    return made;
  }

  /** Forgets all but these. */
  keep(names: ReadonlySet<string>): void {
    for (const [identity, { name }] of this.#known) if (!names.has(name)) this.#known.delete(identity);
  }
}

/** So many programs are asked for one after the other, each by the set of its pods. */
const programsInRow = 8;

/** Makes the sets and chains of a family. */
export function dispatchOf(family: Family, addresses: readonly LocalAddress[], factory: LocalSetFactory): Dispatch {
  const plain = (of: readonly LocalAddress[]): Ipset =>
    factory.make(
      { type: 'hash:ip', family },
      of.map(({ text }) => [text, '']),
    );
  const withLinks = (of: readonly LocalAddress[]): Ipset =>
    factory.make(
      { type: 'hash:net,iface', family },
      of.map((each) => [`${each.text},${each.interface}`, '']),
    );
  const egress = addresses.filter((each) => each.egress !== undefined);
  const ingress = addresses.filter((each) => each.ingress !== undefined);
  const linked = addresses.filter((each) => each.interface !== undefined);
  const self = selfOf(addresses);
  const sets: LocalSets = {
    local: factory.make(
      { type: 'hash:ip', family },
      addresses.map(({ text, uid }) => [text, ownerComment(uid)]),
    ),
    linked: plain(linked),
    links: withLinks(linked),
    self: withLinks(self.byLink),
    unlinkedSelf: self.byPair.length === 0 ? undefined : plain(self.byPair),
    egress: plain(egress),
    ingress: plain(ingress),
  };
  const groups: Ipset[] = [];
  const group = (of: readonly LocalAddress[]): Ipset => {
    const set = plain(of);
    groups.push(set);
    return set;
  };
  const chains: ChainText[] = [
    ...(self.byPair.length === 0 ? [] : selfChains(self.byPair)),
    ...dispatchChains(egress, 'egress', group),
    ...dispatchChains(ingress, 'ingress', group),
  ];
  const { unlinkedSelf, ...others } = sets;
  return { sets, chains, all: [...Object.values(others), ...(unlinkedSelf === undefined ? [] : [unlinkedSelf]), ...groups] };
}

/** Who reaches itself, told by its link where that is nobody else's, else by pairs of its addresses. */
function selfOf(addresses: readonly LocalAddress[]): { readonly byLink: LocalAddress[]; readonly byPair: LocalAddress[] } {
  const users = new Map<string, Set<string>>();
  for (const { interface: link, uid } of addresses) {
    if (link !== undefined) users.set(link, new Set([...(users.get(link) ?? []), uid]));
  }
  const hasOwnLink = ({ interface: link }: LocalAddress): boolean => link !== undefined && users.get(link)?.size === 1;
  const own = addresses.filter((each) => each.own.length > 0);
  return {
    byLink: own.filter(hasOwnLink),
    byPair: own.filter((each) => !hasOwnLink(each) && (each.egress !== undefined || each.ingress !== undefined)),
  };
}

/** What goes to another address than its own is judged by policies. */
function selfChains(addresses: readonly LocalAddress[]): ChainText[] {
  return addressTreeChains({
    chain: fixedChains.self,
    end: 'source',
    addresses: addresses.map(({ address, text, own }) => ({ address, rules: own.map((other) => `-s ${text} -d ${other} -j RETURN`) })),
    otherwise: [`-g ${fixedChains.policy}`],
  });
}

/** Few programs: one rule for each, which asks the set of its pods. Many: a tree of addresses. */
function dispatchChains(
  addresses: readonly LocalAddress[],
  direction: Direction,
  group: (of: readonly LocalAddress[]) => Ipset,
): ChainText[] {
  const chain = direction === 'egress' ? fixedChains.egress : fixedChains.ingress;
  const isEgress = direction === 'egress';
  const byProgram = new Map<string, LocalAddress[]>();
  for (const each of addresses) {
    const program = each[direction] ?? '';
    addToGroup(byProgram, program, each);
  }
  const toProgram = ({ text }: LocalAddress, program: string): string => `${isEgress ? '-s' : '-d'} ${text} -g ${program}`;
  if (byProgram.size <= programsInRow) {
    const rules = [...byProgram].map(([program, of]) => {
      const [only] = of;
      if (of.length === 1 && only !== undefined) return toProgram(only, program);
      return `-m set --match-set ${group(of).name} ${isEgress ? 'src' : 'dst'} -g ${program}`;
    });
    return [{ name: chain, rules }];
  }
  return addressTreeChains({
    chain,
    end: isEgress ? 'source' : 'destination',
    addresses: addresses.map((each): AddressRules => ({ address: each.address, rules: [toProgram(each, each[direction] ?? '')] })),
    otherwise: [],
  });
}
