/** JSON merge patch (RFC 7396). */
import { isJsonObject, type JsonObject } from '@weir/kube';

/** The document with the patch applied; neither argument is changed. */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const result = new Map<string, unknown>(Object.entries(isJsonObject(document) ? document : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, applyMergePatch(result.get(key), value));
  }
  return Object.fromEntries(result) satisfies JsonObject;
}
