/**
 * What must be allowed and denied, said in files and asked; coverage and mutants.
 *
 * The only public door of the package.
 */

export type { AssertionFile } from './assertion.ts';
export { assertionFileSchema } from './assertion-schema.ts';
export type { AskedFlow } from './check.ts';
export * from './coverage.ts';
export type * from './coverage-json.ts';
export type { CoveredRule } from './exercise.ts';
export * from './mutate-policies.ts';
export * from './read-assertions.ts';
export * from './render-assertions.ts';
export * from './render-mutants.ts';
export * from './run-assertions.ts';
export type * from './test-report-json.ts';
export * from './test-report-to-json.ts';
