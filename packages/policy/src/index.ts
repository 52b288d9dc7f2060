/**
 * The library `@weir/policy`: policies read, asked, compared and checked, in Node and in browsers.
 *
 * ```js
 * import { explain, loadSnapshot, readManifests } from '@weir/policy';
 *
 * const { objects } = readManifests(text);
 * const answer = explain(loadSnapshot(objects), { source: 'shop/frontend', destination: 'shop/database', port: 5432 });
 * ```
 *
 * Texts go in and plain values come out, the same that the command prints with `-o json`. Nothing is
 * read from files or networks: that is for whoever calls. Input that is wrong never throws; it is told
 * in `diagnostics` or as `refused`.
 *
 * The only public door of the package.
 */

export type { TestReportJson } from '@weir/assertions';
export type { DiffJson } from '@weir/diff';
export type { Diagnostic, KubeObject, ManifestText } from '@weir/kube';
export type { LintReportJson } from '@weir/lint';
export type { MatrixJson } from '@weir/matrix';
export type { VerdictJson } from '@weir/model';
export type { Snapshot } from '@weir/snapshot';
export * from './diff.ts';
export * from './explain.ts';
export * from './lint.ts';
export * from './manifests.ts';
export * from './matrix.ts';
export { loadSnapshot, type ReadingOptions } from './snapshot.ts';
export * from './test.ts';
