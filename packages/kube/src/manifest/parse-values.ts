/**
 * Values in YAML or JSON that are no Kubernetes objects, such as configurations, with the place of every field.
 *
 * Scalars mean what they mean in manifests, and input is bounded as there.
 */
import { Composer, type CST, Lexer, LineCounter, Parser } from 'yaml';
import type { Diagnostic, TextPosition } from './diagnostic.ts';
import { fieldPosition } from './manifest-positions.ts';
import { kubectlScalarTags } from './yaml-scalars.ts';

/** One document. */
export interface PlacedValue {
  /** Plain values: null where the document is empty. */
  readonly value: unknown;
  /** The place of a field by its path (`tests[0].from`), or of the whole for `''`. */
  positionOf(path: string): TextPosition;
}

/** What can be wrong with the text. */
export type ValueProblem = 'too-deep' | 'too-many-aliases' | 'yaml-syntax';

const maxDepth = 100;
const maxAliasCount = 100;

/** Reads the documents of a text; `file` is the name that positions carry. */
export function parseValues(
  text: string,
  file: string,
): { readonly values: readonly PlacedValue[]; readonly diagnostics: readonly Diagnostic<ValueProblem>[] } {
  const lines = new LineCounter();
  const values: PlacedValue[] = [];
  const diagnostics: Diagnostic<ValueProblem>[] = [];
  const say = (code: ValueProblem, message: string, action: string, offset: number): void => {
    const { line, col } = lines.linePos(offset);
    diagnostics.push({ code, severity: 'error', message, action, position: { file, line, column: col } });
  };
  // The composer recurses once per level: what is nested too deeply must not reach it.
  function* tokens(): Generator<CST.Token> {
    const parser = new Parser(lines.addNewLine);
    lines.addNewLine(0);
    for (const lexeme of new Lexer().lex(text)) {
      yield* parser.next(lexeme);
      if (parser.stack.length <= maxDepth) continue;
      say('too-deep', `the file is nested more than ${maxDepth} levels deep`, 'remove nesting', parser.offset);
      return;
    }
    yield* parser.end();
  }
  const composer = new Composer({ merge: true, customTags: (tags) => [...kubectlScalarTags, ...tags] });
  for (const document of composer.compose(tokens())) {
    for (const { message, pos } of document.errors) say('yaml-syntax', message, 'correct the YAML at this place', pos[0]);
    if (document.errors.length > 0) continue;
    try {
      const value: unknown = document.toJS({ maxAliasCount });
      values.push({ value, positionOf: (path) => fieldPosition({ file, document, lines }, path) });
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      say('too-many-aliases', error.message, 'write the repeated parts out, or use fewer aliases', document.range?.[0] ?? 0);
    }
  }
  return { values, diagnostics };
}
