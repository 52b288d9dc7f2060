/** Which member of a list a member was before: only lists of type map can tell. */
import { isJsonObject } from '../registry/json-object.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** Finds the old state of members; undefined for those that are new or cannot be told apart. */
export function oldMembers(schema: StructuralSchema, old: unknown): (member: unknown) => unknown {
  if (!Array.isArray(old) || schema.listType !== 'map') return () => undefined;
  const keyOf = (member: unknown): string =>
    JSON.stringify(schema.listMapKeys.map((key) => (isJsonObject(member) ? member[key] : undefined) ?? null));
  const before = new Map(old.map((member: unknown) => [keyOf(member), member]));
  return (member) => before.get(keyOf(member));
}
