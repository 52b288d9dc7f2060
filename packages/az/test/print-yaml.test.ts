/** YAML as az prints it: rows were written by PyYAML 6 (`safe_dump`, block style, Unicode allowed). */
import { describe, expect, it } from 'vitest';
import { printYaml } from '../src/output/print-yaml.ts';

const sentence = 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen';

describe('-o yaml writes', () => {
  it.each<readonly [unknown, string]>([
    [{ y: 'n', n: 'y' }, 'n: y\ny: n\n'],
    [{ yes: 'no', on: 'off', '1': '010' }, "'1': '010'\n'on': 'off'\n'yes': 'no'\n"],
    [
      ['0x10', '1_000', '12:30', '2001-01-01', '=', '<<', '.5', '0o7', 'null', '~', ''],
      "- '0x10'\n- '1_000'\n- '12:30'\n- '2001-01-01'\n- '='\n- '<<'\n- '.5'\n- 0o7\n- 'null'\n- '~'\n- ''\n",
    ],
    [
      ['- a', 'a: b', 'a #b', '#', '*a', '?x', '?', 'a:', ':a', "it's", '"q"'],
      "- '- a'\n- 'a: b'\n- 'a #b'\n- '#'\n- '*a'\n- ?x\n- '?'\n- 'a:'\n- :a\n- it's\n- '\"q\"'\n",
    ],
    [{ a: 'a\nb', b: { c: 'x\ny' } }, "a: 'a\n\n  b'\nb:\n  c: 'x\n\n    y'\n"],
    [[' a', 'a ', 'a\tb', 'a \nb', '\u0007', '日本', '\u00a0'], '- \' a\'\n- \'a \'\n- "a\\tb"\n- "a \\nb"\n- "\\a"\n- 日本\n- \u00a0\n'],
    [{ a: sentence }, 'a: one two three four five six seven eight nine ten eleven twelve thirteen fourteen\n  fifteen sixteen\n'],
    [[[1, [true, null]], [], {}, { a: [], b: {} }], '- - 1\n  - - true\n    - null\n- []\n- {}\n- a: []\n  b: {}\n'],
    [{ a: [{ b: 1, c: [2] }] }, 'a:\n- b: 1\n  c:\n  - 2\n'],
    ['plain', 'plain\n...\n'],
    ['yes', "'yes'\n"],
    [3, '3\n...\n'],
  ])('%j', (value, text) => {
    expect(printYaml(value)).toBe(text);
  });
});
