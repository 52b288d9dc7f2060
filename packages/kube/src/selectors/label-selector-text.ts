/**
 * The text form of label selectors, as in `?labelSelector=a=b,c!=d,e in (x,y),!f,g`.
 *
 * The language, its oddities (empty values, `in` as a value, several operators for one meaning) and
 * the words of its errors are those of apimachinery `labels.Parse`; the offset of the error is ours.
 */
import { unreachable } from '@weir/net';
import { formatFieldErrorBody } from '../field-error.ts';
import type { StringMap } from '../objects/object-meta.ts';
import { labelValue } from './match-label-selector.ts';
import { labelKeyProblems, labelValueProblems } from './name-formats.ts';

/** What one requirement asks of the key; `=` and `==` are In, `!=` is NotIn. */
export type LabelRequirementOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'GreaterThan' | 'LessThan';

/** One requirement; `values` is sorted and without duplicates, empty for Exists and DoesNotExist. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelRequirementOperator;
  readonly values: readonly string[];
}

/** The requirements of a text (all must hold), or why and where (0-based offset) it is none. */
export type SelectorTextResult<R> =
  | { readonly kind: 'parsed'; readonly requirements: readonly R[] }
  | { readonly kind: 'refused'; readonly message: string; readonly offset: number };

/** Reads a label selector; the empty text has no requirements and matches everything. */
export function parseLabelSelectorText(text: string): SelectorTextResult<LabelRequirement> {
  try {
    return { kind: 'parsed', requirements: new LabelSelectorParser(text).parse() };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', message: error.message, offset: error.offset };
    throw error;
  }
}

/** Whether labels satisfy all requirements. */
export function matchesLabelRequirements(requirements: readonly LabelRequirement[], labels: StringMap): boolean {
  return requirements.every((requirement) => matchesRequirement(requirement, labelValue(labels, requirement.key)));
}

function matchesRequirement({ operator, values }: LabelRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'GreaterThan':
    case 'LessThan': {
      const left = parseInteger(value);
      const right = parseInteger(values[0]);
      if (left === undefined || right === undefined) return false;
      return operator === 'GreaterThan' ? left > right : left < right;
    }
    default:
      return unreachable(operator);
  }
}

/** A decimal integer of 64 bits, as Go's strconv.ParseInt reads it. */
function parseInteger(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[-+]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** Carries an error out of the parser; never leaves this file. */
class Refusal extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

type TokenKind = 'identifier' | 'word' | 'symbol' | 'end' | 'error';

/** `word` is `in` or `notin`, which are identifiers wherever a value is expected. */
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly offset: number;
}

const operatorsOfTokens: Readonly<Record<string, LabelRequirementOperator>> = {
  in: 'In',
  notin: 'NotIn',
  '=': 'In',
  '==': 'In',
  '!=': 'NotIn',
  '>': 'GreaterThan',
  '<': 'LessThan',
};

const symbols: ReadonlySet<string> = new Set([')', ',', '!', '==', '=', '>', '<', '!=', '(']);

function scan(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length) {
    const start = position;
    const character = text[position] ?? '';
    if (/[ \t\r\n]/.test(character)) {
      position++;
    } else if (/[=!(),><]/.test(character)) {
      const pair = text.slice(start, start + 2);
      position += symbols.has(pair) ? 2 : 1;
      tokens.push({ kind: 'symbol', text: text.slice(start, position), offset: start });
    } else {
      while (position < text.length && !/[ \t\r\n=!(),><]/.test(text[position] ?? '')) position++;
      const word = text.slice(start, position);
      tokens.push({ kind: word === 'in' || word === 'notin' ? 'word' : 'identifier', text: word, offset: start });
    }
  }
  tokens.push({ kind: 'end', text: '', offset: text.length });
  return tokens;
}

class LabelSelectorParser {
  private readonly tokens: readonly Token[];
  private position = 0;

  constructor(text: string) {
    this.tokens = scan(text);
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    while (this.next().kind !== 'end') {
      const first = this.next();
      if (!isIdentifier(first) && first.text !== '!')
        throw refusal(`found '${first.text}', expected: !, identifier, or 'end of string'`, first);
      requirements.push(this.parseRequirement());
      const separator = this.take();
      if (separator.kind === 'end') break;
      if (separator.text !== ',') throw refusal(`found '${separator.text}', expected: ',' or 'end of string'`, separator);
      const after = this.next();
      if (!isIdentifier(after) && after.text !== '!') throw refusal(`found '${after.text}', expected: identifier after ','`, after);
    }
    return requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  }

