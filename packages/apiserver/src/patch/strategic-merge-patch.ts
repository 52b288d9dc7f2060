/**
 * Strategic merge patch: a merge patch that knows by the schema which lists are merged by which key.
 *
 * Directives: `$patch: delete|replace|merge` in an object or a list member,
 * `$deleteFromPrimitiveList/FIELD`, `$setElementOrder/FIELD`, `$retainKeys`. Source: the contributor
 * documentation of strategic merge patch and `apimachinery/pkg/util/strategicpatch`.
 */
import { deepEqual, isJsonObject, type JsonObject, type ListPatch, type ObjectSchema, type Schema } from '@weir/kube';
import { unreachable } from '@weir/net';
import { goText } from './go-text.ts';
import { PatchError } from './patch-error.ts';

const deleteFromList = '$deleteFromPrimitiveList/';
const setElementOrder = '$setElementOrder/';

/** The object with the patch applied; neither argument is changed. Throws {@link PatchError}. */
export function applyStrategicMergePatch(object: JsonObject, patch: JsonObject, schema: ObjectSchema): JsonObject {
  return mergeObject(object, patch, schema);
}

function mergeObject(original: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  const directive = patch['$patch'];
  if (directive === 'delete') return {};
  if (directive === 'replace' || (schema?.kind === 'object' && schema.patch === 'replace')) return withoutDirectives(patch);
  if (directive !== undefined && directive !== 'merge') throw unknownType(patch);
  assertDirectives(patch);
  const result = new Map<string, unknown>(retained(original, patch));
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(deleteFromList)) deletePrimitives(result, key.slice(deleteFromList.length), value);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue;
    if (value === null) result.delete(key);
    else result.set(key, mergeValue(result.get(key), value, memberSchema(schema, key)));
  }
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(setElementOrder)) continue;
    const field = key.slice(setElementOrder.length);
    const list = result.get(field);
    if (!Array.isArray(list) || !Array.isArray(order)) continue;
    result.set(field, reorder(list, order, { before: listOf(original[field]), patch: patchOf(memberSchema(schema, field)) }));
  }
  return Object.fromEntries(result);
}

function mergeValue(original: unknown, patch: unknown, schema: Schema | undefined): unknown {
  if (isJsonObject(patch)) return mergeObject(isJsonObject(original) ? original : {}, patch, schema);
  if (Array.isArray(patch)) return mergeList(listOf(original), patch, schema);
  return patch;
}

function mergeList(original: readonly unknown[], patch: readonly unknown[], schema: Schema | undefined): unknown[] {
  const strategy = patchOf(schema);
  const items = schema?.kind === 'list' ? schema.items : undefined;
  switch (strategy.kind) {
    case 'replace':
      return patch.map((item) => (isJsonObject(item) ? withoutDirectives(item) : item));
    case 'union':
      return [...original, ...patch.filter((item) => !original.some((present) => deepEqual(present, item)))];
    case 'byKey':
      return mergeKeyedList(original, patch, { key: strategy.key, items });
    default:
      return unreachable(strategy);
  }
}

function mergeKeyedList(
  original: readonly unknown[],
  patch: readonly unknown[],
  options: { readonly key: string; readonly items: Schema | undefined },
): unknown[] {
  const { key, items } = options;
  for (const item of patch) {
    if (Array.isArray(item)) throw new PatchError('lists of lists are not supported');
    if (isJsonObject(item) && !['delete', 'replace', 'merge', undefined].includes(item['$patch'] as string | undefined))
      throw unknownType(item);
  }
  if (patch.some((item) => isJsonObject(item) && item['$patch'] === 'replace')) {
    return patch.filter((item) => !(isJsonObject(item) && item['$patch'] !== undefined));
  }
  let result = [...original];
  for (const item of patch) {
    if (!isJsonObject(item)) throw new PatchError(`a member of a list that is merged by ${key} must be an object`);
    const value = item[key];
    if (value === undefined || value === null) {
      throw new PatchError(`map: ${goText(item)} does not contain declared merge key: ${key}`, 'unexplained');
    }
    const at = result.findIndex((present) => isJsonObject(present) && deepEqual(present[key], value));
    if (item['$patch'] === 'delete') {
      result = result.filter((present) => !(isJsonObject(present) && deepEqual(present[key], value)));
    } else if (at < 0) result.push(mergeObject({}, item, items));
    else result[at] = mergeObject(result[at] as JsonObject, item, items);
  }
  return result;
}

function unknownType(patch: JsonObject): PatchError {
  return new PatchError(`unknown patch type: ${goText(patch['$patch'])} in map: ${goText(patch)}`, 'unexplained');
}

/** Directives are lists, and a patch retains whatever it sets. */
function assertDirectives(patch: JsonObject): void {
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(deleteFromList) && !Array.isArray(value))
      throw new PatchError('invalid patch format of primitive list', 'malformed');
    if (key.startsWith(setElementOrder) && !Array.isArray(value)) {
      throw new PatchError('invalid patch format of setElementOrder list', 'malformed');
    }
  }
  const keys = patch['$retainKeys'];
  if (keys === undefined) return;
  const sets = Object.keys(patch).filter((key) => !key.startsWith('$') && patch[key] !== null);
  if (!Array.isArray(keys) || !sets.every((key) => keys.includes(key))) {
    throw new PatchError('invalid patch format of retainKeys', 'malformed');
  }
}

/** With `$retainKeys` only the named fields of the original stay. */
function retained(original: JsonObject, patch: JsonObject): [string, unknown][] {
  const keys = patch['$retainKeys'];
  if (!Array.isArray(keys)) return Object.entries(original);
  return Object.entries(original).filter(([key]) => keys.includes(key));
}

function deletePrimitives(result: Map<string, unknown>, field: string, values: unknown): void {
  const list = result.get(field);
  if (!Array.isArray(list) || !Array.isArray(values)) return;
  result.set(
    field,
    list.filter((item) => !values.some((value) => deepEqual(item, value))),
  );
}

/**
 * Sorts the members that the order names as it says; members that only the server has keep their
 * place among them as well as the order before tells.
 */
function reorder(
  list: readonly unknown[],
  order: readonly unknown[],
  options: { readonly before: readonly unknown[]; readonly patch: ListPatch },
): unknown[] {
  const identity = (item: unknown): unknown => {
    if (options.patch.kind !== 'byKey' || !isJsonObject(item)) return item;
    return item[options.patch.key];
  };
  const indexIn = (items: readonly unknown[], item: unknown): number =>
    items.findIndex((other) => deepEqual(identity(other), identity(item)));
  const named = list.filter((item) => indexIn(order, item) >= 0).sort((a, b) => indexIn(order, a) - indexIn(order, b));
  const others = list.filter((item) => indexIn(order, item) < 0);
  const result: unknown[] = [];
  for (const item of named) {
    const place = indexIn(options.before, item);
    const next = others.findIndex((other) => indexIn(options.before, other) > place);
    if (place >= 0) result.push(...others.splice(0, next < 0 ? others.length : next));
    result.push(item);
  }
  return [...result, ...others];
}

function memberSchema(schema: Schema | undefined, key: string): Schema | undefined {
  if (schema?.kind === 'object') return schema.fields.get(key);
  return schema?.kind === 'map' ? schema.values : undefined;
}

function patchOf(schema: Schema | undefined): ListPatch {
  return schema?.kind === 'list' ? schema.patch : { kind: 'replace' };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function withoutDirectives(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key, value]) => !key.startsWith('$') && value !== null));
}
