/** JSON that programs trip over, put into bodies that are right otherwise. */
import type { Random } from '@weir/testkit';

const texts: readonly string[] = [
  '',
  ' ',
  '.',
  '..',
  '../../etc/passwd',
  'a/b',
  '%2e%2e%2f',
  '\0',
  '\u202e',
  '\ud800',
  'ß'.repeat(200),
  'x'.repeat(91),
  'x'.repeat(5_000),
  '__proto__',
  'constructor',
  'toString',
  'null',
  '-1',
  '1e400',
  '1.34.999999',
  '1.34\n',
  '10.0.0.0/33',
  '::/0',
  '0.0.0.0/0',
  '10.0.0.0/8',
  'azure',
  'AZURE',
  'cilium',
  'none',
  'Windows',
  'System',
  'msi',
  '(a+)+$',
  '${jndi:ldap://x}',
  '<a>',
  'key=value:NoSchedule',
  '=:',
];

const numbers: readonly number[] = [0, -0, -1, 0.5, 250, 251, 1_000, 1_001, 2 ** 31, 2 ** 53, 1e21, 1e308, 5e-324];

/** A text. */
export function hostileText(random: Random): string {
  if (random.chance(0.8)) return random.pick(texts);
  return String.fromCharCode(...random.times(random.integer(0, 20), () => random.integer(0, 0xffff)));
}

/** Any value, not deeper than `depth`. */
export function hostileValue(random: Random, depth = 3): unknown {
  if (depth > 0 && random.chance(0.2)) return random.times(random.integer(0, 4), () => hostileValue(random, depth - 1));
  if (depth > 0 && random.chance(0.2)) {
    return Object.fromEntries(random.times(random.integer(0, 4), () => [hostileText(random), hostileValue(random, depth - 1)] as const));
  }
  if (random.chance(0.1)) return random.pick([null, true, false]);
  return random.chance(0.4) ? random.pick(numbers) : hostileText(random);
}

/** The value with `changes` of its parts, at any depth, replaced, renamed or taken away. */
export function withHostileParts(random: Random, value: unknown, changes: number): unknown {
  const copy = structuredClone(value);
  for (let change = 0; change < changes; change += 1) {
    const places = placesIn(copy);
    if (places.length === 0) return hostileValue(random);
    const { parent, key } = random.pick(places);
    if (random.chance(0.15)) delete parent[key];
    else if (random.chance(0.1)) parent[hostileText(random)] = parent[key];
    else parent[key] = hostileValue(random);
  }
  return copy;
}

interface Place {
  readonly parent: Record<string, unknown>;
  readonly key: string;
}

function placesIn(value: unknown): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const parent = value as Record<string, unknown>;
  return Object.keys(parent).flatMap((key) => [{ parent, key }, ...placesIn(parent[key])]);
}

/** Bytes with a few changed, taken away or put in. */
export function damaged(random: Random, bytes: Buffer): Buffer {
  const pieces = [...bytes];
  for (let change = random.integer(1, 6); change > 0 && pieces.length > 0; change -= 1) {
    const at = random.integer(0, pieces.length - 1);
    const kind = random.integer(0, 3);
    if (kind < 2) pieces[at] = random.integer(0, 255);
    else if (kind === 2) pieces.splice(at, random.integer(1, 8));
    else pieces.splice(at, 0, ...random.times(random.integer(1, 8), () => random.integer(0, 255)));
  }
  return Buffer.from(pieces);
}
