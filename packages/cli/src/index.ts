/**
 * The weir command.
 *
 * The only public door of the package.
 */
export type {};
