import { expect, it } from 'vitest';
import { humanDuration } from '../../src/index.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

it.each([
  [-5 * second, '<invalid>'],
  [-second / 2, '0s'],
  [0, '0s'],
  [119 * second, '119s'],
  [2 * minute, '2m'],
  [2 * minute + 5 * second, '2m5s'],
  [10 * minute + 5 * second, '10m'],
  [179 * minute, '179m'],
  [3 * hour + 12 * minute, '3h12m'],
  [9 * hour + 12 * minute, '9h'],
  [47 * hour, '47h'],
  [2 * day, '2d'],
  [2 * day + 3 * hour, '2d3h'],
  [9 * day + 3 * hour, '9d'],
  [729 * day, '729d'],
  [731 * day, '2y1d'],
  [9 * 365 * day, '9y'],
])('%i ms are printed as %s', (milliseconds, text) => {
  expect(humanDuration(milliseconds)).toBe(text);
});
