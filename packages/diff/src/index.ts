/**
 * Differences of two snapshots in connections.
 *
 * The only public door of the package.
 */
export { changedPolicies } from './changed-policies.ts';
export type * from './diff-json.ts';
export * from './diff-snapshots.ts';
export * from './diff-to-csv.ts';
export * from './diff-to-markdown.ts';
export * from './render-diff.ts';
