/** Whether one can tell which object an object from outside is. */

/** What is wrong with the identity, in a few words: `it has no name`; undefined when it can be read. */
export function identityProblem(object: unknown): string | undefined {
  const metadata = typeof object === 'object' && object !== null && 'metadata' in object ? object.metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null) return 'it has no metadata';
  const { name, namespace, uid, resourceVersion } = metadata as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || name === '') return 'it has no name';
  if (!isText(namespace)) return 'its namespace is no text';
  if (!isText(uid)) return 'its uid is no text';
  return isText(resourceVersion) ? undefined : 'its resourceVersion is no text';
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
