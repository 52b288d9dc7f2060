/** What stands in a field of an object, by the path that findings name. */

/** The value at `spec.ingress[0].from[1]`; undefined where there is none. */
export function valueAt(object: object, path: string): unknown {
  let value: unknown = object;
  for (const [, index, name] of path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[index ?? name ?? ''];
  }
  return value;
}
