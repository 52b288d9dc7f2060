import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CalicoSelector, formatCalicoSelector, parseCalicoSelector } from '../../src/index.ts';

function parsed(text: string): CalicoSelector {
  const result = parseCalicoSelector(text);
  if (result.kind === 'refused') throw new Error(`${text}: ${result.message} at ${result.offset}`);
  return result.selector;
}

const canonical = (text: string): string => formatCalicoSelector(parsed(text));

describe('the selector language of Calico', () => {
  it.each([
    ['', 'all()'],
    [' \t', 'all()'],
    [' all() ', 'all()'],
    ['(all() )', 'all()'],
    ['all( )', 'all()'],
    ['global()', 'global()'],
    [`a=='b'`, `a == "b"`],
    [`a!='"'`, `a != '"'`],
    [`a == "'"`, `a == "'"`],
    [`a startswith 'x'`, `a starts with "x"`],
    [`a starts  with 'x'`, `a starts with "x"`],
    [`a ends\twith 'x'`, `a ends with "x"`],
    [`a contains "x"`, `a contains "x"`],
    [`a in {"z", "z", "x",}`, `a in {"x", "z"}`],
    ['a in {}', 'a in {}'],
    [`a notin {'b'}`, `a not in {"b"}`],
    [`a not  in{'b'}`, `a not in {"b"}`],
    ['has( a )', 'has(a)'],
    [`! (has( b)||! has(a ))`, '!(has(b) || !has(a))'],
    [`! (a == "b"&&! c != "d")`, `!(a == "b" && !c != "d")`],
    ['!!has(a)', 'has(a)'],
    ['!!! has(a)', '!has(a)'],
    [`a == 'b' && c == 'd' || has(e)`, `((a == "b" && c == "d") || has(e))`],
    [`a == 'b' && (c == 'd' || has(e))`, `(a == "b" && (c == "d" || has(e)))`],
    [`in == 'x'`, `in == "x"`],
    [`contains contains 'x'`, `contains contains "x"`],
    [`all == 'x'`, `all == "x"`],
    [`has == 'x'`, `has == "x"`],
    [`not not in {'x'}`, `not not in {"x"}`],
    [`projectcalico.org/namespace == 'default'`, `projectcalico.org/namespace == "default"`],
  ])('%j is %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  it.each([
    [`b == b`, 'expected string', 5],
    [`b contains b`, 'expected string', 11],
    [`'b1' == b`, 'unexpected token: TokStringLiteral(b1)', 0],
    ['b', 'unexpected end of string looking for op', 1],
    ['a b', 'expected operator after label "a"', 2],
    ['a inx', 'expected operator after label "a"', 2],
    ['!', 'unexpected token: TokEOF()', 1],
    [`foo == "bar" &`, 'expected &&', 13],
    [`foo == "bar" |`, 'expected ||', 13],
    [`foo = "bar"`, 'expected ==', 4],
    ['foo != ||', 'expected string', 7],
    ['foo in {"", ||', 'expected }', 12],
    ['foo in ""', 'expected set literal', 7],
    ['foo && has(a)', 'expected == or != not: TokAnd()', 4],
    ['"FOO', 'unterminated string', 0],
    [`'FOO"`, 'unterminated string', 0],
    ['(', 'unexpected token: TokEOF()', 1],
    ['(a == "foo"', 'expected )', 11],
    [')', 'unexpected token: TokRParen()', 0],
    ['()', 'unexpected token: TokRParen()', 1],
    ['%', 'expected identifier', 0],
    ['a == "b" && %', 'expected identifier', 12],
    ['a == "b"\n&& has(c)', 'expected identifier', 8],
    ['has(foo) &&', 'unexpected token: TokEOF()', 11],
    ['has (a)', 'expected == or != not: TokLParen()', 4],
    ['has(', 'no label name in has( expression', 4],
    ['has(a', "no closing ')' after has(", 5],
    ['all(a)', "no closing ')' after all(", 4],
    ['has(a) has(b)', 'unexpected content at end of selector [TokHas(b) TokEOF()]', 7],
    [`has(${'a'.repeat(513)})`, 'a label has at most 512 characters', 4],
    [`${'('.repeat(201)}has(a)${')'.repeat(201)}`, 'more than 200 parentheses in each other', 200],
  ])('%j is refused: %s', (text, message, offset) => {
    expect(parseCalicoSelector(text)).toEqual({ kind: 'refused', message, offset });
  });

  it('every expression is read back from its canonical form, which is its own', () => {
    fc.assert(
      fc.property(selectors, (selector) => {
        const text = formatCalicoSelector(selector);
        expect(canonical(text)).toBe(text);
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it('any text is read or refused at a place in it', () => {
    const pieces = fc.constantFrom(
      'a',
      'in',
      'not',
      ' ',
      '(',
      ')',
      '{',
      '}',
      ',',
      '==',
      '!=',
      '!',
      '&&',
      '||',
      '"x"',
      "'",
      'has(',
      'all()',
      '\n',
      'é',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const text = parts.join('');
        const result = parseCalicoSelector(text);
        if (result.kind === 'refused') expect(result.offset).toBeLessThanOrEqual(text.length);
      }),
      { seed: 8, numRuns: 2_000 },
    );
  });
});

const names = fc.stringMatching(/^[A-Za-z0-9_./-]{1,12}$/);
const values = fc.stringMatching(/^([^"]{0,8}|[^']{0,8})$/);
const { selector: selectors } = fc.letrec<{ selector: CalicoSelector }>((tie) => ({
  selector: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant<CalicoSelector>({ kind: 'all' }),
    fc.record({ kind: fc.constant('has' as const), label: names }),
    fc.record({
      kind: fc.constant('text' as const),
      label: names,
      operator: fc.constantFrom('==' as const, '!=' as const, 'contains' as const, 'starts with' as const, 'ends with' as const),
      value: values,
    }),
    fc.record({
      kind: fc.constant('set' as const),
      label: names,
      operator: fc.constantFrom('in' as const, 'not in' as const),
      values: fc.array(values, { maxLength: 3 }).map((some) => [...new Set(some)].sort()),
    }),
    fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), of: fc.array(tie('selector'), { minLength: 2, maxLength: 3 }) }),
  ),
}));
