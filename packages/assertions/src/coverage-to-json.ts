/** Coverage and mutants as plain JSON values. */
import { policyToJson, type SourcePosition } from '@weir/model';
import type { CoverageJson, MutantJson } from './coverage-json.ts';
import type { CoveredRule } from './exercise.ts';
import type { MutantResult } from './mutate-policies.ts';
import { assertionText } from './render-mutants.ts';

/** All rules. */
export function coverageToJson(rules: readonly CoveredRule[]): CoverageJson {
  return {
    rules: rules.map(({ policy, direction, rule, source, tests }) => ({
      policy: policyToJson(policy),
      direction,
      rule,
      ...placeOf(source),
      tests,
    })),
    exercised: rules.filter(({ tests }) => tests.length > 0).length,
    total: rules.length,
  };
}

/** One mutant. */
export function mutantToJson({ mutant, outcome, noticedBy, example }: MutantResult): MutantJson {
  const { policy, rule, source, change } = mutant;
  const missing = example === undefined ? undefined : assertionText(example);
  return {
    policy: policyToJson(policy.ref),
    ...(rule === undefined ? {} : { rule }),
    ...placeOf(source),
    change,
    outcome,
    ...(noticedBy === undefined ? {} : { noticedBy }),
    ...(missing === undefined ? {} : { missing }),
  };
}

function placeOf(source: SourcePosition | undefined): { readonly file?: string; readonly line?: number } {
  return source === undefined ? {} : { file: source.file, line: source.line };
}
