/** Objects of JSON one after the other, as `jq` and `kubectl get -o json` in a loop print them: what YAML takes for one broken document. */

/** One of them. */
export interface JsonPart {
  readonly text: string;
  /** Where it begins, from 1. */
  readonly line: number;
  readonly column: number;
}

/** The objects of a text that is nothing but several of them; undefined for every other text. */
export function jsonParts(text: string): readonly JsonPart[] | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  const parts: JsonPart[] = [];
  let [depth, start] = [0, 0];
  let lines = { count: 1, start: 0 };
  let begun = lines;
  // A text, a bracket, the end of a line, or what has no place between objects.
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\[^])*"|[{}\n]|[^\s{}"]+/g)) {
    if (token.includes('\n')) lines = { count: lines.count + token.split('\n').length - 1, start: index + token.lastIndexOf('\n') + 1 };
    if (token === '\n') continue;
    if (token === '{') {
      if (depth === 0) [start, begun] = [index, lines];
      depth += 1;
    } else if (token === '}') {
      depth -= 1;
      if (depth < 0) return undefined;
      if (depth === 0) parts.push({ text: text.slice(start, index + 1), line: begun.count, column: start - begun.start + 1 });
    } else if (depth === 0) return undefined;
  }
  return depth === 0 && parts.length > 1 ? parts : undefined;
}
