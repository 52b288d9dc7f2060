/**
 * The few fields that are read of objects which policies refer to.
 *
 * Such objects come from outside and nobody has checked them; what is not of its type is as good as absent.
 */
import type { KubeObject } from '@weir/kube';

/** The blocks of a CiliumCIDRGroup. */
export function blocksOfGroup(group: KubeObject): readonly string[] {
  return texts(list(at(group, 'spec', 'externalCIDRs')));
}

/** The labels by which a service selects pods; empty where it selects none. */
export function selectorOfService(service: KubeObject): Readonly<Record<string, string>> {
  const selector = at(service, 'spec', 'selector');
  if (typeof selector !== 'object' || selector === null) return {};
  // A value that is no text stays a condition, which no label fulfils.
  return Object.fromEntries(
    Object.entries(selector).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

/** The addresses of the endpoints in an EndpointSlice. */
export function addressesOfSlice(slice: KubeObject): readonly string[] {
  return list(at(slice, 'endpoints')).flatMap((endpoint) => texts(list(at(endpoint, 'addresses'))));
}

/** The addresses of a node; its names among them are no addresses for whoever parses them. */
export function addressesOfNode(node: KubeObject): readonly string[] {
  return texts(list(at(node, 'status', 'addresses')).map((entry) => at(entry, 'address')));
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (parent, name) => (typeof parent === 'object' && parent !== null ? (parent as Readonly<Record<string, unknown>>)[name] : undefined),
    value,
  );
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(values: readonly unknown[]): readonly string[] {
  return values.filter((value) => typeof value === 'string');
}
