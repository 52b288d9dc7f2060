/** Interfaces as keys and elements of the sets about them. */
import { numberValue, type PlacedElement } from './element.ts';
import { type HostMap, namedInterfaces } from './host-sets.ts';

/** How many bytes a name has in a key, filled up with zeros. */
const nameBytes = 16;
const loopback = 'lo';

/** The key of maps for all interfaces; no interface can have such a name. */
export const everyInterface = '/';

/** The name as a key. */
export function interfaceKey(name: string): Uint8Array {
  const key = Buffer.alloc(nameBytes);
  key.write(name, 0, nameBytes - 1);
  return key;
}

/** The element that gives an interface its program in a place. */
export function interfaceElement(map: HostMap, name: string, program: number): PlacedElement {
  return { set: map, element: { key: interfaceKey(name), data: numberValue(program) } };
}

/** The elements of interfaces that an endpoint for all does not have. */
export function namedElements(names: readonly string[]): PlacedElement[] {
  return [...new Set([loopback, ...names])].map((name) => ({ set: namedInterfaces, element: { key: interfaceKey(name) } }));
}
