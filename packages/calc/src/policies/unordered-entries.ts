/** The policies that close endpoints which they select together, since they have no order among each other. */
import { type Direction, type PolicyRef, policyTieText, unorderedAmong } from '@weir/model';
import type { PolicyEntry, Selection } from '../entries.ts';
import type { Policies } from './policies.ts';

/** Those of a selection; mostly none. */
export function unorderedEntries(policies: Policies, selection: Selection, direction: Direction): readonly PolicyEntry[] {
  const { group } = selection;
  // Programs of policies have tiers, but for those that are closed.
  if (group === undefined || selection[direction]?.program.tiers.length !== 0) return [];
  const read = group.policies.map((entry) => ({ entry, ...policies.policyOf(entry) }));
  return unorderedAmong(read, direction).map(({ entry }) => entry);
}

/** The same as the objects that the policies came from, each once. */
export function unorderedPolicies(policies: Policies, selection: Selection | undefined, direction: Direction): PolicyRef[] {
  const entries = selection === undefined ? [] : unorderedEntries(policies, selection, direction);
  const refs = entries.map((entry) => policies.policyOf(entry).ref);
  return [...new Map(refs.map((ref) => [policyTieText(ref), ref])).values()];
}
