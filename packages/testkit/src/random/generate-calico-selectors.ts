/** Random texts of Calico's selector language: every operator and spelling, over labels that pods, namespaces and sets have. */
import { defined, unreachable } from '@weir/net';
import type { Random } from './random.ts';

type Pool = Readonly<Record<string, readonly string[]>>;

/** An expression over the labels of the pool, up to two operators deep. */
export function generateSelectorText(random: Random, pool: Pool): string {
  if (random.chance(0.12)) return random.pick(['all()', 'all( )', ' all() ']);
  return expression(random, pool, 2);
}

function expression(random: Random, pool: Pool, depth: number): string {
  const kind = depth === 0 ? 'one' : random.pick(['one', 'one', 'one', 'and', 'or', 'not', 'mixed'] as const);
  const next = (): string => expression(random, pool, depth - 1);
  switch (kind) {
    case 'and':
      return `${inner(next())} && ${inner(next())}`;
    case 'or':
      return `${next()}||${next()}`;
    case 'not':
      return `!${inner(next())}`;
    // `&&` binds tighter than `||`.
    case 'mixed':
      return `${comparison(random, pool)} || ${comparison(random, pool)}\t&& ${random.pick(['!', '!!', '! '])}${comparison(random, pool)}`;
    case 'one':
      return comparison(random, pool);
    default:
      return unreachable(kind);
  }
}

function inner(text: string): string {
  return /[&|]/.test(text) ? `(${text} )` : text;
}

function comparison(random: Random, pool: Pool): string {
  const key = random.chance(0.06) ? 'absent' : random.pick(Object.keys(pool));
  const values = pool[key] ?? ['none'];
  const value = random.pick(values);
  const part = random.pick([value, value.slice(0, 2), value.slice(1), '']);
  const quoted = (text: string): string => random.pick([`'${text}'`, `"${text}"`]);
  const list = random
    .sample(values, random.integer(0, 2))
    .map(quoted)
    .join(random.pick([', ', ',']));
  return random.pick([
    `${key} == ${quoted(value)}`,
    `${key}==${quoted(value)}`,
    `${key} != ${quoted(value)}`,
    `has(${key})`,
    `!has( ${key} )`,
    `${key} contains ${quoted(part)}`,
    `${key} ${random.pick(['starts with', 'startswith'])} ${quoted(part)}`,
    `${key} ${random.pick(['ends with', 'endswith'])} ${quoted(part)}`,
    `${key} in {${list}}`,
    `${key} ${random.pick(['not in', 'notin'])} { ${list}${list === '' ? '' : random.pick(['', ','])} }`,
  ]);
}

/** The labels that selectors of endpoints can ask for, those of namespaces and accounts among them. */
export function endpointPool(podLabels: Pool, { namespaces, accounts, namespaceLabels }: CalicoPools): Pool {
  const inherited = Object.entries(namespaceLabels).map(([key, values]) => [`pcns.${key}`, values] as const);
  return {
    ...podLabels,
    ...Object.fromEntries(inherited),
    'projectcalico.org/namespace': namespaces,
    'pcns.projectcalico.org/name': namespaces,
    'projectcalico.org/serviceaccount': accounts,
    'projectcalico.org/orchestrator': ['k8s'],
    'pcsa.grade': ['high', 'low'],
  };
}

/** Names and labels of a world beside those of its pods. */
export interface CalicoPools {
  readonly namespaces: readonly string[];
  readonly accounts: readonly string[];
  readonly namespaceLabels: Pool;
}

/** One that asks for something that is there. */
export function pickLabel(random: Random, pool: Pool): Record<string, string> {
  const key = random.pick(Object.keys(pool));
  return { [key]: random.pick(defined(pool[key], 'a key of the pool')) };
}
