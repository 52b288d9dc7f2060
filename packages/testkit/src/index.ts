/**
 * Development only: generators, the independent oracle, seeds, scenario and fault tools.
 *
 * The only public door of the package.
 */
export * from './oracle/network-policy-oracle.ts';
export type * from './oracle/world.ts';
