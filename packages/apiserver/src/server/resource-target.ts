/**
 * What a path means: a resource, an object, a subresource, or none of these.
 *
 * `/api/v1/…` is the core group, `/apis/GROUP/VERSION/…` any other; then
 * `[namespaces/NS/]PLURAL[/NAME[/SUBRESOURCE]]`.
 */
import type { ResourceDefinition, ResourceRegistry } from '@weir/kube';

/** What a request addresses. */
export interface ResourceTarget {
  readonly definition: ResourceDefinition;
  /** Empty for cluster scope and for lists over all namespaces. */
  readonly namespace: string;
  /** Empty for the collection. */
  readonly name: string;
  /** Empty for the object itself. */
  readonly subresource: string;
}

/** Reads a decoded path; undefined when it addresses nothing that the registry knows. */
export function parseResourcePath(path: string, registry: ResourceRegistry): ResourceTarget | undefined {
  const parts = path.split('/').slice(1);
  if (parts.at(-1) === '') parts.pop();
  const core = parts[0] === 'api';
  if (!core && parts[0] !== 'apis') return undefined;
  const [group, version, rest] = core ? ['', parts[1], parts.slice(2)] : [parts[1], parts[2], parts.slice(3)];
  if (group === undefined || version === undefined || rest.some((part) => part === '')) return undefined;
  return core && rest[0] === 'namespaces' && isNamespaceItself(rest, registry, version)
    ? targetOf(registry.find('', version, 'namespaces'), '', rest.slice(1))
    : inNamespace(registry, { group, version }, rest);
}

/** `namespaces`, `namespaces/NS` and the subresources of a namespace, as opposed to things inside one. */
function isNamespaceItself(rest: readonly string[], registry: ResourceRegistry, version: string): boolean {
  if (rest.length <= 2) return true;
  const definition = registry.find('', version, 'namespaces');
  return rest.length === 3 && (definition?.subresources.some((subresource) => subresource.name === rest[2]) ?? false);
}

function inNamespace(
  registry: ResourceRegistry,
  gv: { readonly group: string; readonly version: string },
  rest: readonly string[],
): ResourceTarget | undefined {
  const namespaced = rest[0] === 'namespaces' && rest.length > 2;
  const [plural, ...after] = namespaced ? rest.slice(2) : rest;
  const definition = plural === undefined ? undefined : registry.find(gv.group, gv.version, plural);
  if (definition === undefined || (namespaced && !definition.namespaced)) return undefined;
  // An object of a namespaced kind is always addressed inside its namespace.
  if (!namespaced && definition.namespaced && after.length > 0) return undefined;
  return targetOf(definition, namespaced ? (rest[1] ?? '') : '', after);
}

function targetOf(definition: ResourceDefinition | undefined, namespace: string, after: readonly string[]): ResourceTarget | undefined {
  if (definition === undefined || after.length > 2) return undefined;
  const [name = '', subresource = ''] = after;
  if (subresource !== '' && !definition.subresources.some((known) => known.name === subresource)) return undefined;
  return { definition, namespace, name, subresource };
}
