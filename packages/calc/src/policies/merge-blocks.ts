/**
 * Long lists of blocks in one rule of a policy as one rule about one set.
 *
 * A list of blocks is compiled into a rule for each, so that answers name the block. What back ends do grows
 * with rules, with sets and with the classes that sets make of addresses; for a list of thousands of blocks
 * it is one question to one set, and answers name the rule that holds the list.
 */

import type { Rule } from '@weir/model';
import { addToGroup, unionOfAddressRanges } from '@weir/net';

/** Lists of up to so many blocks stay a rule for each. */
const apartMax = 32;

/**
 * The rules in their order, with the blocks of a long list in the place of the first of them. Only rules
 * that allow are merged, among which order decides nothing.
 */
export function mergeBlocks(rules: readonly Rule[]): readonly Rule[] {
  if (rules.length <= apartMax) return rules;
  const lists = new Map<string, Rule[]>();
  for (const rule of rules) {
    const list = isBlock(rule) ? listOf(rule) : undefined;
    if (list === undefined) continue;
    addToGroup(lists, list, rule);
  }
  const merged = new Map<Rule, Rule | undefined>();
  for (const list of lists.values()) {
    const [first] = list;
    if (first === undefined || list.length <= apartMax) continue;
    for (const rule of list) merged.set(rule, undefined);
    merged.set(first, mergedRule(first, list));
  }
  return merged.size === 0 ? rules : rules.flatMap((rule) => (merged.has(rule) ? (merged.get(rule) ?? []) : rule));
}

/** The end that is not the endpoint's own. */
function remoteOf({ match, origin }: Rule): Rule['match']['source'] {
  return origin.direction === 'ingress' ? match.source : match.destination;
}

/** Whether the rule is one peer of a rule of a policy, and that peer a block. */
function isBlock(rule: Rule): boolean {
  const { selector, notSelector, nets, notNets } = remoteOf(rule);
  const isPlain = selector === undefined && notSelector === undefined && notNets === undefined && rule.match.family === undefined;
  return rule.action === 'allow' && rule.origin.peerIndex !== undefined && nets !== undefined && isPlain;
}

/**
 * The same for all peers of a rule of a policy that differ in their blocks alone: everything else that a rule
 * asks is in it, whatever rules will ask some day, since what was left out would be allowed to all.
 */
function listOf(rule: Rule): string {
  const { match, origin } = rule;
  const { nets: _, ...others } = remoteOf(rule);
  const ends = origin.direction === 'ingress' ? { source: others } : { destination: others };
  return JSON.stringify([origin.ruleIndex, { ...match, ...ends }]);
}

function mergedRule(first: Rule, list: readonly Rule[]): Rule {
  const { peerIndex: _, peers: __, ...origin } = first.origin;
  const nets = unionOfAddressRanges(list.flatMap((rule) => remoteOf(rule).nets ?? []));
  const { source, destination } = first.match;
  const ends =
    origin.direction === 'ingress' ? { source: { ...source, nets }, destination } : { source, destination: { ...destination, nets } };
  return { ...first, origin, match: { ...first.match, ...ends } };
}
