/**
 * Chains that find the rules of an address among many: each chain divides the addresses into parts until
 * few are left. A packet meets at most 16 rules for each level, and a level is there for 16 times the
 * addresses.
 */
import { type Address, compareAddresses, defined, formatAddress } from '@weir/net';
import type { ChainText } from './rule-script.ts';

/** Into how many parts a chain divides its addresses, and how many addresses stand in the last one. */
const partsPerChain = 16;

/** The rules of one address; they ask for the whole address themselves. */
export interface AddressRules {
  readonly address: Address;
  readonly rules: readonly string[];
}

/** What to find, and where to begin. */
export interface AddressTree {
  /** The first chain; those below it have its name, a point and the number of their part. */
  readonly chain: string;
  /** The end of the packet that is asked for. */
  readonly end: 'source' | 'destination';
  /** Of one family, each address once. */
  readonly addresses: readonly AddressRules[];
  /** Where packets go that no rule sent elsewhere; nothing: back to whoever asked the first chain. */
  readonly otherwise: readonly string[];
}

/** Its chains, the first one first. They lead on by goto, so what returns comes back to whoever asked the first chain. */
export function addressTreeChains(tree: AddressTree): ChainText[] {
  const sorted = [...tree.addresses].sort((a, b) => compareAddresses(a.address, b.address));
  return chainsFor(tree, tree.chain, sorted);
}

function chainsFor(tree: AddressTree, name: string, addresses: readonly AddressRules[]): ChainText[] {
  if (addresses.length <= partsPerChain) {
    return [{ name, rules: [...addresses.flatMap(({ rules }) => rules), ...tree.otherwise] }];
  }
  const side = tree.end === 'source' ? '--src-range' : '--dst-range';
  const parts = partsOf(addresses).map((part, i) => ({ part, chain: `${name}.${i}` }));
  const rules = parts.map(({ part, chain }) => `-m iprange ${side} ${rangeText(part)} -g ${chain}`);
  const below = parts.flatMap(({ part, chain }) => chainsFor(tree, chain, part));
  return [{ name, rules: [...rules, ...tree.otherwise] }, ...below];
}

/** Parts of the same size, so that no address is deeper than others: the kernel bounds how deep chains may lead. */
function partsOf(addresses: readonly AddressRules[]): AddressRules[][] {
  const size = Math.ceil(addresses.length / partsPerChain);
  return Array.from({ length: Math.ceil(addresses.length / size) }, (_, i) => addresses.slice(i * size, (i + 1) * size));
}

function rangeText(sorted: readonly AddressRules[]): string {
  const [first, last] = [sorted[0], sorted.at(-1)].map((each) => formatAddress(defined(each, 'a part has addresses').address));
  return `${first}-${last}`;
}
