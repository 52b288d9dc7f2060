/** Reads a template of Go's `text/template`. Throws a CalicoctlError with the line of what is wrong. */
import type { Body, Command, Operand, Pipeline, Template, TemplateNode } from './template-syntax.ts';
import { type Token, templateError, templateTokens } from './template-tokens.ts';

/** Reads all of it. */
export function parseTemplate(source: string): Template {
  const reader = new TemplateReader(templateTokens(source));
  const { body, end } = reader.body();
  if (end !== undefined) throw templateError(end.line, `unexpected {{${end.text}}}`);
  return { body, defined: reader.defined };
}

/** Words that begin an action or end a body. */
const keywords = new Set(['if', 'with', 'range', 'else', 'end', 'define', 'template', 'block', 'break', 'continue']);
const constants: Readonly<Record<string, boolean | undefined>> = { true: true, false: false, nil: undefined };
/** Deeper ones are no templates that people write. */
const deepest = 100;

class TemplateReader {
  readonly defined = new Map<string, Body>();
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** Pieces up to `else` or `end`, whose word it gives, or to the end of the template. */
  body(): { readonly body: Body; readonly end: Token | undefined } {
    const body: TemplateNode[] = [];
    for (let token = this.#next(); token !== undefined; token = this.#next()) {
      if (token.kind === 'text') body.push({ kind: 'text', text: token.text });
      else {
        const first = this.#peek();
        if (first?.kind === 'word' && keywords.has(first.text)) {
          this.#at++;
          if (first.text === 'end' || first.text === 'else') return { body, end: first };
          body.push(...this.#keyword(first));
        } else {
          body.push({ kind: 'action', pipeline: this.#pipeline(), line: token.line });
          this.#expect('close', '}}');
        }
      }
    }
    return { body, end: undefined };
  }

  #keyword({ text, line }: Token): readonly TemplateNode[] {
    switch (text) {
      case 'if':
      case 'with':
      case 'range':
        return [this.#branch(text, line)];
      case 'define':
      case 'block':
        return this.#definition(text, line);
      case 'template': {
        const name = this.#expect('string', 'a name').text;
        const pipeline = this.#peek()?.kind === 'close' ? undefined : this.#pipeline();
        this.#expect('close', '}}');
        return [{ kind: 'template', name, pipeline, line }];
      }
      default:
        this.#expect('close', '}}');
        return [{ kind: 'leave', how: text === 'break' ? 'break' : 'continue' }];
    }
  }

  #branch(kind: 'if' | 'with' | 'range', line: number): TemplateNode {
    this.#enter(line);
    const pipeline = this.#pipeline();
    this.#expect('close', '}}');
    const { body, end } = this.body();
    if (end === undefined) throw templateError(line, 'unexpected EOF');
    let otherwise: Body = [];
    if (end.text === 'else') {
      const next = this.#peek();
      if (next?.kind === 'word' && next.text === kind && kind !== 'range') {
        this.#at++;
        // The end of the inner one is the end of both.
        otherwise = [this.#branch(kind, line)];
        this.#depth--;
        return { kind, pipeline, body, otherwise, line };
      }
      this.#expect('close', '}}');
      otherwise = this.#ended(line);
    } else this.#expect('close', '}}');
    this.#depth--;
    return { kind, pipeline, body, otherwise, line };
  }

  #definition(kind: 'define' | 'block', line: number): readonly TemplateNode[] {
    this.#enter(line);
    const name = this.#expect('string', 'a name').text;
    const pipeline = kind === 'block' ? this.#pipeline() : undefined;
    this.#expect('close', '}}');
    this.defined.set(name, this.#ended(line));
    this.#depth--;
    return kind === 'block' ? [{ kind: 'template', name, pipeline, line }] : [];
  }

  /** A body that only `end` ends. */
  #ended(line: number): Body {
    const { body, end } = this.body();
    if (end === undefined) throw templateError(line, 'unexpected EOF');
    if (end.text !== 'end') throw templateError(end.line, 'unexpected {{else}}');
    this.#expect('close', '}}');
    return body;
  }

  #pipeline(): Pipeline {
    const { variables, isAssignment } = this.#declaration();
    const commands: Command[] = [];
    do commands.push(this.#command());
    while (this.#takes('|'));
    return { variables, isAssignment, commands };
  }

  /** `$a :=`, `$a, $b :=` or `$a =`, where it stands. */
  #declaration(): Pick<Pipeline, 'variables' | 'isAssignment'> {
    const start = this.#at;
    const variables: string[] = [];
    for (let token = this.#peek(); token?.kind === 'variable' && variables.length < 2; token = this.#peek()) {
      this.#at++;
      variables.push(token.text);
      if (!this.#takes(',')) break;
    }
    if (variables.length > 0 && this.#takes(':=')) return { variables, isAssignment: false };
    if (variables.length > 0 && this.#takes('=')) return { variables, isAssignment: true };
    this.#at = start;
    return { variables: [], isAssignment: false };
  }

  #command(): Command {
    const operands: Operand[] = [];
    for (let token = this.#peek(); token !== undefined && !endsCommand(token); token = this.#peek()) operands.push(this.#operand());
    if (operands.length === 0) throw templateError(this.#peek()?.line ?? 1, 'missing value for command');
    return operands;
  }

  #operand(): Operand {
    const token = this.#next();
    if (token === undefined) throw templateError(1, 'unexpected EOF');
    const fields: string[] = [];
    let of: Operand['of'];
    if (token.kind === 'field') {
      of = { kind: 'dot' };
      fields.push(token.text.slice(1));
    } else if (token.text === '(' && token.kind === 'sign') {
      this.#enter(token.line);
      of = { kind: 'pipeline', pipeline: this.#pipeline() };
      if (!this.#takes(')')) throw templateError(token.line, 'unclosed left paren');
      this.#depth--;
    } else of = simpleOperand(token);
    for (let next = this.#peek(); next?.kind === 'field' && !next.isApart; next = this.#peek()) {
      this.#at++;
      fields.push(next.text.slice(1));
    }
    return { of, fields };
  }

  #enter(line: number): void {
    if (++this.#depth > deepest) throw templateError(line, 'nested too deeply');
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #next(): Token | undefined {
    return this.#tokens[this.#at++];
  }

  #takes(sign: string): boolean {
    const token = this.#peek();
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(kind: Token['kind'], what: string): Token {
    const token = this.#next();
    if (token?.kind === kind) return token;
    throw templateError(
      token?.line ?? 1,
      token === undefined ? 'unexpected EOF' : `unexpected ${JSON.stringify(token.text)}, wanted ${what}`,
    );
  }
}

function endsCommand({ kind, text }: Token): boolean {
  return kind === 'close' || (kind === 'sign' && (text === '|' || text === ')'));
}

function simpleOperand({ kind, text, line }: Token): Operand['of'] {
  if (kind === 'variable') return { kind: 'variable', name: text };
  if (kind === 'string') return { kind: 'constant', value: text };
  if (kind === 'number') return { kind: 'constant', value: Number(text) };
  if (kind === 'word')
    return Object.hasOwn(constants, text) ? { kind: 'constant', value: constants[text] } : { kind: 'function', name: text };
  if (kind === 'sign' && text === '.') return { kind: 'dot' };
  throw templateError(line, `unexpected ${JSON.stringify(text)} in operand`);
}
