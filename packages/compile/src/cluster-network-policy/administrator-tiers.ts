/**
 * The tiers of the cluster's administrators: before the policies of namespaces and behind them. What no rule of theirs
 * decides goes on to the next tier (names and orders as in Calico 3.32).
 */
import type { TierPlace } from '../policy-api.ts';
import type { AdministratorTier } from './administrator-policy.ts';

/** The places in the model. */
export const tierPlaces: Readonly<Record<AdministratorTier, TierPlace>> = {
  Admin: { name: 'kube-admin', order: 1_000, end: 'pass' },
  Baseline: { name: 'kube-baseline', order: 10_000_000, end: 'pass' },
};
