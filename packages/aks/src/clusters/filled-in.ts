/** Defaults for what a body leaves out, also in the midst of an object: az sends `storageProfile: {}`. */
import { isJsonObject, type JsonObject } from '@weir/kube';

/** What is given, with the defaults where it says nothing. */
export function filledIn(given: JsonObject, defaults: JsonObject): JsonObject {
  const filled = Object.entries(defaults).map(([name, value]): [string, unknown] => {
    const own = given[name] ?? value;
    return [name, isJsonObject(own) && isJsonObject(value) ? filledIn(own, value) : own];
  });
  return { ...given, ...Object.fromEntries(filled) };
}
