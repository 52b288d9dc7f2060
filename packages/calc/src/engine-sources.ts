/** What an engine wants to be told of, and waits for. */
import { asksForAccounts, asksForNodes, type EngineProfile } from '@weir/model';
import type { Source } from './engine-shapes.ts';

/** By the name of the source under which service accounts are told. */
export const serviceAccountSource: Source = 'serviceaccounts';

/** The sources of an engine that reads policy APIs with these kinds; each once. */
export function sourcesOf(profile: EngineProfile, policyKinds: Iterable<string>): readonly Source[] {
  const nodes = asksForNodes(profile) ? ['nodes'] : [];
  const accounts = asksForAccounts(profile) ? [serviceAccountSource] : [];
  return [...new Set(['pods', 'namespaces', ...policyKinds, ...nodes, ...accounts])];
}
