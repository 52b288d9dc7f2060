import { expect, it } from 'vitest';
import { illegalBase64At } from '../../src/registry/illegal-base64.ts';

// The offsets are those of Go's encoding/base64.
it.each([
  ['', undefined],
  ['aGVsbG8=', undefined],
  ['aGVs\nbG8=\n', undefined],
  ['aA==', undefined],
  ['aA=\n=', undefined],
  ['not base64!', 3],
  ['-_==', 0],
  ['aGVsbG8', 4],
  ['a', 0],
  ['=', 0],
  ['a===', 1],
  ['aA=', 3],
  ['aA=A', 2],
  ['aA==x', 4],
  ['aGVsbG8=x', 8],
])('%j is illegal at %j', (text, offset) => {
  expect(illegalBase64At(text)).toBe(offset);
});
