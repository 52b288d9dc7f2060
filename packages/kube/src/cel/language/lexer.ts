/** Splits an expression into tokens: the lexical part of the CEL grammar. */
import { CelSyntaxError } from '../cel-error.ts';

/** A token; `text` is the source of operators, names and numbers, and the meaning of strings and bytes. */
export interface Token {
  readonly kind: 'name' | 'quotedName' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'operator' | 'end';
  readonly text: string;
  readonly offset: number;
}

const blankPattern = /(?:[ \t\r\n\f]+|\/\/[^\n]*)+/y;
const numberPattern = /(?:0[xX][0-9a-fA-F]+|\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?|\d+)[uU]?/y;
const namePattern = /[A-Za-z_][A-Za-z0-9_]*/y;
const quotedNamePattern = /`([A-Za-z0-9_.\-/ ]+)`/y;
const operatorPattern = /\?\.|\[\?|==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()[\]{}]/y;
const stringStartPattern = /(?:[rR][bB]?|[bB][rR]?)?("""|'''|"|')/y;
const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};

/** All tokens of a text, the end included; throws a {@link CelSyntaxError}. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  for (;;) {
    offset += matchAt(blankPattern, text, offset)?.[0].length ?? 0;
    if (offset >= text.length) break;
    const [token, length] = tokenAt(text, offset);
    tokens.push(token);
    offset += length;
  }
  tokens.push({ kind: 'end', text: '<EOF>', offset: text.length });
  return tokens;
}

function tokenAt(text: string, offset: number): [Token, number] {
  const start = matchAt(stringStartPattern, text, offset);
  if (start !== undefined) return stringAt(text, offset, { prefix: start[0].slice(0, -(start[1] ?? '').length), quote: start[1] ?? '"' });
  const number = matchAt(numberPattern, text, offset)?.[0];
  if (number !== undefined) return [{ kind: kindOfNumber(number), text: number, offset }, number.length];
  const name = matchAt(namePattern, text, offset)?.[0];
  if (name !== undefined) return [{ kind: 'name', text: name, offset }, name.length];
  const quoted = matchAt(quotedNamePattern, text, offset);
  if (quoted !== undefined) return [{ kind: 'quotedName', text: quoted[1] ?? '', offset }, quoted[0].length];
  const operator = matchAt(operatorPattern, text, offset)?.[0];
  if (operator !== undefined) return [{ kind: 'operator', text: operator, offset }, operator.length];
  throw new CelSyntaxError(`Syntax error: token recognition error at: '${text[offset] ?? ''}'`, offset);
}

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | undefined {
  pattern.lastIndex = offset;
  return pattern.exec(text) ?? undefined;
}

function kindOfNumber(text: string): Token['kind'] {
  if (/[uU]$/.test(text)) return 'uint';
  return /^0[xX]/.test(text) || /^\d+$/.test(text) ? 'int' : 'double';
}

function stringAt(text: string, offset: number, form: { readonly prefix: string; readonly quote: string }): [Token, number] {
  const raw = /[rR]/.test(form.prefix);
  const kind = /[bB]/.test(form.prefix) ? 'bytes' : 'string';
  let value = '';
  let i = offset + form.prefix.length + form.quote.length;
  while (!text.startsWith(form.quote, i)) {
    const letter = text[i];
    if (letter === undefined || (form.quote.length === 1 && letter === '\n')) {
      throw new CelSyntaxError(`Syntax error: token recognition error at: '${text.slice(offset, i)}'`, offset);
    }
    if (letter === '\\' && !raw) {
      const [meaning, length] = escapeAt(text, i, kind);
      value += meaning;
      i += length;
      continue;
    }
    value += letter;
    i++;
  }
  return [{ kind, text: value, offset }, i + form.quote.length - offset];
}

const codePattern = /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/y;

function escapeAt(text: string, offset: number, kind: 'string' | 'bytes'): [string, number] {
  const simple = escapes[text[offset + 1] ?? ''];
  if (simple !== undefined) return [simple, 2];
  const match = matchAt(codePattern, text, offset);
  const hex = match?.[1] ?? match?.[2] ?? match?.[3];
  const code = hex === undefined ? Number.parseInt(match?.[4] ?? '', 8) : Number.parseInt(hex, 16);
  const isUnicode = match?.[2] !== undefined || match?.[3] !== undefined;
  if (match === undefined || Number.isNaN(code) || code > 0x10_ff_ff || (kind === 'bytes' && isUnicode)) {
    throw new CelSyntaxError(`Syntax error: invalid escape sequence at: '${text.slice(offset, offset + 2)}'`, offset);
  }
  return [String.fromCodePoint(code), match[0].length];
}
