/** core/v1 Service as the API server knows it; addresses and node ports are allocated by its admission. */
import { serviceName } from '../../validation/validate-object-meta.ts';
import { validateService, validateServiceUpdate } from '../../validation/validate-service.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { formatLabels } from '../format-selector.ts';
import { ensureObject, type JsonObject, listAt, numberAt, objectAt, objectsAt, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

const serviceKind = { group: '', version: 'v1', kind: 'Service' };

/** The entry of services. */
export const serviceResource: ResourceDefinition = defineResource({
  ...serviceKind,
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  statusSubresource: true,
  subresources: [statusSubresource(serviceKind)],
  fieldLabels: {
    'spec.type': (service) => textAt(objectAt(service, 'spec'), 'type'),
    'spec.clusterIP': (service) => textAt(objectAt(service, 'spec'), 'clusterIP'),
  },
  validateName: serviceName,
  defaults: defaultService,
  prepareForCreate: (service) => {
    service['status'] = { loadBalancer: {} };
    return service;
  },
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  warnings: warnService,
  table: {
    columns: [
      column('Name'),
      column('Type', 'string', 'Type of the service'),
      column('Cluster-IP'),
      column('External-IP'),
      column('Port(s)'),
      column('Age'),
      column('Selector(w)'),
    ],
    row: (service, nowMs) => {
      const spec = objectAt(service, 'spec');
      return {
        cells: [
          objectName(service),
          textAt(spec, 'type'),
          textAt(spec, 'clusterIP') || '<none>',
          externalAddress(service),
          portList(spec),
          objectAge(service, nowMs),
          formatLabels(objectAt(spec, 'selector')),
        ],
      };
    },
  },
});

function defaultService(service: JsonObject): JsonObject {
  const spec = ensureObject(service, 'spec');
  setDefault(spec, 'type', 'ClusterIP');
  setDefault(spec, 'sessionAffinity', 'None');
  if (spec['sessionAffinity'] === 'ClientIP') {
    const clientIP = ensureObject(ensureObject(spec, 'sessionAffinityConfig'), 'clientIP');
    setDefault(clientIP, 'timeoutSeconds', 10_800);
  } else delete spec['sessionAffinityConfig'];
  for (const port of objectsAt(spec, 'ports')) {
    setDefault(port, 'protocol', 'TCP');
    if (port['targetPort'] === undefined || port['targetPort'] === 0 || port['targetPort'] === '') port['targetPort'] = port['port'];
  }
  const type = textAt(spec, 'type');
  if (type === 'NodePort' || type === 'LoadBalancer') setDefault(spec, 'externalTrafficPolicy', 'Cluster');
  if (type === 'LoadBalancer') setDefault(spec, 'allocateLoadBalancerNodePorts', true);
  if (type !== 'ExternalName') setDefault(spec, 'internalTrafficPolicy', 'Cluster');
  return service;
}

function externalAddress(service: JsonObject): string {
  const spec = objectAt(service, 'spec');
  const external = listAt(spec, 'externalIPs').map(String);
  switch (textAt(spec, 'type')) {
    case 'ExternalName':
      return textAt(spec, 'externalName');
    case 'LoadBalancer': {
      const ingress = objectsAt(objectAt(objectAt(service, 'status'), 'loadBalancer'), 'ingress');
      const addresses = [...ingress.map((item) => textAt(item, 'ip') || textAt(item, 'hostname')), ...external];
      return addresses.length === 0 ? '<pending>' : addresses.join(',');
    }
    default:
      return external.length === 0 ? '<none>' : external.join(',');
  }
}

function portList(spec: JsonObject | undefined): string {
  const ports = objectsAt(spec, 'ports').map((port) => {
    const nodePort = numberAt(port, 'nodePort') ?? 0;
    const number = numberAt(port, 'port') ?? 0;
    return `${number}${nodePort > 0 ? `:${nodePort}` : ''}/${textAt(port, 'protocol')}`;
  });
  return ports.length === 0 ? '<none>' : ports.join(',');
}

function warnService(service: JsonObject): readonly string[] {
  const spec = objectAt(service, 'spec');
  const isSticky = textAt(spec, 'clusterIP') === 'None' && textAt(spec, 'sessionAffinity') === 'ClientIP';
  return isSticky ? ['spec.SessionAffinity is ignored for headless services'] : [];
}
