/**
 * Reasons and matrices over manifests or a live cluster; pure.
 *
 * The only public door of the package.
 */
export type {};
