/**
 * Answers over a snapshot: why, engines, migration, staged policies, conversion, status; pure.
 *
 * The only public door of the package.
 */
export type { AgentHearing } from './agent-hearing.ts';
export * from './cluster-traits.ts';
export * from './convert/convert-policies.ts';
export * from './engine-row.ts';
export * from './engine-table.ts';
export { explainFlow, type FlowExplanation, type FlowRequest } from './explain-flow.ts';
export type { FlowRefusal } from './flow-end-names.ts';
export { assumeReady } from './migration/assume-ready.ts';
export { migrationTitles } from './migration/change-causes.ts';
export * from './migration/migration-report.ts';
export * from './migration/plan-migration.ts';
export type { PolicyPatch } from './migration/propose-patches.ts';
export * from './migration/rehearsal-plan.ts';
export * from './migration/render-migration.ts';
export { type BlockTranslation, type TranslatedAddress, translateBlocks } from './migration/translate-blocks.ts';
export { translatePolicyBlocks } from './migration/translate-policy-blocks.ts';
export * from './policy-status.ts';
export * from './recommend-engine.ts';
export * from './staged/render-staged.ts';
export * from './staged/staged-report.ts';
