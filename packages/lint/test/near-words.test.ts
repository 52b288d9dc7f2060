/** What counts as a typo of what. */
import { editDistance } from '@weir/net';
import { Random } from '@weir/testkit';
import { expect, it } from 'vitest';
import { NearWords, nearestWord } from '../src/context/near-words.ts';

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

it('of many words the nearest is the one that a comparison with each of them finds', () => {
  const random = new Random(71);
  const letters = 'a b c A B - 1'.split(' ');
  const some = (): string => Array.from({ length: random.integer(1, 11) }, () => random.pick(letters)).join('');
  for (let round = 0; round < 12; round++) {
    const words = Array.from({ length: random.integer(1, 60) }, some);
    const near = new NearWords(words);
    for (let asked = 0; asked < 20; asked++) {
      const word = some();
      // One word at a time nothing is searched but compared.
      const alone = words.flatMap((one) => nearestWord(word, [one]) ?? []).map((one) => ({ one, cost: costOf(word, one) }));
      const [best] = alone.sort((a, b) => a.cost - b.cost || (a.one < b.one ? -1 : 1));
      expect(near.nearest(word), `${word} among ${words.join(' ')}`).toBe(best?.one);
    }
  }
});

function costOf(word: string, other: string): number {
  return word.toLowerCase() === other.toLowerCase() ? 0 : editDistance(word, other, 9);
}
