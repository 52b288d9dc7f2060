/**
 * The model (tiers, policies, rules, profiles) and its evaluation with a trace.
 *
 * The only public door of the package.
 */
export type * from './endpoint.ts';
export * from './model.ts';
export * from './selector.ts';
