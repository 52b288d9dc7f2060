/**
 * Rules about policies: findings with places, fixes where they are safe, and what is ignored with a reason.
 *
 * The only public door of the package.
 */
export * from './configuration/configuration.ts';
export * from './configuration/read-configuration.ts';
export type { LintInput, LintReading } from './context/lint-context.ts';
export * from './finding.ts';
export * from './fixes/apply-fixes.ts';
export * from './lint.ts';
export * from './lint-to-json.ts';
