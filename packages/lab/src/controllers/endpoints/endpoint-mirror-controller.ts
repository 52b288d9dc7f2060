/** Keeps the EndpointSlices of services without selector as the Endpoints objects say that somebody wrote for them. */
import { endpointSlicesPath, endpointsPath, servicesPath } from '@weir/client';
import type { EndpointSlice, Service } from '@weir/kube';
import { serviceNameLabel } from '../../services/service-port.ts';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { NamespaceIndex } from '../namespace-index.ts';
import { isMirrored, mirroredByValue, mirroredSlices } from './endpoint-mirror.ts';
import { type Endpoints, managedByLabel } from './endpoint-slices.ts';
import { settleSlices } from './settle-slices.ts';

/** Starts the controller. */
export function startEndpointMirrorController(context: ControllerContext): Controller {
  const { client, informers, log } = context;
  const slices = new NamespaceIndex<EndpointSlice>();
  const touch = {
    upsert: (object: Service | Endpoints) => queue.add(objectKey(object)),
    remove: (object: Service | Endpoints) => queue.add(objectKey(object)),
  };
  const services = informers.follow<Service>(servicesPath(), touch);
  const endpoints = informers.follow<Endpoints>(endpointsPath(), touch);
  const touchOwner = ({ metadata }: EndpointSlice): void => {
    if (metadata.labels?.[managedByLabel] !== mirroredByValue) return;
    queue.add(`${metadata.namespace ?? ''}/${metadata.labels[serviceNameLabel] ?? ''}`);
  };
  informers.follow<EndpointSlice>(endpointSlicesPath(), {
    upsert: (slice) => {
      slices.put(slice);
      touchOwner(slice);
    },
    remove: (slice) => {
      slices.delete(slice);
      touchOwner(slice);
    },
  });
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace = '', name } = splitObjectKey(key);
      const written = endpoints.get(namespace, name);
      const desired = written !== undefined && isMirrored(written, services.get(namespace, name)) ? mirroredSlices(written) : [];
      const present = [...slices.inNamespace(namespace)].filter(
        ({ metadata }) => metadata.labels?.[managedByLabel] === mirroredByValue && metadata.labels[serviceNameLabel] === name,
      );
      if (desired.length + present.length > 0) await settleSlices(client, desired, present);
    },
    onError: (service, error) => log.warn({ service, error: String(error) }, 'mirrored endpoints not settled yet'),
  });
  return { stop: () => queue.stop() };
}
