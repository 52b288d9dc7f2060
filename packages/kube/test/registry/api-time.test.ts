import { expect, it } from 'vitest';
import { readApiTime, type TimePrecision } from '../../src/registry/api-time.ts';

it.each<[TimePrecision, string, string]>([
  ['seconds', '2024-02-29T23:59:59Z', '2024-02-29T23:59:59Z'],
  ['seconds', '2024-01-01T00:00:00.999999999Z', '2024-01-01T00:00:00Z'],
  ['seconds', '2024-01-01T00:30:00+01:00', '2023-12-31T23:30:00Z'],
  ['seconds', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  ['microseconds', '2024-01-01T00:00:00.123456Z', '2024-01-01T00:00:00.123456Z'],
  ['microseconds', '2024-01-01T00:00:00.000001-05:30', '2024-01-01T05:30:00.000001Z'],
])('with %s %s is told as %s', (precision, text, told) => {
  expect(readApiTime(text, precision)).toEqual({ kind: 'time', text: told });
});

it.each<[TimePrecision, string, string]>([
  ['seconds', '', ' as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006"'],
  ['seconds', 'yesterday', ' as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"'],
  ['seconds', '2024-01-01', ' as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
  ['seconds', '2024-01-01T00:00:00', ' as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"'],
  ['seconds', '2024-13-01T00:00:00Z', ': month out of range'],
  ['seconds', '2023-02-29T00:00:00Z', ': day out of range'],
  ['seconds', '2024-01-01T24:00:00Z', ': hour out of range'],
  ['seconds', '2024-01-01T00:00:60Z', ': second out of range'],
  ['seconds', '2024-01-01T00:00:00Z!', ': extra text: "!"'],
  ['microseconds', '2024-01-01T00:00:00Z', ' as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"'],
  ['microseconds', '2024-01-01T00:00:00.123Z', ' as "2006-01-02T15:04:05.000000Z07:00": cannot parse ".123Z" as ".000000"'],
])('with %s "%s" is refused', (precision, text, problem) => {
  expect(readApiTime(text, precision)).toEqual({ kind: 'refused', message: `parsing time ${JSON.stringify(text)}${problem}` });
});
