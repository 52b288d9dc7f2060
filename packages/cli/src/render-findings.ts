/** Findings of the linter as a text for people, file by file. */
import { type Finding, type LintReport, type RuleSummary, type Severity, summariseLint } from '@weir/lint';
import { type Output, renderTable, type Tone } from './output.ts';

/** How to render. */
export interface RenderFindingsOptions {
  readonly output: Pick<Output, 'tone'>;
  /** Whether what is ignored is shown too. */
  readonly showsIgnored: boolean;
}

const tones: Readonly<Record<Severity, Tone>> = { error: 'bad', warning: 'note', info: 'dim' };

/** The findings and how many there are; a finding takes two lines: what is wrong, and what to do. */
export function renderFindings({ findings, checked, rules }: LintReport, options: RenderFindingsOptions): string {
  const shown = findings.filter(({ ignored }) => options.showsIgnored || ignored === undefined);
  const counts = countsText(findings);
  if (shown.length === 0) {
    const looked = `${checked.policies} ${checked.policies === 1 ? 'policy' : 'policies'} beside ${checked.pods} pods, ${rules.length} rules checked`;
    return `${looked}: nothing found${counts === '' ? '' : ` (${counts})`}`;
  }
  return [...shown.map((finding) => renderFinding(finding, options)), counts].join('\n\n');
}

function renderFinding(finding: Finding, { output }: RenderFindingsOptions): string {
  const { rule, severity, message, action, object, field, place, related = [], fix, ignored } = finding;
  const at = place === undefined || place.file === '' ? undefined : `${place.file}:${place.line}:${place.column}`;
  const about = [object, field].filter((part) => part !== undefined).join(' ');
  const head = [at, output.tone(tones[severity], severity), output.tone('strong', rule)].filter((part) => part !== undefined).join('  ');
  const fixText = fix === undefined ? [] : [`fix: ${fix.description}${fix.isSafe ? ' (--fix)' : ' (--fix-unsafe)'}`];
  return [
    head,
    `  ${about === '' ? '' : `${about}: `}${message}`,
    ...related.map((one) => `    ${one.message}: ${relatedText(one)}`),
    `  ${output.tone('dim', action)}`,
    ...fixText.map((text) => `  ${output.tone('dim', text)}`),
    ...(ignored === undefined ? [] : [`  ${output.tone('dim', `ignored: ${ignored.reason}`)}`]),
  ].join('\n');
}

function relatedText({ object, field, place }: NonNullable<Finding['related']>[number]): string {
  const about = [object, field].filter((part) => part !== undefined).join(' ');
  return place === undefined ? about : `${about} (${place.file}:${place.line})`;
}

/** `1 error, 2 warnings; 1 ignored`; empty where there is nothing. */
function countsText(findings: readonly Finding[]): string {
  const { errors, warnings, infos, ignored } = summariseLint(findings);
  const several = (count: number, word: string): string[] => (count === 0 ? [] : [`${count} ${word}${count === 1 ? '' : 's'}`]);
  const counted = [...several(errors, 'error'), ...several(warnings, 'warning'), ...several(infos, 'hint')].join(', ');
  return [counted, ignored === 0 ? '' : `${ignored} ignored`].filter((part) => part !== '').join('; ');
}

/** The rules in columns. */
export function renderRules(rules: readonly RuleSummary[]): string {
  return renderTable(
    ['RULE', 'SEVERITY', 'FINDS'],
    rules.map(({ id, severity, title }) => [id, severity, title]),
  );
}
