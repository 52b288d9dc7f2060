import { describe, expect, it } from 'vitest';
import { duplicateFields } from '../../src/rest/duplicate-fields.ts';

const find = (text: string): string[] => duplicateFields(new TextEncoder().encode(text), JSON.parse(text));

describe('duplicate fields', () => {
  it.each([
    ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}', []],
    ['{"a":1,"a":2}', ['a']],
    ['{"a":{"x":1,"y":2},"a":{"x":1}}', ['a']],
    ['{"a":[{"b":1},{"b":1,"b":2}],"a":3}', ['a[1].b', 'a']],
    // The same key, written in another way.
    ['{"a":1,"\\u0061":2}', ['a']],
    ['{"":1,"":2}', ['']],
  ])('of %s are %j', (text, paths) => {
    expect(find(text)).toEqual(paths);
  });

  it.each(['{"a":":{","b":"\\":\\\\"}', '{"\\\\":1,":":2}', '{"é:":"ü:","__proto__":1}', '[":",{"a":[]}]', '":"', '[[],[]]'])(
    'are none in %s, whatever is in its strings',
    (text) => {
      expect(find(text)).toEqual([]);
    },
  );
});
