/** Small objects for tests. */

/** A pod with one container. */
export function pod(name: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...(extra['metadata'] as object) },
    spec: { containers: [{ name: 'c', image: 'x:1' }], ...(extra['spec'] as object) },
  };
}

/** A config map. */
export function configMap(name: string, data: Record<string, string>, metadata: Record<string, unknown> = {}): Record<string, unknown> {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}

/** A service with the given spec; one port unless the spec says otherwise. */
export function service(name: string, spec: Record<string, unknown> = {}): Record<string, unknown> {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } };
}
