import { describe, expect, it } from 'vitest';
import { contentKey, sha256 } from '../src/delta/content-key.ts';

/** A text, how often it is repeated, and what OpenSSL's SHA-256 makes of its UTF-16BE bytes. */
const vectors: readonly (readonly [string, number, string])[] = [
  ['', 0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['a', 1, '022a6979e6dab7aa5ae4c3e5e45f7e977112a7e63593820dbec1ec738a24f93c'],
  ['a', 27, '8341c304c9db1db18b6150024090a628513425423793036a7d8f091ebdf043de'],
  ['a', 28, '69696e1535f417669385ecf2b3c4ffe6aa8aefb9444b54ffa395b9777dbe1662'],
  ['a', 29, '763ac69167faf1f58e79cbd94c4b658f0f2158d10705383d33019818968a9955'],
  ['a', 32, '0e63f43dfa956c00dd06130520d942dfd0a4301c79010af14df421d8ae74afef'],
  ['ä€𝄞', 40, '7c59b1a59532f31ee40f4d921f3d798847cdc5e7f49621296c794cca42f350e2'],
  ['a', 1000, 'a58ca791359412ea91cad3d8112e824ea43378e419b4151fb334d6e8b800d533'],
];

describe('S4 keys of contents', () => {
  it.each(vectors)('are digests as OpenSSL computes them: %j × %i', (text, times, digest) => {
    const words = [...sha256(text.repeat(times))];
    expect(words.map((word) => word.toString(16).padStart(8, '0')).join('')).toBe(digest);
  });

  it('are the text itself where it is short, except when that looks like a digest', () => {
    expect(contentKey('address must all')).toBe('address must all');
    expect(contentKey('#abc')).not.toBe('#abc');
    expect(contentKey('a'.repeat(100))).toBe('#gf7MmBPA-WIwJLrEu_70C8');
  });
});
