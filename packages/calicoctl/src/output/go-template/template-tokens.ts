/** Cuts a template into text and the words of its actions; blanks that `{{-` and `-}}` trim are gone. */
import { CalicoctlError } from '../../calicoctl-error.ts';

/** One word of an action, or the text between two. */
export interface Token {
  readonly kind: 'text' | 'open' | 'close' | 'word' | 'field' | 'variable' | 'string' | 'number' | 'sign';
  /** As written; of strings what they mean. */
  readonly text: string;
  readonly line: number;
  /** A blank stands before it: `.a .b` are two operands, `.a.b` is one. */
  readonly isApart: boolean;
}

/** Says where a template is wrong, as Go does. */
export function templateError(line: number, what: string): CalicoctlError {
  return new CalicoctlError(`template: get:${line}: ${what}`);
}

const opening = /\{\{(- )?/g;
const word =
  /(?<space>\s+)|(?<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)+')|(?<number>[+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))|(?<variable>\$[A-Za-z0-9_]*)|(?<field>\.[A-Za-z_][A-Za-z0-9_]*)|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<sign>:=|[=|(),.])/y;

/** All tokens of a template. Throws with the line of what is none. */
export function templateTokens(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimsNext = false;
  const lineAt = (position: number): number => source.slice(0, position).split('\n').length;
  const addText = (end: number, trimsEnd: boolean): void => {
    let text = source.slice(at, end);
    if (trimsNext) text = text.trimStart();
    if (trimsEnd) text = text.trimEnd();
    if (text !== '') tokens.push({ kind: 'text', text, line: lineAt(at), isApart: false });
  };
  for (;;) {
    opening.lastIndex = at;
    const open = opening.exec(source);
    if (open === null) break;
    addText(open.index, open[1] !== undefined);
    const start = opening.lastIndex;
    const comment = /^\s*\/\*[\s\S]*?\*\/\s*?(?= -\}\}|\s*\}\})/.exec(source.slice(start));
    const end = comment === null ? readAction(source, start, { tokens, line: lineAt }) : start + comment[0].length;
    const close = /^\s*?( -)?\}\}/.exec(source.slice(end));
    if (close === null) throw templateError(lineAt(start), 'unclosed action');
    trimsNext = close[1] !== undefined;
    at = end + close[0].length;
  }
  addText(source.length, false);
  return tokens;
}

interface Reading {
  readonly tokens: Token[];
  readonly line: (position: number) => number;
}

/** Reads the words of one action; gives the place of what closes it. */
function readAction(source: string, start: number, { tokens, line }: Reading): number {
  tokens.push({ kind: 'open', text: '{{', line: line(start), isApart: false });
  let at = start;
  let isApart = true;
  while (!/^\s*( -)?\}\}/.test(source.slice(at, at + 200))) {
    word.lastIndex = at;
    const match = word.exec(source);
    if (match === null)
      throw templateError(line(at), at >= source.length ? 'unclosed action' : `unexpected ${JSON.stringify(source[at])} in action`);
    at = word.lastIndex;
    const found = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined);
    const [kind = 'space', text = ''] = found ?? [];
    if (kind === 'space') isApart = true;
    else {
      const token = { kind: kind as Token['kind'], text: kind === 'string' ? unquoted(text) : text, line: line(at), isApart };
      tokens.push(text.startsWith("'") ? { ...token, kind: 'number', text: String(token.text.codePointAt(0)) } : token);
      isApart = false;
    }
  }
  tokens.push({ kind: 'close', text: '}}', line: line(at), isApart: true });
  return at;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\u0007', b: '\b', f: '\f', v: '\v' };

function unquoted(text: string): string {
  const inner = text.slice(1, -1);
  if (text.startsWith('`')) return inner;
  return inner.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))/gs, (_all, hex?: string, code?: string, one?: string) => {
    const digits = hex ?? code;
    return digits === undefined ? (escapes[one ?? ''] ?? one ?? '') : String.fromCodePoint(Number.parseInt(digits, 16));
  });
}
