/**
 * The tokens of Calico's selector expressions, with their places.
 *
 * The language has no escapes and only two kinds of white space, space and tab. Operators in letters are operators only
 * right behind a label, so that labels may be called `in` or `contains`. The words of errors are Calico's
 * (libcalico-go `lib/selector/tokenizer`); the offsets are ours.
 */
import { SelectorRefusal } from './selector-refusal.ts';

/** What a token is, by the names under which Calico's errors quote it. */
export type SelectorTokenKind =
  | 'TokLabel'
  | 'TokStringLiteral'
  | 'TokLBrace'
  | 'TokRBrace'
  | 'TokComma'
  | 'TokEq'
  | 'TokNe'
  | 'TokIn'
  | 'TokNot'
  | 'TokNotIn'
  | 'TokContains'
  | 'TokStartsWith'
  | 'TokEndsWith'
  | 'TokAll'
  | 'TokHas'
  | 'TokLParen'
  | 'TokRParen'
  | 'TokAnd'
  | 'TokOr'
  | 'TokGlobal'
  | 'TokEOF';

/** One token; `value` is the name of a label or the text of a literal, else empty. */
export interface SelectorToken {
  readonly kind: SelectorTokenKind;
  readonly value: string;
  /** Where it begins, from 0. */
  readonly offset: number;
}

const punctuation: Readonly<Record<string, SelectorTokenKind>> = {
  '(': 'TokLParen',
  ')': 'TokRParen',
  '{': 'TokLBrace',
  '}': 'TokRBrace',
  ',': 'TokComma',
};

/** Operators that are written twice, and never once. */
const doubled: Readonly<Record<string, SelectorTokenKind>> = { '=': 'TokEq', '&': 'TokAnd', '|': 'TokOr' };

/** Behind a label. The first alternative that fits counts: `not in` before `in`. */
const wordOperators: readonly (readonly [RegExp, SelectorTokenKind])[] = [
  [/contains(?![A-Za-z0-9_./-])/y, 'TokContains'],
  [/starts[ \t]*with(?![A-Za-z0-9_./-])/y, 'TokStartsWith'],
  [/ends[ \t]*with(?![A-Za-z0-9_./-])/y, 'TokEndsWith'],
  [/not[ \t]*in(?![A-Za-z0-9_./-])/y, 'TokNotIn'],
  [/in(?![A-Za-z0-9_./-])/y, 'TokIn'],
];

const whiteSpace = /[ \t]*/y;
const labelName = /[A-Za-z0-9_./-]{1,512}/y;
const labelTooLong = /[A-Za-z0-9_./-]{513}/y;

/** The tokens of a text, of which the last is `TokEOF`. Throws {@link SelectorRefusal}. */
export function readSelectorTokens(text: string): readonly SelectorToken[] {
  return new SelectorScanner(text).scan();
}

class SelectorScanner {
  readonly #text: string;
  readonly #tokens: SelectorToken[] = [];
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): readonly SelectorToken[] {
    for (this.#take(whiteSpace); this.#offset < this.#text.length; this.#take(whiteSpace)) this.#scanOne();
    this.#push('TokEOF', this.#offset);
    return this.#tokens;
  }

  #scanOne(): void {
    const start = this.#offset;
    const character = this.#text.charAt(start);
    const [single, double] = [punctuation[character], doubled[character]];
    if (character === '"' || character === "'") return this.#scanLiteral(character);
    if (single !== undefined) return this.#pushNext(single, 1);
    if (double !== undefined) {
      if (this.#text.charAt(start + 1) !== character) throw new SelectorRefusal(`expected ${character}${character}`, start);
      return this.#pushNext(double, 2);
    }
    if (character === '!') {
      const isUnequal = this.#text.charAt(start + 1) === '=';
      return this.#pushNext(isUnequal ? 'TokNe' : 'TokNot', isUnequal ? 2 : 1);
    }
    const previous = this.#tokens.at(-1);
    if (previous?.kind === 'TokLabel') this.#scanWordOperator(previous.value);
    else this.#scanOperand();
  }

  #scanLiteral(quote: string): void {
    const start = this.#offset;
    const end = this.#text.indexOf(quote, start + 1);
    if (end === -1) throw new SelectorRefusal('unterminated string', start);
    this.#offset = end + 1;
    this.#push('TokStringLiteral', start, this.#text.slice(start + 1, end));
  }

  #scanWordOperator(label: string): void {
    const start = this.#offset;
    const found = wordOperators.find(([pattern]) => this.#take(pattern) !== undefined);
    if (found === undefined) throw new SelectorRefusal(`expected operator after label "${label}"`, start);
    this.#push(found[1], start);
  }

  /** A label, or a word that looks like a function. */
  #scanOperand(): void {
    const start = this.#offset;
    if (this.#text.startsWith('has(', start)) return this.#scanHas();
    for (const [name, kind] of [['all', 'TokAll'] as const, ['global', 'TokGlobal'] as const]) {
      if (!this.#text.startsWith(`${name}(`, start)) continue;
      this.#offset += name.length + 1;
      this.#close(name);
      return this.#push(kind, start);
    }
    const label = this.#label();
    if (label === undefined) throw new SelectorRefusal('expected identifier', start);
    this.#push('TokLabel', start, label);
  }

  #scanHas(): void {
    const start = this.#offset;
    this.#offset += 'has('.length;
    this.#take(whiteSpace);
    const label = this.#label();
    if (label === undefined) throw new SelectorRefusal('no label name in has( expression', this.#offset);
    this.#close('has');
    this.#push('TokHas', start, label);
  }

  #close(name: string): void {
    this.#take(whiteSpace);
    if (this.#text.charAt(this.#offset) !== ')') throw new SelectorRefusal(`no closing ')' after ${name}(`, this.#offset);
    this.#offset++;
  }

  #label(): string | undefined {
    const start = this.#offset;
    if (this.#take(labelTooLong) !== undefined) throw new SelectorRefusal('a label has at most 512 characters', start);
    return this.#take(labelName);
  }

  #pushNext(kind: SelectorTokenKind, length: number): void {
    this.#push(kind, this.#offset);
    this.#offset += length;
  }

  #push(kind: SelectorTokenKind, offset: number, value = ''): void {
    this.#tokens.push({ kind, value, offset });
  }

  /** What the pattern finds here, taken; undefined when it finds nothing. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0];
    this.#offset += found?.length ?? 0;
    return found;
  }
}
