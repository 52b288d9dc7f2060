/**
 * What commands print with `-o json`, by the name of the command: the types that docs/schemas is made of.
 * A type that changes in a way that breaks readers needs a new version in `schemas.ts`.
 */
import type { Conversion, EngineRecommendation, EngineRow, MigrationReport, PolicyStatus, StagedReport } from '@weir/analyze';
import type { TestReportJson } from '@weir/assertions';
import type { DiffJson } from '@weir/diff';
import type { HubbleLineJson, PolicyAuditJson, SuggestionJson } from '@weir/flows';
import type { LintReportJson } from '@weir/lint';
import type { MatrixJson } from '@weir/matrix';
import type { WhyJson, WhyProfilesJson } from '../../packages/cli/src/actions/why-json.ts';

/** `weir why`, and `weir why --both`. */
export type Why = WhyJson | WhyProfilesJson;

/** `weir matrix`. */
export type Matrix = MatrixJson;

/** `weir diff`. */
export type Diff = DiffJson;

/** `weir lint`. */
export type Lint = LintReportJson;

/** `weir test`. */
export type Test = TestReportJson;

/** `weir flows`: each line. */
export type Flows = HubbleLineJson;

/** `weir suggest`, and `weir suggest --audit`. */
export type Suggest = SuggestionJson | PolicyAuditJson;

/** `weir convert`. */
export type Convert = readonly Conversion[];

/** `weir migrate` without `--rehearse`, which adds `rehearsal`. */
export type Migrate = MigrationReport;

/** `weir staged report`. */
export type StagedReportJson = StagedReport;

/** `weir policy status`. */
export interface PolicyStatusJson {
  /** Whether all of them are. */
  readonly inForce: boolean;
  readonly policies: readonly PolicyStatus[];
}

/** `weir engine compare`. */
export interface EngineCompare {
  readonly engines: readonly string[];
  readonly rows: readonly EngineRow[];
}

/** `weir engine recommend`; `recommended` is absent when none fits. */
export interface EngineRecommend extends Omit<EngineRecommendation, 'recommended'> {
  readonly recommended?: EngineRecommendation['recommended'];
}
