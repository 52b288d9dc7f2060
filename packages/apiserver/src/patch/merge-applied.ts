/** The two halves of an apply: what is wanted is merged into what is there, what is given up is taken out. */
import { isJsonObject, type JsonObject, type ObjectSchema, type Schema } from '@weir/kube';
import { type FieldPath, isOneField, listElement, memberTypeOf } from './field-set.ts';

/** What is there with what is wanted in it, member by member where the schema says so. */
export function mergeApplied(live: unknown, applied: unknown, type: Schema | undefined): unknown {
  if (isOneField(type)) return applied;
  if (isJsonObject(applied)) {
    const result = new Map<string, unknown>(Object.entries(isJsonObject(live) ? live : {}));
    for (const [key, value] of Object.entries(applied)) result.set(key, mergeApplied(result.get(key), value, memberTypeOf(type, key)));
    return Object.fromEntries(result);
  }
  if (!Array.isArray(applied) || type?.kind !== 'list') return applied;
  const { merge, items } = type;
  const result = new Map<string, unknown>((Array.isArray(live) ? live : []).map((member: unknown) => [listElement(member, merge), member]));
  for (const member of applied as readonly unknown[]) {
    const element = listElement(member, merge);
    result.set(element, merge.kind === 'map' ? mergeApplied(result.get(element), member, items) : member);
  }
  return [...result.values()];
}

/**
 * Takes out what a manager had and nobody has any more. A named field of which it had something, and a member of a list,
 * goes with all that is in it, such as defaults; a map or list that becomes empty by that goes too, unless somebody wants it.
 */
export function removeGivenUp(
  object: JsonObject,
  { had, kept, schema }: { readonly had: ReadonlySet<FieldPath>; readonly kept: Iterable<FieldPath>; readonly schema: ObjectSchema },
): JsonObject {
  const covered = new Set<FieldPath>();
  for (const path of kept) for (const prefix of prefixesOf(elementsOf(path))) covered.add(JSON.stringify(prefix));
  const given = new Map<FieldPath, readonly string[]>();
  for (const path of had) {
    for (const [prefix, isNamed] of namedPrefixes(elementsOf(path), schema)) {
      const text = JSON.stringify(prefix);
      if ((isNamed || text === path) && !covered.has(text)) given.set(text, prefix);
    }
  }
  let result: unknown = object;
  // From the outside in: what goes as a whole is found by its keys, which are fields of it.
  for (const path of [...given.values()].sort((a, b) => a.length - b.length)) {
    result = removeAt(result, path, { type: schema, at: [], covered });
  }
  return (result ?? {}) as JsonObject;
}

function elementsOf(path: FieldPath): string[] {
  return JSON.parse(path) as string[];
}

function prefixesOf(elements: readonly string[]): (readonly string[])[] {
  return elements.map((_element, index) => elements.slice(0, index + 1));
}

/** The prefixes of a path, and of each whether it ends in a field that the schema names. */
function namedPrefixes(elements: readonly string[], schema: ObjectSchema): [readonly string[], boolean][] {
  let type: Schema | undefined = schema;
  return prefixesOf(elements).map((prefix) => {
    const element = prefix.at(-1) ?? '';
    const holder: Schema | undefined = type?.kind === 'orBoolean' ? type.object : type;
    const isField = element.startsWith('f:');
    const isNamed = isField && holder?.kind === 'object' && holder.fields.has(element.slice(2));
    type = isField ? memberTypeOf(type, element.slice(2)) : type?.kind === 'list' ? type.items : undefined;
    return [prefix, isNamed];
  });
}

interface Removal {
  readonly type: Schema | undefined;
  /** Where the value is. */
  readonly at: readonly string[];
  /** What stays even if it is empty. */
  readonly covered: ReadonlySet<FieldPath>;
}

function removeAt(value: unknown, path: readonly string[], { type, at, covered }: Removal): unknown {
  const [element = '', ...rest] = path;
  const below: Omit<Removal, 'type'> = { at: [...at, element], covered };
  const isKept = covered.has(JSON.stringify(at));
  if (element.startsWith('f:')) {
    if (!isJsonObject(value)) return value;
    const key = element.slice(2);
    const { [key]: member, ...others } = value;
    if (member === undefined) return value;
    const left = rest.length === 0 ? undefined : removeAt(member, rest, { ...below, type: memberTypeOf(type, key) });
    if (left !== undefined) return { ...value, [key]: left };
    return Object.keys(others).length === 0 && !isKept ? undefined : others;
  }
  if (!Array.isArray(value) || type?.kind !== 'list') return value;
  const members = (value as readonly unknown[]).flatMap((member) => {
    if (listElement(member, type.merge) !== element) return [member];
    const left = rest.length === 0 ? undefined : removeAt(member, rest, { ...below, type: type.items });
    return left === undefined ? [] : [left];
  });
  return members.length === 0 && !isKept ? undefined : members;
}
