/**
 * Chains that find the rules for a port among many, where the order of the rules does not matter: a
 * segment tree. A rule stands where its range fills what is left of the ports, or, among few others,
 * with its range. A packet meets some 8 rules for each level and those that are about its port.
 */
import { addToGroup, formatPortRange, type PortRange } from '@weir/net';
import type { ChainText } from './rule-script.ts';

/** Into how many parts a chain divides its ports. */
const partsPerChain = 8;
/** So many ranges stand in one chain, each with its ports. */
const rangesPerChain = 16;

/** One range of ports of a rule. */
export interface RangeOfRule<R> {
  readonly rule: R;
  readonly range: PortRange;
}

/** What to find, and how to write it. */
export interface PortTree<R> {
  /** The protocol's number. */
  readonly protocol: number;
  readonly ranges: readonly RangeOfRule<R>[];
  /** A rule of the kernel behind a match of ports, which is empty or ends in a space. */
  readonly textOf: (rule: R, match: string) => string;
  /** What stands at the end of every chain. */
  readonly end: string;
  readonly newName: () => string;
}

/** Its chains, the first one first; they lead on by goto. */
export function portTreeChains<R>(tree: PortTree<R>): ChainText[] {
  return chainsFor(tree, { name: tree.newName(), ports: { first: 0, last: 65_535 }, ranges: tree.ranges });
}

interface PortChain<R> {
  readonly name: string;
  readonly ports: PortRange;
  /** All within the ports. */
  readonly ranges: readonly RangeOfRule<R>[];
}

function chainsFor<R>(tree: PortTree<R>, { name, ports, ranges }: PortChain<R>): ChainText[] {
  const fills = ({ range }: RangeOfRule<R>): boolean => range.first === ports.first && range.last === ports.last;
  const rules = [...new Set(ranges.filter(fills).map(({ rule }) => rule))].map((rule) => tree.textOf(rule, ''));
  const rest = ranges.filter((each) => !fills(each));
  if (rest.length <= rangesPerChain) return [{ name, rules: [...rules, ...rulesInRow(tree, rest), tree.end] }];
  const below: ChainText[] = [];
  for (const part of partsOf(ports, rest)) {
    const within = rest.flatMap(({ rule, range }): RangeOfRule<R>[] => {
      const clipped = { first: Math.max(range.first, part.first), last: Math.min(range.last, part.last) };
      return clipped.first > clipped.last ? [] : [{ rule, range: clipped }];
    });
    if (within.length === 0) continue;
    const chain = tree.newName();
    rules.push(`-p ${tree.protocol} ${matchOfPorts([part])}-g ${chain}`);
    below.push(...chainsFor(tree, { name: chain, ports: part, ranges: within }));
  }
  return [{ name, rules: [...rules, tree.end] }, ...below];
}

/** Divided where ranges begin or end, so that each part has as many such places. */
function partsOf<R>(ports: PortRange, ranges: readonly RangeOfRule<R>[]): PortRange[] {
  const begins = new Set(ranges.flatMap(({ range }) => [range.first, range.last + 1]));
  const places = [...begins].filter((port) => port > ports.first && port <= ports.last).sort((a, b) => a - b);
  const step = Math.max(1, places.length / partsPerChain);
  const cuts = new Set(
    Array.from({ length: Math.min(partsPerChain - 1, places.length) }, (_, i) => places[Math.floor(i * step)] ?? ports.last),
  );
  const firsts = [ports.first, ...cuts];
  return firsts.map((first, i) => ({ first, last: (firsts[i + 1] ?? ports.last + 1) - 1 }));
}

function rulesInRow<R>({ protocol, textOf }: PortTree<R>, ranges: readonly RangeOfRule<R>[]): string[] {
  const byRule = new Map<R, PortRange[]>();
  for (const { rule, range } of ranges) addToGroup(byRule, rule, range);
  return [...byRule].flatMap(([rule, of]) => matchesOfPorts(of).map((match) => textOf(rule, `-p ${protocol} ${match}`)));
}

/** A rule of the kernel holds 15 ports of an end, of which a range takes two: as many matches as that takes. */
export function matchesOfPorts(ranges: readonly PortRange[], end: 'dports' | 'sports' = 'dports'): string[] {
  const matches: string[] = [];
  let together: PortRange[] = [];
  let slots = 0;
  const flush = (): void => {
    if (together.length > 0) matches.push(matchOfPorts(together, end));
    together = [];
    slots = 0;
  };
  for (const range of ranges) {
    const needed = range.first === range.last ? 1 : 2;
    if (slots + needed > 15) flush();
    together.push(range);
    slots += needed;
  }
  flush();
  return matches;
}

function matchOfPorts(ranges: readonly PortRange[], end: 'dports' | 'sports' = 'dports'): string {
  return `-m multiport --${end} ${ranges.map((range) => formatPortRange(range).replace('-', ':')).join(',')} `;
}
