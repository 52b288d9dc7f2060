/**
 * What commands print with `-o json`, by the name of the command: the types that docs/schemas is made of.
 * A type that changes in a way that breaks readers needs a new version in `schemas.ts`.
 */
import type { FlowExplanation } from '@weir/agent';
import type { Conversion, StagedReport } from '@weir/analyze';
import type { TestReportJson } from '@weir/assertions';
import type { DiffJson } from '@weir/diff';
import type { HubbleLineJson, PolicyAuditJson, SuggestionJson } from '@weir/flows';
import type { ClusterStatus } from '@weir/lab';
import type { LintReportJson, RuleSummary } from '@weir/lint';
import type { MatrixJson } from '@weir/matrix';
import type { EngineRecommendationJson, EngineTableJson } from '../../packages/cli/src/actions/engine.ts';
import type { MigrateJson } from '../../packages/cli/src/actions/migrate.ts';
import type { PolicyStatusJson } from '../../packages/cli/src/actions/policy-status.ts';
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

/** `weir migrate`, and `weir migrate --rehearse`. */
export type Migrate = MigrateJson;

/** `weir staged report`. */
export type StagedReportJson = StagedReport;

/** `weir policy status`. */
export type PolicyStatuses = PolicyStatusJson;

/** `weir engine compare`. */
export type EngineCompare = EngineTableJson;

/** `weir engine recommend`. */
export type EngineRecommend = EngineRecommendationJson;

/** `weir lint --list-rules`. */
export type LintRules = readonly RuleSummary[];

/** `weir agent explain`. */
export type AgentExplain = FlowExplanation;

/** `weir status`; `weir up` prints one. */
export type Status = readonly ClusterStatus[];
