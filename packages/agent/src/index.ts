/**
 * One process per node: sources, calc, dataplane, start gate.
 *
 * The only public door of the package.
 */
export type {};
