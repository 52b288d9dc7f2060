/**
 * Reads an expression into its tree: recursive descent over the CEL grammar, macros included.
 *
 * Limits are those of cel-go: 100 000 code points, 250 levels.
 */
import { unreachable } from '@weir/net';
import { type CelIssue, CelSyntaxError } from '../cel-error.ts';
import { bytesOfText } from '../values/cel-bytes.ts';
import { type CelValue, isInt64, Uint } from '../values/cel-value.ts';
import type { CelNode } from './ast.ts';
import type { CelType, PrimitiveName } from './cel-type.ts';
import { type Token, tokenize } from './lexer.ts';
import { expandMacro } from './macros.ts';

const lengthLimit = 100_000;
const depthLimit = 250;

/** Names that cannot be identifiers. */
const reserved: ReadonlySet<string> = new Set(
  'as break const continue else false for function if import in let loop package namespace null return true var void while'.split(' '),
);

/** Binary operators by how tightly they bind, the loosest first. */
const binaryOperators: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['<', '<=', '>', '>=', '==', '!=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
];

/** The tree, or why there is none. */
export function parseExpression(text: string): { readonly node: CelNode } | { readonly issues: readonly CelIssue[] } {
  const length = text.length > lengthLimit ? Array.from(text).length : text.length;
  if (length > lengthLimit) {
    return { issues: [{ offset: 0, message: `expression code point size exceeds limit: size: ${length}, limit ${lengthLimit}` }] };
  }
  try {
    return { node: new Parser(tokenize(text)).parse() };
  } catch (error) {
    if (error instanceof CelSyntaxError) return { issues: [{ offset: error.offset, message: error.message }] };
    throw error;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): CelNode {
    const node = this.#expression();
    if (this.#token().kind !== 'end') throw this.#unexpected();
    return node;
  }

  #expression(): CelNode {
    if (++this.#depth > depthLimit) throw new CelSyntaxError(`expression recursion limit exceeded: ${depthLimit}`, this.#token().offset);
    const condition = this.#binary(0);
    const { offset } = this.#token();
    let node = condition;
    if (this.#take('?')) {
      const yes = this.#binary(0);
      this.#expect(':');
      node = { kind: 'call', name: '_?_:_', args: [condition, yes, this.#expression()], offset };
    }
    this.#depth--;
    return node;
  }

  #binary(level: number): CelNode {
    const operators = binaryOperators[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    let chained = 0;
    for (;;) {
      const token = this.#token();
      const isOperator = token.kind === 'operator' || (token.kind === 'name' && token.text === 'in');
      if (!isOperator || !operators.includes(token.text)) return left;
      // A long chain is a deep tree on its left side.
      if (++chained > depthLimit * 4) throw new CelSyntaxError(`expression recursion limit exceeded: ${depthLimit}`, token.offset);
      this.#next++;
      const name = token.text === 'in' ? '@in' : `_${token.text}_`;
      left = { kind: 'call', name, args: [left, this.#binary(level + 1)], offset: token.offset };
    }
  }

  #unary(): CelNode {
    const { offset, text, kind } = this.#token();
    if (kind !== 'operator' || (text !== '!' && text !== '-')) return this.#member();
    let count = 0;
    while (this.#token().kind === 'operator' && this.#token().text === text) {
      this.#next++;
      count++;
    }
    const literal = this.#token();
    if (text === '-' && count % 2 === 1 && ['int', 'double'].includes(literal.kind)) {
      this.#next++;
      return this.#suffixes(this.#number(literal, '-'));
    }
    const operand = this.#member();
    return count % 2 === 0 ? operand : { kind: 'call', name: text === '!' ? '!_' : '-_', args: [operand], offset };
  }

  #member(): CelNode {
    return this.#suffixes(this.#primary());
  }

  #suffixes(primary: CelNode): CelNode {
    let node = primary;
    for (let count = 0; ; count++) {
      const { offset } = this.#token();
      if (count > depthLimit * 4) throw new CelSyntaxError(`expression recursion limit exceeded: ${depthLimit}`, offset);
      if (this.#take('.')) node = this.#selected(node, this.#take('?'), offset);
      else if (this.#take('?.')) throw this.#unexpected();
      else if (this.#take('[')) node = this.#indexed(node, this.#take('?'), offset);
      else if (this.#take('[?')) node = this.#indexed(node, true, offset);
      else return node;
    }
  }

  #indexed(operand: CelNode, optional: boolean, offset: number): CelNode {
    const index = this.#expression();
    this.#expect(']');
    return { kind: 'call', name: optional ? '_[?_]' : '_[_]', args: [operand, index], offset };
  }

  #selected(operand: CelNode, optional: boolean, offset: number): CelNode {
    const token = this.#token();
    if (token.kind !== 'name' && token.kind !== 'quotedName') throw this.#unexpected();
    this.#next++;
    const at = token.offset;
    if (token.kind === 'name' && !optional && this.#take('(')) {
      const args = this.#arguments(')');
      return expandMacro(token.text, operand, args, at) ?? { kind: 'call', name: token.text, target: operand, args, offset: at };
    }
    return { kind: 'select', operand, field: token.text, mode: optional ? 'optional' : 'value', offset };
  }

  #primary(): CelNode {
    const token = this.#token();
    if (token.kind === 'operator') return this.#grouped(token);
    if (token.kind === 'end' || token.kind === 'quotedName') throw this.#unexpected();
    this.#next++;
    switch (token.kind) {
      case 'int':
      case 'uint':
      case 'double':
        return this.#number(token, '');
      case 'string':
        return literalNode(token.text, 'string', token.offset);
      case 'bytes':
        return literalNode(bytesOfText(token.text), 'bytes', token.offset);
      case 'name':
        return this.#named(token);
      default:
        return unreachable(token.kind);
    }
  }

  #grouped(token: Token): CelNode {
    this.#next++;
    switch (token.text) {
      case '(': {
        const node = this.#expression();
        this.#expect(')');
        return node;
      }
      case '[':
        return this.#list(token.offset, false);
      case '[?':
        return this.#list(token.offset, true);
      case '{':
        return this.#map(token.offset);
      case '.':
        if (this.#token().kind === 'name') return this.#primary();
    }
    this.#next--;
    throw this.#unexpected();
  }

  #named(token: Token): CelNode {
    const { text, offset } = token;
    if (text === 'true' || text === 'false') return literalNode(text === 'true', 'bool', offset);
    if (text === 'null') return literalNode(null, 'null_type', offset);
    if (reserved.has(text)) throw new CelSyntaxError(`reserved identifier: ${text}`, offset);
    if (!this.#take('(')) return { kind: 'identifier', name: text, offset };
    const args = this.#arguments(')');
    return expandMacro(text, undefined, args, offset) ?? { kind: 'call', name: text, args, offset };
  }

  #arguments(end: string): CelNode[] {
    const args: CelNode[] = [];
    while (!this.#take(end)) {
      if (args.length > 0) this.#expect(',');
      args.push(this.#expression());
    }
    return args;
  }

  #list(offset: number, firstIsOptional: boolean): CelNode {
    const items: { node: CelNode; optional: boolean }[] = [];
    while (!this.#take(']')) {
      if (items.length > 0) this.#expect(',');
      if (items.length > 0 && this.#take(']')) break;
      const optional = (items.length === 0 && firstIsOptional) || this.#take('?');
      items.push({ node: this.#expression(), optional });
    }
    return { kind: 'list', items, offset };
  }

  #map(offset: number): CelNode {
    const entries: { key: CelNode; value: CelNode; optional: boolean }[] = [];
    while (!this.#take('}')) {
      if (entries.length > 0) this.#expect(',');
      if (entries.length > 0 && this.#take('}')) break;
      const optional = this.#take('?');
      const key = this.#expression();
      this.#expect(':');
      entries.push({ key, value: this.#expression(), optional });
    }
    return { kind: 'map', entries, offset };
  }

  #number(token: Token, sign: '' | '-'): CelNode {
    const { text, offset, kind } = token;
    if (kind === 'double') return literalNode(Number(sign + text), 'double', offset);
    const size = BigInt(text.replace(/[uU]$/, ''));
    if (kind === 'uint') {
      if (size >= 2n ** 64n) throw new CelSyntaxError('invalid uint literal', offset);
      return literalNode(new Uint(size), 'uint', offset);
    }
    const value = sign === '-' ? -size : size;
    if (!isInt64(value)) throw new CelSyntaxError('invalid int literal', offset);
    return literalNode(value, 'int', offset);
  }

  #token(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '<EOF>', offset: 0 };
  }

  #take(operator: string): boolean {
    const token = this.#token();
    if (token.kind !== 'operator' || token.text !== operator) return false;
    this.#next++;
    return true;
  }

  #expect(operator: string): void {
    if (!this.#take(operator)) throw this.#unexpected(operator);
  }

  #unexpected(expected?: string): CelSyntaxError {
    const { text, offset } = this.#token();
    const message = expected === undefined ? `mismatched input '${text}'` : `mismatched input '${text}' expecting '${expected}'`;
    return new CelSyntaxError(`Syntax error: ${message}`, offset);
  }
}

function literalNode(value: CelValue, name: PrimitiveName, offset: number): CelNode {
  const type: CelType = { kind: 'primitive', name };
  return { kind: 'literal', value, type, offset };
}
