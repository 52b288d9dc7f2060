/**
 * The node's own pods as sets and dispatch rules. They are few and change as a whole: a change makes new
 * sets, and the commit that asks them is the instant at which all pods change over.
 */
import type { Address, Family } from '@weir/net';
import type { Direction } from '@weir/policy';
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
  readonly egress: Ipset;
  readonly ingress: Ipset;
  readonly isolated: Ipset;
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

/** Makes the sets and chains of a family. */
export function dispatchOf(family: Family, addresses: readonly LocalAddress[], factory: LocalSetFactory): Dispatch {
  const groups: Ipset[] = [];
  const plain = (of: readonly LocalAddress[]): Ipset =>
    factory.make(
      { type: 'hash:ip', family },
      of.map(({ text }) => [text, '']),
    );
  const egress = addresses.filter((each) => each.egress !== undefined);
  const ingress = addresses.filter((each) => each.ingress !== undefined);
  const isolated = addresses.filter((each) => each.egress !== undefined || each.ingress !== undefined);
  const linked = addresses.filter((each) => each.interface !== undefined);
  const group = (of: readonly LocalAddress[]): Ipset => {
    const set = plain(of);
    groups.push(set);
    return set;
  };
  const sets: LocalSets = {
    local: factory.make(
      { type: 'hash:ip', family },
      addresses.map(({ text, uid }) => [text, ownerComment(uid)]),
    ),
    linked: plain(linked),
    links: factory.make(
      { type: 'hash:net,iface', family },
      linked.map((each) => [`${each.text},${each.interface}`, '']),
    ),
    egress: plain(egress),
    ingress: plain(ingress),
    isolated: plain(isolated),
  };
  const chains: ChainText[] = [
    { name: fixedChains.self, rules: [...isolated.flatMap(selfRules), `-g ${fixedChains.policy}`] },
    { name: fixedChains.egress, rules: dispatchRules(egress, 'egress', group) },
    { name: fixedChains.ingress, rules: dispatchRules(ingress, 'ingress', group) },
  ];
  const { local, links } = sets;
  return { sets, chains, all: [local, links, sets.linked, sets.egress, sets.ingress, sets.isolated, ...groups] };
}

function selfRules({ text, own }: LocalAddress): string[] {
  return own.map((other) => `-s ${text} -d ${other} -j RETURN`);
}

/** One rule for each program; pods of one program are one set. */
function dispatchRules(addresses: readonly LocalAddress[], direction: Direction, group: (of: readonly LocalAddress[]) => Ipset): string[] {
  const byChain = new Map<string, LocalAddress[]>();
  for (const each of addresses) {
    const chain = each[direction] ?? '';
    const others = byChain.get(chain);
    if (others === undefined) byChain.set(chain, [each]);
    else others.push(each);
  }
  return [...byChain].map(([chain, of]) => {
    const [only] = of;
    if (of.length === 1 && only !== undefined) return `${direction === 'egress' ? '-s' : '-d'} ${only.text} -j ${chain}`;
    return `-m set --match-set ${group(of).name} ${direction === 'egress' ? 'src' : 'dst'} -j ${chain}`;
  });
}
