/** What counts as a typo of what. */
import { expect, it } from 'vitest';
import { nearestWord } from '../src/context/near-words.ts';

it('a word that is written almost alike is the nearest, case before all', () => {
  expect(nearestWord('frontned', ['frontend', 'backend'])).toBe('frontend');
  expect(nearestWord('Web', ['web', 'wed'])).toBe('web');
  expect(nearestWord('bd', ['db', 'web'])).toBe('db');
  expect(nearestWord('monitorng', ['monitoring', 'minio'])).toBe('monitoring');
  expect(nearestWord('app.kubernetes.io/nmae', ['app.kubernetes.io/name', 'app.kubernetes.io/part-of'])).toBe('app.kubernetes.io/name');
});

it('a name of a series is no typo of another one, nor is a word that is unlike', () => {
  expect(nearestWord('team-a', ['team-b'])).toBeUndefined();
  expect(nearestWord('node1', ['node2', 'node10'])).toBeUndefined();
  expect(nearestWord('qa', ['qb'])).toBeUndefined();
  expect(nearestWord('frontend', ['backend'])).toBeUndefined();
  expect(nearestWord('prometheus', ['web', 'db'])).toBeUndefined();
});
