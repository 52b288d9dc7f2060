/**
 * JSON values as trees, for code that handles any kind of object alike.
 *
 * The typed views of `objects/` describe the fields that Weir reads; a server must keep all others
 * too, so defaulting, validation and patches work on these trees.
 */

/** Any JSON object. */
export interface JsonObject {
  [key: string]: unknown;
}

/** Whether a value is a JSON object (neither null nor a list). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object at a key, or undefined when there is none (absent, null or of another type). */
export function objectAt(parent: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = parent?.[key];
  return isJsonObject(value) ? value : undefined;
}

/** The list at a key; empty when absent or of another type. */
export function listAt(parent: JsonObject | undefined, key: string): readonly unknown[] {
  const value = parent?.[key];
  return Array.isArray(value) ? value : [];
}

/** The objects of the list at a key; members that are no objects are left out. */
export function objectsAt(parent: JsonObject | undefined, key: string): readonly JsonObject[] {
  return listAt(parent, key).filter(isJsonObject);
}

/** The texts of the list at a key; other members are left out. */
export function stringsAt(parent: JsonObject | undefined, key: string): readonly string[] {
  return listAt(parent, key).filter((member) => typeof member === 'string');
}

/** The text at a key; empty when absent or of another type. */
export function textAt(parent: JsonObject | undefined, key: string): string {
  const value = parent?.[key];
  return typeof value === 'string' ? value : '';
}

/** The number at a key, or undefined when absent or of another type. */
export function numberAt(parent: JsonObject | undefined, key: string): number | undefined {
  const value = parent?.[key];
  return typeof value === 'number' ? value : undefined;
}

/** The number or text at a key (a port, a share, a quantity) as text; undefined when absent or of another type. */
export function scalarText(parent: JsonObject | undefined, key: string): string | undefined {
  const value = parent?.[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** The object at a key, made and put there when it is absent or null. */
export function ensureObject(parent: JsonObject, key: string): JsonObject {
  const present = objectAt(parent, key);
  if (present !== undefined) return present;
  const made: JsonObject = {};
  parent[key] = made;
  return made;
}

/** Sets a key when it is absent, null or the empty text, as Go's defaulting functions do. */
export function setDefault(parent: JsonObject, key: string, value: unknown): void {
  const present = parent[key];
  if (present === undefined || present === null || present === '') parent[key] = value;
}
