/** The variables that tell a container of the services of its namespace (`pkg/kubelet/envvars`). */
import type { Service } from '@weir/kube';

/** Services of `namespace`, unless `links` is false, and always the API server's. */
export function serviceEnvironment(
  services: readonly Service[],
  { namespace, links }: { readonly namespace: string; readonly links: boolean },
): Readonly<Record<string, string>> {
  const chosen = new Map<string, Service>();
  for (const service of services) {
    const { name = '', namespace: home = '' } = service.metadata;
    const address = service.spec?.clusterIP ?? '';
    if (address === '' || address === 'None') continue;
    const isMaster = home === 'default' && name === 'kubernetes';
    // A namesake of the API server's service in the pod's own namespace comes before it.
    if (home === namespace && (links || isMaster)) chosen.set(name, service);
    else if (isMaster && !chosen.has(name)) chosen.set(name, service);
  }
  return Object.assign({}, ...Array.from(chosen.values(), variablesOf)) as Record<string, string>;
}

function variablesOf({ metadata, spec }: Service): Record<string, string> {
  const prefix = variableName(metadata.name ?? '');
  const address = spec?.clusterIP ?? '';
  const host = address.includes(':') ? `[${address}]` : address;
  const ports = spec?.ports ?? [];
  const variables: Record<string, string> = { [`${prefix}_SERVICE_HOST`]: address };
  const [first] = ports;
  if (first !== undefined) variables[`${prefix}_SERVICE_PORT`] = String(first.port);
  for (const { name, port } of ports) {
    if (name !== undefined && name !== '') variables[`${prefix}_SERVICE_PORT_${variableName(name)}`] = String(port);
  }
  for (const [i, { port, protocol = 'TCP' }] of ports.entries()) {
    const lower = protocol.toLowerCase();
    const url = `${lower}://${host}:${port}`;
    if (i === 0) variables[`${prefix}_PORT`] = url;
    const link = `${prefix}_PORT_${port}_${protocol}`;
    Object.assign(variables, { [link]: url, [`${link}_PROTO`]: lower, [`${link}_PORT`]: String(port), [`${link}_ADDR`]: address });
  }
  return variables;
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
