/**
 * Reasons and matrices over manifests or a live cluster; pure.
 *
 * The only public door of the package.
 */
export type { AgentHearing } from './agent-hearing.ts';
export * from './cluster-traits.ts';
export * from './convert/convert-policies.ts';
export * from './engine-row.ts';
export * from './engine-table.ts';
export * from './explain-flow.ts';
export * from './matrix.ts';
export * from './migration/assumed-cluster.ts';
export * from './migration/changed-flows.ts';
export * from './migration/compare-worlds.ts';
export * from './migration/end-classes.ts';
export * from './migration/flow-change.ts';
export * from './migration/migration-report.ts';
export * from './migration/plan-migration.ts';
export * from './migration/rehearsal-plan.ts';
export * from './migration/render-migration.ts';
export * from './migration/traffic-classes.ts';
export * from './migration/translate-blocks.ts';
export * from './policy-status.ts';
export type * from './readable-objects.ts';
export * from './recommend-engine.ts';
export * from './service-backends.ts';
export * from './snapshot.ts';
export * from './staged/render-staged.ts';
export * from './staged/staged-report.ts';
