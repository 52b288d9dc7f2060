/**
 * The model (tiers, policies, rules, profiles) and its evaluation with a trace.
 *
 * The only public door of the package.
 */

export * from './address-truth.ts';
export * from './asks-of-end.ts';
export * from './dataplane-choice.ts';
export * from './describe-verdict.ts';
export { domainMatcher } from './domain-names.ts';
export * from './endpoint.ts';
export * from './engine-release.ts';
export * from './evaluate.ts';
export * from './host-endpoint.ts';
export * from './host-settings.ts';
export { judgeHosts } from './judge-hosts.ts';
export { ruleMatches } from './match-rule.ts';
export * from './model.ts';
export * from './near-misses.ts';
export * from './policy-map-limits.ts';
export * from './policy-order.ts';
export * from './policy-world.ts';
export * from './port-name-numbers.ts';
export * from './profile.ts';
export * from './render-verdict.ts';
export * from './selector.ts';
export * from './selector-truth.ts';
export * from './unordered-policies.ts';
export * from './verdict.ts';
export * from './verdict-to-json.ts';
