/**
 * Reasons and matrices over manifests or a live cluster; pure.
 *
 * The only public door of the package.
 */
export type { AgentHearing } from './agent-hearing.ts';
export type { AssertionFile } from './assertions/assertion.ts';
export { assertionFileSchema } from './assertions/assertion-schema.ts';
export * from './assertions/read-assertions.ts';
export * from './assertions/render-assertions.ts';
export * from './assertions/run-assertions.ts';
export type * from './assertions/test-report-json.ts';
export * from './assertions/test-report-to-json.ts';
export * from './cluster-traits.ts';
export * from './connectivity/bounds.ts';
export * from './connectivity/changed-flows.ts';
export * from './connectivity/compare-worlds.ts';
export * from './connectivity/connectivity.ts';
export * from './connectivity/end-classes.ts';
export * from './connectivity/flow-change.ts';
export { type AlikeWalk, Reach } from './connectivity/reach.ts';
export { RowWalk } from './connectivity/row-walk.ts';
export * from './connectivity/traffic-classes.ts';
export * from './connectivity/traffic-text.ts';
export * from './convert/convert-policies.ts';
export * from './default-namespace.ts';
export * from './engine-row.ts';
export * from './engine-table.ts';
export * from './explain-flow.ts';
export * from './flows/describe-flow.ts';
export * from './flows/flow-filter.ts';
export * from './flows/flow-log-reader.ts';
export * from './flows/hubble-json.ts';
export * from './flows/observed-flow.ts';
export * from './matrix/formats/index.ts';
export * from './matrix/matrix.ts';
export * from './matrix/matrix-filter.ts';
export * from './matrix/matrix-report.ts';
export * from './matrix/report-matrix.ts';
export * from './migration/assumed-cluster.ts';
export * from './migration/migration-report.ts';
export * from './migration/plan-migration.ts';
export * from './migration/rehearsal-plan.ts';
export * from './migration/render-migration.ts';
export * from './migration/translate-blocks.ts';
export * from './policy-status.ts';
export type * from './readable-objects.ts';
export * from './recommend-engine.ts';
export * from './referred-among.ts';
export * from './service-backends.ts';
export * from './snapshot.ts';
export * from './staged/render-staged.ts';
export * from './staged/staged-report.ts';
export * from './workloads/copies.ts';
export type { PodWorkload } from './workloads/workload.ts';
