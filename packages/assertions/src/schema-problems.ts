/** What is wrong with a file of assertions, as diagnostics with places and, for unknown names, the nearest known one. */

import type { Diagnostic, TextPosition } from '@weir/kube';
import { nearestOf } from '@weir/net';
import type { z } from 'zod';

/** What can be wrong with a file of assertions. */
export type AssertionProblem = 'assertion-form' | 'assertion-port' | 'assertion-engine';

type Issue = z.core.$ZodIssue;

/** One diagnostic for each thing that is wrong; `base` is where the checked value stands. */
export function schemaProblems(
  issues: readonly Issue[],
  base: string,
  positionOf: (path: string) => TextPosition,
): Diagnostic<AssertionProblem>[] {
  return issues.flatMap(innermost).flatMap((issue) => {
    const path = pathText(base, issue.path);
    const of = (at: string, message: string, action: string): Diagnostic<AssertionProblem> => ({
      code: 'assertion-form',
      severity: 'error',
      message,
      action,
      field: at,
      position: positionOf(at),
    });
    if (issue.code !== 'unrecognized_keys') return [of(path, sentenceOf(issue), 'correct the field; the form is in docs/test.md')];
    const known = 'known' in issue ? (issue['known'] as readonly string[]) : [];
    return issue.keys.map((key) => {
      const near = nearestOf(key, known.length > 0 ? known : knownKeys);
      return of(
        pathText(base, [...issue.path, key]),
        `there is no field ${key} here`,
        isSelector(issue.path.at(-1))
          ? `labels stand below matchLabels: { ${key}: … }, as in policies`
          : near === undefined
            ? 'remove it'
            : `did you mean ${near}?`,
      );
    });
  });
}

function isSelector(field: PropertyKey | undefined): boolean {
  return field === 'podSelector' || field === 'namespaceSelector';
}

/** Every field of the form. */
const knownKeys: readonly string[] = (
  'manifests profile podRange ends tests name because from to port ports expect decidedBy family onlyFrom onlyTo ' +
  'namespace namespaceSelector labels podSelector serviceAccount end matchLabels matchExpressions key operator values'
).split(' ');

/** Of the alternatives that a value could be, what is wrong with the one that it looks like. */
function innermost(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const alternatives = issue.errors.filter((each) => !each.some(({ code, path }) => code === 'invalid_type' && path.length === 0));
  const [first] = alternatives.sort((a, b) => depthOf(b) - depthOf(a));
  if (first === undefined) return [issue];
  return first.flatMap((each) => innermost({ ...each, path: [...issue.path, ...each.path] }));
}

function depthOf(issues: readonly Issue[]): number {
  return Math.max(...issues.map(({ path }) => path.length));
}

function sentenceOf(issue: Issue): string {
  if (issue.input === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_union')) return 'the field is missing';
  if (issue.code === 'invalid_value') return `it is one of ${issue.values.map(String).join(', ')}, not ${wordOf(issue.input)}`;
  if (issue.code === 'invalid_union') return `${wordOf(issue.input)} is not what stands here`;
  if (issue.code === 'invalid_type') return `it is ${wordOf(issue.input)}, and a ${issue.expected} stands here`;
  if (issue.code === 'too_small') return issue.origin === 'number' ? `it is at least ${issue.minimum}` : 'it is empty';
  if (issue.code === 'too_big') return `it is at most ${issue.maximum}`;
  return issue.message;
}

function wordOf(input: unknown): string {
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object' && input !== null) return 'an object';
  return input === undefined ? 'nothing' : JSON.stringify(input);
}

/** A path in the notation of the API server. */
function pathText(base: string, path: readonly PropertyKey[]): string {
  let text = base;
  for (const step of path) {
    const name = String(step);
    if (typeof step === 'number' || /[.[\]/]/.test(name)) text += `[${name}]`;
    else text += text === '' ? name : `.${name}`;
  }
  return text;
}
