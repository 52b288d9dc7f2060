/** Patterns of schemas: expressions of RE2, as the real server reads them; no text takes more than linear time. */
import { RE2JS } from 're2js';

/** Schemas use the same few patterns again and again. */
const compiled = new Map<string, RE2JS | string>();
const compiledLimit = 1_024;

/** Whether a text contains a match; a pattern that is none matches nothing. */
export function matchesPattern(text: string, pattern: string): boolean {
  const expression = patternOf(pattern);
  return typeof expression !== 'string' && expression.matcher(text).find();
}

/** What is wrong with a pattern, if anything. */
export function patternProblem(pattern: string): string | undefined {
  const expression = patternOf(pattern);
  return typeof expression === 'string' ? expression : undefined;
}

function patternOf(pattern: string): RE2JS | string {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const made = compile(pattern);
  if (compiled.size >= compiledLimit) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

function compile(pattern: string): RE2JS | string {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
