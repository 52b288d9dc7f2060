/** What a request for logs may ask. */
import { expect, test } from 'vitest';
import { ApiError } from '../../src/index.ts';
import { checkPodLogOptions } from '../../src/rest/pod-log-options.ts';

test.each([
  ['tailLines=-1', 422, 'PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0'],
  ['limitBytes=0', 422, 'PodLogOptions "web" is invalid: limitBytes: Invalid value: 0: must be greater than 0'],
  ['sinceSeconds=0', 422, 'PodLogOptions "web" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0'],
  ['sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z', 422, 'at most one of `sinceTime` or `sinceSeconds` may be specified'],
  ['tailLines=many', 400, 'strconv.ParseInt: parsing "many": invalid syntax'],
  ['sinceTime=yesterday', 400, 'parsing time "yesterday"'],
])('%s is refused with %i', (query, code, message) => {
  let refusal: unknown;
  try {
    checkPodLogOptions(new URLSearchParams(query), 'web');
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(ApiError);
  expect((refusal as ApiError).status).toMatchObject({ code, message: expect.stringContaining(message) });
});

test('what a client leaves out, or leaves empty, is no fault', () => {
  expect(() => checkPodLogOptions(new URLSearchParams('tailLines=0&limitBytes=1&sinceTime=&follow=true'), 'web')).not.toThrow();
});
