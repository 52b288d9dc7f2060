/**
 * Reads Calico's selector expressions: a recursive descent over the tokens.
 *
 * ```
 *   selector  := nothing | or           nothing is all()
 *   or        := and ("||" and)*
 *   and       := operation ("&&" operation)*
 *   operation := "!"* ( has(label) | all() | global() | "(" or ")" | label operator operand )
 * ```
 *
 * Language and words of errors are those of libcalico-go `lib/selector/parser`; offsets and the limit of depth are ours.
 */
import { type CalicoSelector, type SetOperator, selectorValues, type TextOperator } from './calico-selector.ts';
import { SelectorRefusal } from './selector-refusal.ts';
import { readSelectorTokens, type SelectorToken, type SelectorTokenKind } from './selector-tokens.ts';

/** The expression, or why and where (offset from 0) the text is none. */
export type CalicoSelectorResult =
  | { readonly kind: 'parsed'; readonly selector: CalicoSelector }
  | { readonly kind: 'refused'; readonly message: string; readonly offset: number };

/** Texts come from users: parentheses and negations beyond this are refused before they use up the stack. */
const depthMax = 200;

const textOperators: Partial<Record<SelectorTokenKind, TextOperator>> = {
  TokEq: '==',
  TokNe: '!=',
  TokContains: 'contains',
  TokStartsWith: 'starts with',
  TokEndsWith: 'ends with',
};

const setOperators: Partial<Record<SelectorTokenKind, SetOperator>> = { TokIn: 'in', TokNotIn: 'not in' };

/** Reads a text; one without anything in it is `all()`. */
export function parseCalicoSelector(text: string): CalicoSelectorResult {
  try {
    return { kind: 'parsed', selector: new SelectorParser(readSelectorTokens(text)).parse() };
  } catch (error) {
    if (error instanceof SelectorRefusal) return { kind: 'refused', message: error.message, offset: error.offset };
    throw error;
  }
}

class SelectorParser {
  readonly #tokens: readonly SelectorToken[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly SelectorToken[]) {
    this.#tokens = tokens;
  }

  parse(): CalicoSelector {
    if (this.#current.kind === 'TokEOF') return { kind: 'all' };
    const selector = this.#or();
    const rest = this.#tokens.slice(this.#next);
    if (rest.length === 1) return selector;
    throw this.#refusal(`unexpected content at end of selector [${rest.map(quotedToken).join(' ')}]`);
  }

  /** The last token, the end, is never passed by. */
  get #current(): SelectorToken {
    return this.#tokens[this.#next] ?? { kind: 'TokEOF', value: '', offset: 0 };
  }

  #or(): CalicoSelector {
    return this.#joined('or', 'TokOr', () => this.#and());
  }

  #and(): CalicoSelector {
    return this.#joined('and', 'TokAnd', () => this.#operation());
  }

  #joined(kind: 'and' | 'or', separator: SelectorTokenKind, part: () => CalicoSelector): CalicoSelector {
    const first = part();
    const parts = [first];
    while (this.#skip(separator)) parts.push(part());
    return parts.length === 1 ? first : { kind, of: parts };
  }

  #operation(): CalicoSelector {
    let isNegated = false;
    while (this.#skip('TokNot')) isNegated = !isNegated;
    const operand = this.#operand();
    return isNegated ? { kind: 'not', of: operand } : operand;
  }

  #operand(): CalicoSelector {
    const token = this.#current;
    if (token.kind === 'TokLParen') return this.#parenthesised();
    if (token.kind === 'TokLabel') {
      this.#next++;
      return this.#comparison(token.value);
    }
    const call = callOf(token);
    if (call === undefined) throw this.#refusal(`unexpected token: ${quotedToken(token)}`);
    this.#next++;
    return call;
  }

  #parenthesised(): CalicoSelector {
    if (++this.#depth > depthMax) throw this.#refusal(`more than ${depthMax} parentheses in each other`);
    this.#next++;
    const inner = this.#or();
    this.#expect('TokRParen', 'expected )');
    this.#depth--;
    return inner;
  }

  #comparison(label: string): CalicoSelector {
    const token = this.#current;
    const [text, set] = [textOperators[token.kind], setOperators[token.kind]];
    if (token.kind === 'TokEOF') throw this.#refusal('unexpected end of string looking for op');
    if (text === undefined && set === undefined) throw this.#refusal(`expected == or != not: ${quotedToken(token)}`);
    this.#next++;
    if (text !== undefined) return { kind: 'text', label, operator: text, value: this.#expect('TokStringLiteral', 'expected string') };
    return { kind: 'set', label, operator: set ?? 'in', values: this.#set() };
  }

  /** A comma may stand behind the last value, and nothing between the braces. */
  #set(): readonly string[] {
    this.#expect('TokLBrace', 'expected set literal');
    const values: string[] = [];
    while (this.#current.kind === 'TokStringLiteral') {
      values.push(this.#expect('TokStringLiteral', 'expected string'));
      if (!this.#skip('TokComma')) break;
    }
    this.#expect('TokRBrace', 'expected }');
    return selectorValues(values);
  }

  #skip(kind: SelectorTokenKind): boolean {
    if (this.#current.kind !== kind) return false;
    this.#next++;
    return true;
  }

  #expect(kind: SelectorTokenKind, message: string): string {
    const token = this.#current;
    if (token.kind !== kind) throw this.#refusal(message);
    this.#next++;
    return token.value;
  }

  #refusal(message: string): SelectorRefusal {
    return new SelectorRefusal(message, this.#current.offset);
  }
}

function quotedToken({ kind, value }: SelectorToken): string {
  return `${kind}(${value})`;
}

/** `has(…)`, `all()` and `global()` are one token each. */
function callOf({ kind, value }: SelectorToken): CalicoSelector | undefined {
  if (kind === 'TokHas') return { kind: 'has', label: value };
  if (kind === 'TokAll') return { kind: 'all' };
  return kind === 'TokGlobal' ? { kind: 'global' } : undefined;
}
