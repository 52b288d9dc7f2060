/** Values that programs trip over, and plausible ones beside them. */
import type { Random } from '@weir/testkit';

const names = [
  'a',
  'one',
  'two',
  'x-',
  'default',
  'open',
  'kube-system',
  'main',
  'web',
  'n1',
  'spec',
  'status',
  'metadata',
  'app',
  'role.example.com',
];

const hostileTexts: readonly string[] = [
  '',
  ' ',
  '.',
  '..',
  '../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '/',
  '//',
  '\\',
  '\0',
  'a\0b',
  '\r\n',
  'a\r\nSet-Cookie: b',
  '\u001b[2J',
  '\u2028',
  '\ud800',
  '\ufeff',
  '𝒳'.repeat(40),
  'A',
  'UPPER',
  '-',
  '-a',
  'a-',
  'a..b',
  'x'.repeat(63),
  'x'.repeat(64),
  'x'.repeat(253),
  'x'.repeat(254),
  'x'.repeat(3_000),
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'null',
  'true',
  '0',
  '-0',
  '-1',
  '1e400',
  'NaN',
  'Infinity',
  '9007199254740993',
  '18446744073709551616',
  '0x10',
  '1Ki',
  '1e-400m',
  '99999999999999999999E',
  '*',
  '**',
  '(a+)+$',
  '%',
  '%s%n',
  '%zz',
  '${jndi:ldap://x}',
  '{{.}}',
  '$(A)',
  '<a>',
  '&a *a',
  '!!js/function',
  '{"a":1}',
  '[]',
  'a=b',
  'a in (b)',
  'a,,b',
  '127.0.0.1',
  '::ffff:1.2.3.4',
  '10.0.0.0/8',
  '10.0.0.0/33',
  '256.1.1.1',
  '2020-01-01T00:00:00Z',
  '2020-13-45T99:99:99Z',
  '+275760-09-13T00:00:00.001Z',
  'application/json',
  'kubernetes.io/metadata.name',
  'eyJhbGciOiJub25lIn0.e30.',
];

const hostileNumbers: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  80,
  443,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 63),
  1e21,
  1e308,
  5e-324,
];

/** A name that may exist or may not. */
export function name(random: Random): string {
  return random.chance(0.6) ? 'one' : random.pick(names);
}

/** A text: a name, something hostile, or noise. */
export function text(random: Random): string {
  if (random.chance(0.5)) return name(random);
  if (random.chance(0.8)) return random.pick(hostileTexts);
  return String.fromCharCode(...random.times(random.integer(0, 20), () => random.integer(0, 0xffff)));
}

/** A number, mostly at the edge of something. */
export function number(random: Random): number {
  return random.chance(0.7) ? random.pick(hostileNumbers) : random.integer(-100, 100_000);
}

/** Any JSON value, not deeper than `depth`. */
export function anyValue(random: Random, depth = 3): unknown {
  switch (random.integer(0, depth > 0 ? 6 : 4)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return number(random);
    case 3:
    case 4:
      return text(random);
    case 5:
      return random.times(random.integer(0, 4), () => anyValue(random, depth - 1));
    default:
      return Object.fromEntries(random.times(random.integer(0, 4), () => [text(random), anyValue(random, depth - 1)]));
  }
}

/** Bytes without meaning. */
export function noise(random: Random, longest: number): Buffer {
  return Buffer.from(random.times(random.integer(0, longest), () => random.integer(0, 255)));
}

/** Some of the bytes changed, cut off or doubled. */
export function damaged(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0) return noise(random, 8);
  const copy = Buffer.from(bytes);
  for (let count = random.integer(1, 4); count > 0; count -= 1) copy[random.integer(0, copy.length - 1)] = random.integer(0, 255);
  const at = random.integer(0, copy.length);
  if (random.chance(0.3)) return copy.subarray(0, at);
  if (random.chance(0.3)) return Buffer.concat([copy.subarray(0, at), copy.subarray(random.integer(0, at))]);
  return copy;
}
