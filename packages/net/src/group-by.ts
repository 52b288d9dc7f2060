/** Values by keys that several of them share. */

/** Adds a value to those of its key. */
export function addToGroup<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const others = groups.get(key);
  if (others === undefined) groups.set(key, [value]);
  else others.push(value);
}

/** Every value by its key, keys and values in the order in which they came (as `Map.groupBy`, which Node 20 lacks). */
export function groupBy<K, V>(values: Iterable<V>, keyOf: (value: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const value of values) addToGroup(groups, keyOf(value), value);
  return groups;
}
