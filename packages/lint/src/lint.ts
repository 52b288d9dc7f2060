/** Asks the rules, and gives what they find in order, with what is ignored marked. */
import type { LintConfiguration } from './configuration/configuration.ts';
import { LintContext, type LintInput, type LintReading } from './context/lint-context.ts';
import { compareFindings, type Finding, type Severity } from './finding.ts';
import { applyIgnores } from './ignores/apply-ignores.ts';
import { readIgnores } from './ignores/read-ignores.ts';
import { draftsOf, type LintRule } from './lint-rule.ts';
import { lintRules } from './rule-registry.ts';
import { ignoreRules } from './rules/ignore-rules.ts';
import { SourceFiles } from './source/place-findings.ts';

/** How to lint. */
export interface LintOptions extends LintReading {
  readonly configuration?: LintConfiguration;
  /** Only these rules are asked. Default: all. */
  readonly onlyRules?: readonly string[];
  /** These rules are not asked. */
  readonly withoutRules?: readonly string[];
}

/** A rule without its check, for whoever prints or lists. */
export type RuleSummary = Pick<LintRule, 'id' | 'title' | 'severity'> & {
  /** The page that explains it, below the root of the project. */
  readonly page: string;
};

/** How much was looked at. */
export interface Linted {
  readonly policies: number;
  /** Pods, and the workloads that stand for some. */
  readonly pods: number;
}

/** What is found. */
export interface LintReport {
  readonly checked: Linted;
  /** In the order of the files; those that are ignored too, marked. */
  readonly findings: readonly Finding[];
  /** The rules that were asked, with the severities that they have here. */
  readonly rules: readonly RuleSummary[];
}

/** Lints objects. */
export function lint(input: LintInput, options: LintOptions = {}): LintReport {
  const context = new LintContext(input, options);
  const sources = new SourceFiles(input.texts);
  const configured = options.configuration?.rules;
  const isAsked = ({ id }: LintRule): boolean =>
    (options.onlyRules === undefined || options.onlyRules.includes(id)) &&
    options.withoutRules?.includes(id) !== true &&
    configured?.get(id) !== 'off';
  const severityOf = (id: string): Severity | undefined => {
    const severity = configured?.get(id);
    return severity === 'off' ? undefined : severity;
  };
  const asked = lintRules.filter(isAsked);
  const findings = asked.flatMap((rule) =>
    draftsOf(rule, context).map((draft) => sources.place(draft, rule.id, severityOf(rule.id) ?? draft.severity ?? rule.severity)),
  );
  const comments = [...(input.texts ?? [])].flatMap(([file, text]) => readIgnores(file, text));
  const askedIds = new Set(asked.map(({ id }) => id));
  const aboutIgnores = ignoreRules.filter(isAsked);
  const reported = applyIgnores(findings, {
    comments,
    entries: options.configuration?.ignore ?? [],
    isRule: (id) => allRules.has(id),
    wasAsked: (id) => askedIds.has(id),
  }).flatMap((finding): readonly Finding[] => {
    if (!ignoreRules.some(({ id }) => id === finding.rule)) return [finding];
    if (!aboutIgnores.some(({ id }) => id === finding.rule)) return [];
    return [{ ...finding, severity: severityOf(finding.rule) ?? finding.severity }];
  });
  const rules = [...asked, ...aboutIgnores].map(
    (rule): RuleSummary => ({ ...summaryOf(rule), severity: severityOf(rule.id) ?? rule.severity }),
  );
  const checked = { policies: context.policies.length, pods: context.snapshot.pods.size };
  return { checked, findings: [...reported].sort(compareFindings), rules };
}

const allRules: ReadonlyMap<string, LintRule> = new Map([...lintRules, ...ignoreRules].map((rule) => [rule.id, rule]));

/** Every rule that there is, with its severity where nothing is configured. */
export function listRules(): readonly RuleSummary[] {
  return [...allRules.values()].map(summaryOf);
}

function summaryOf({ id, title, severity }: LintRule): RuleSummary {
  return { id, title, severity, page: `docs/lint/${id}.md` };
}
