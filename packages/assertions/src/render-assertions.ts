/** Results of assertions as text for people: one line each, and below those that fail what is wrong and why. */
import { formatTextPosition } from '@weir/kube';
import { renderVerdict } from '@weir/model';
import type { AssertionResult } from './run-assertions.ts';

/** So many wrong connections of an assertion are shown. */
const shownMax = 10;

/** How the parts of a line look, for terminals with colours. */
export type ResultTone = (outcome: AssertionResult['outcome'], text: string) => string;

const words = { passed: 'ok', failed: 'FAILED', error: 'ERROR', skipped: 'skipped' } as const;

/** The lines of one result; `withEngine` where several engines judge. */
export function renderAssertion(
  result: AssertionResult,
  { tone, withEngine }: { readonly tone: ResultTone; readonly withEngine: boolean },
): string[] {
  const { assertion, outcome, engine } = result;
  const as = withEngine ? ` [${engine}]` : '';
  const place =
    outcome === 'failed' || outcome === 'error' ? `  (${formatTextPosition(result.problem?.position ?? assertion.position)})` : '';
  return [
    `  ${tone(outcome, words[outcome].padEnd(7))} ${assertion.name}${as}${place}`,
    ...failureLines(result).map((line) => `          ${line}`),
  ];
}

/** What is wrong with a result, without its name: nothing for what passed. */
export function failureLines({ assertion, failures, problem }: AssertionResult): string[] {
  const because =
    assertion.because === undefined || (failures.length === 0 && problem === undefined) ? [] : [`because ${assertion.because}`];
  const reasons = problem === undefined ? [] : [`${problem.message}: ${problem.action}`];
  const shown = failures
    .slice(0, shownMax)
    .flatMap(({ message, verdict }) => [message, ...(verdict === undefined ? [] : renderVerdict(verdict).map((line) => `  ${line}`))]);
  const more = failures.length > shownMax ? [`and ${failures.length - shownMax} more (all with -o json)`] : [];
  const lacksAddress = failures.some(({ verdict }) => verdict?.missing.some((fact) => fact.includes('the address of pod')) === true);
  const hint = lacksAddress ? ['say where pods have their addresses with podRange: in the file, or with --pod-range'] : [];
  return [...because, ...reasons, ...shown, ...more, ...hint];
}

/** `3 passed, 1 failed`. */
export function summaryOfResults(results: readonly AssertionResult[]): string {
  const count = (outcome: AssertionResult['outcome']): number => results.filter((each) => each.outcome === outcome).length;
  const parts = [
    `${count('passed')} passed`,
    ...(['failed', 'error', 'skipped'] as const).flatMap((outcome) => {
      const number = count(outcome);
      return number === 0 ? [] : [`${number} ${outcome === 'error' ? 'without an answer' : outcome}`];
    }),
  ];
  const asked = results.reduce((sum, each) => sum + each.asked, 0);
  return `${parts.join(', ')} (${asked} ${asked === 1 ? 'connection' : 'connections'} judged)`;
}
