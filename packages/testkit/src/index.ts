/**
 * Development only: generators, the independent oracle, seeds, scenario and fault tools.
 *
 * The only public door of the package.
 */
export type {};
