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

const known = new WeakMap<object, readonly WrittenField[]>();

/** From the outside in. Several rules ask, and nothing changes an object. */
export function writtenFields({ object }: Pick<LintPolicy, 'object'>): readonly WrittenField[] {
  let found = known.get(object);
  if (found === undefined) {
    const fields = object as unknown as Readonly<Record<string, unknown>>;
    const all: WrittenField[] = [];
    for (const root of ['spec', 'specs']) addFieldsIn(fields[root], { path: root, name: '' }, all);
    known.set(object, (found = all));
  }
  return found;
}

function addFieldsIn(value: unknown, { path, name }: Pick<WrittenField, 'path' | 'name'>, found: WrittenField[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    found.push({ path, name, value });
    for (const [i, member] of value.entries())
      if (typeof member === 'object') addFieldsIn(member, { path: `${path}[${i}]`, name: '' }, found);
    return;
  }
  found.push({ path, name, value: value as Readonly<Record<string, unknown>> });
  for (const [key, member] of Object.entries(value))
    if (typeof member === 'object') addFieldsIn(member, { path: `${path}.${key}`, name: key }, found);
}