  private parseRequirement(): LabelRequirement {
    try {
      return this.parseKeyAndRest();
    } catch (error) {
      if (error instanceof Refusal) throw new Refusal(`unable to parse requirement: ${error.message}`, error.offset);
      throw error;
    }
  }

  private parseKeyAndRest(): LabelRequirement {
    const negated = this.next().text === '!';
    if (negated) this.take();
    const key = this.take();
    if (!isIdentifier(key)) throw refusal(`found '${key.text}', expected: identifier`, key);
    const problems = labelKeyProblems(key.text);
    if (problems.length > 0) throw refusal(`<nil>: ${invalidWords(key.text, problems)}`, key);
    const following = this.next();
    // After `!key` anything but a comma or the end is an operator's place, which then stands on a
    // key that must not exist: apimachinery ends in Exists/DoesNotExist only here.
    if (negated || following.kind === 'end' || following.text === ',') {
      return { key: key.text, operator: negated ? 'DoesNotExist' : 'Exists', values: [] };
    }
    return this.parseOperatorAndValues(key);
  }

  private parseOperatorAndValues(key: Token): LabelRequirement {
    const token = this.take();
    const operator = Object.hasOwn(operatorsOfTokens, token.text) ? operatorsOfTokens[token.text] : undefined;
    if (operator === undefined) throw refusal(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`, token);
    const values = token.kind === 'word' ? this.parseValues() : [this.parseExactValue()];
    const unique = [...new Map(values.map((value) => [value.text, value])).values()].sort((a, b) => (a.text < b.text ? -1 : 1));
    const problems: string[] = [];
    for (const [i, value] of unique.entries()) {
      if (operator === 'GreaterThan' || operator === 'LessThan') {
        if (parseInteger(value.text) === undefined) {
          problems.push(`values[${i}]: ${invalidWords(value.text, ["for 'Gt', 'Lt' operators, the value must be an integer"])}`);
        }
      }
      const words = labelValueProblems(value.text);
      if (words.length > 0) problems.push(`values[${i}][${key.text}]: ${invalidWords(value.text, words)}`);
    }
    if (problems.length > 0) throw refusal(problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`, unique[0] ?? key);
    return { key: key.text, operator, values: unique.map((value) => value.text) };
  }

  private parseExactValue(): Token {
    const token = this.next();
    if (token.kind === 'end' || token.text === ',') return { kind: 'identifier', text: '', offset: token.offset };
    this.take();
    if (!isIdentifier(token)) throw refusal(`found '${token.text}', expected: identifier`, token);
    return token;
  }

  /** `(a,b)`; `()`, `(,a)` and `(a,,b)` hold the empty value. */
  private parseValues(): Token[] {
    const open = this.take();
    if (open.text !== '(') throw refusal(`found '${open.text}' expected: '('`, open);
    const first = this.next();
    if (!isIdentifier(first) && first.text !== ',' && first.text !== ')') {
      throw refusal(`found '${first.text}', expected: ',', ')' or identifier`, first);
    }
    const values: Token[] = [];
    for (;;) {
      const token = this.take();
      if (isIdentifier(token)) {
        values.push(token);
        const after = this.next();
        if (after.text !== ',' && after.text !== ')') throw refusal(`found '${after.text}', expected: ',' or ')'`, after);
        if (after.text === ')') break;
      } else if (token.text === ',') {
        const next = this.next().text;
        if (values.length === 0 || next === ',' || next === ')') values.push({ kind: 'identifier', text: '', offset: token.offset });
        if (next === ')') break;
      } else if (token.text === ')') {
        return [{ kind: 'identifier', text: '', offset: token.offset }];
      } else {
        throw refusal(`found '${token.text}', expected: ',', or identifier`, token);
      }
    }
    this.take();
    return values;
  }

  private next(): Token {
    return this.tokens[this.position] ?? { kind: 'end', text: '', offset: 0 };
  }

  private take(): Token {
    const token = this.next();
    if (this.position < this.tokens.length - 1) this.position++;
    return token;
  }
}

function isIdentifier(token: Token): boolean {
  return token.kind === 'identifier' || token.kind === 'word';
}

function refusal(message: string, at: Token): Refusal {
  return new Refusal(message, at.offset);
}

function invalidWords(value: string, problems: readonly string[]): string {
  return formatFieldErrorBody({ reason: 'FieldValueInvalid', field: '', value, message: problems.join('; ') });
}
