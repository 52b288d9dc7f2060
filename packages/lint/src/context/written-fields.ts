/** Everything that is written in a policy, whatever its API: the lists and objects of its specs with their paths. */
import type { LintPolicy } from './lint-policy.ts';

/** A list or an object. */
export interface WrittenField {
  /** `spec.ingress[0].source`. */
  readonly path: string;
  /** The name of the field; empty for the members of a list. */
  readonly name: string;
  readonly value: readonly unknown[] | Readonly<Record<string, unknown>>;
}

/** From the outside in. */
export function* writtenFields({ object }: Pick<LintPolicy, 'object'>): Iterable<WrittenField> {
  const fields = object as unknown as Readonly<Record<string, unknown>>;
  for (const root of ['spec', 'specs']) yield* fieldsIn(fields[root], root, '');
}

function* fieldsIn(value: unknown, path: string, name: string): Iterable<WrittenField> {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    yield { path, name, value };
    for (const [i, member] of value.entries()) yield* fieldsIn(member, `${path}[${i}]`, '');
    return;
  }
  yield { path, name, value: value as Readonly<Record<string, unknown>> };
  for (const [key, member] of Object.entries(value)) yield* fieldsIn(member, `${path}.${key}`, key);
}
