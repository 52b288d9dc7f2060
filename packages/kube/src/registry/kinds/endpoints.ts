/** Where services lead: core/v1 Endpoints and discovery.k8s.io/v1 EndpointSlice. */
import { checkSupported, required } from '../../validation/field-rules.ts';
import { column, defineResource, objectAge, objectName } from '../define-resource.ts';
import { type JsonObject, listAt, numberAt, objectsAt, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

/** How many a cell shows before it says how many more there are. */
const shownMax = 3;

/** The entry of endpoints. */
export const endpointsResource: ResourceDefinition = defineResource({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  deprecationWarning: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  plural: 'endpoints',
  singular: 'endpoints',
  listKind: 'EndpointsList',
  shortNames: ['ep'],
  namespaced: true,
  defaults: (object) => {
    for (const subset of objectsAt(object, 'subsets')) {
      for (const port of objectsAt(subset, 'ports')) setDefault(port, 'protocol', 'TCP');
    }
    return object;
  },
  table: {
    columns: [column('Name'), column('Endpoints'), column('Age')],
    row: (object, nowMs) => ({ cells: [objectName(object), limited(socketAddresses(object), ','), objectAge(object, nowMs)] }),
  },
});

/** The entry of endpoint slices. */
export const endpointSliceResource: ResourceDefinition = defineResource({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
  countsGenerations: true,
  defaults: (object) => {
    for (const port of objectsAt(object, 'ports')) {
      setDefault(port, 'protocol', 'TCP');
      if (port['name'] === undefined) port['name'] = '';
    }
    return object;
  },
  validate: (object) => {
    if (textAt(object, 'addressType') === '') return [required('addressType')];
    return checkSupported('addressType', object['addressType'], ['IPv4', 'IPv6', 'FQDN']);
  },
  table: {
    columns: [column('Name'), column('AddressType'), column('Ports'), column('Endpoints'), column('Age')],
    row: (object, nowMs) => ({
      cells: [objectName(object), textAt(object, 'addressType'), slicePorts(object), sliceAddresses(object), objectAge(object, nowMs)],
    }),
  },
});

function socketAddresses(object: JsonObject): string[] {
  const result: string[] = [];
  for (const subset of objectsAt(object, 'subsets')) {
    const addresses = objectsAt(subset, 'addresses').map((address) => textAt(address, 'ip'));
    const ports = objectsAt(subset, 'ports');
    if (ports.length === 0) result.push(...addresses);
    for (const port of ports) {
      for (const address of addresses) {
        result.push(`${address.includes(':') ? `[${address}]` : address}:${numberAt(port, 'port') ?? 0}`);
      }
    }
  }
  return result;
}

function slicePorts(object: JsonObject): string {
  const ports = objectsAt(object, 'ports').map((port) => String(numberAt(port, 'port') ?? textAt(port, 'name')));
  return ports.length === 0 ? '<unset>' : limited(ports, ',');
}

function sliceAddresses(object: JsonObject): string {
  const addresses = objectsAt(object, 'endpoints').flatMap((endpoint) => listAt(endpoint, 'addresses').map(String));
  return addresses.length === 0 ? '<unset>' : limited(addresses, ',');
}

function limited(items: readonly string[], separator: string): string {
  if (items.length === 0) return '<none>';
  const more = items.length > shownMax ? ` + ${items.length - shownMax} more...` : '';
  return `${items.slice(0, shownMax).join(separator)}${more}`;
}
