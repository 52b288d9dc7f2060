/** What leads from the chains and rules of one layout to those of another, where the sets are the same. */
import type { ChainDefinition, RuleDefinition } from '@weir/kernel';
import { groupBy } from '@weir/net';
import type { TableLayout } from './layout.ts';

/** Chains that come, in order; rules; and chains that go, those that jump first. */
export interface LayoutChange {
  readonly addedChains: readonly ChainDefinition[];
  /** Chains that have other rules after: those that they have go first. */
  readonly changedChains: readonly string[];
  readonly addedRules: readonly RuleDefinition[];
  readonly removedChains: readonly string[];
}

const none: LayoutChange = { addedChains: [], changedChains: [], addedRules: [], removedChains: [] };

/** The change; nothing when both are one. */
export function layoutChange(before: TableLayout, after: TableLayout): LayoutChange {
  if (before === after) return none;
  const [old, meant] = [rulesByChain(before), rulesByChain(after)];
  const [names, kept] = [before, after].map(({ chains }) => new Set(chains.map(({ name }) => name))) as [Set<string>, Set<string>];
  const changed = (chain: string): boolean => old.get(chain)?.text !== meant.get(chain)?.text;
  return {
    addedChains: after.chains.filter(({ name }) => !names.has(name)),
    changedChains: [...names].filter((name) => old.has(name) && changed(name)),
    addedRules: after.chains.flatMap(({ name }) => (changed(name) ? (meant.get(name)?.rules ?? []) : [])),
    removedChains: before.chains.flatMap(({ name }) => (kept.has(name) ? [] : [name])).reverse(),
  };
}

/** Only the chains that come, which say nothing without rules. */
export function chainsAhead({ addedChains }: LayoutChange): LayoutChange {
  return { ...none, addedChains };
}

interface ChainRules {
  readonly rules: readonly RuleDefinition[];
  readonly text: string;
}

function rulesByChain({ rules }: TableLayout): Map<string, ChainRules> {
  const chains = groupBy(rules, (rule) => rule.chain);
  return new Map([...chains].map(([name, own]) => [name, { rules: own, text: JSON.stringify(own) }]));
}
