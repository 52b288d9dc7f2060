/** Keeps the EndpointSlices and Endpoints of every service with a selector as its pods say. */
import { isDeepStrictEqual } from 'node:util';
import { endpointSlicesPath, endpointsPath, isAlreadyExists, isNotFound, type KubeClient, podsPath, servicesPath } from '@weir/client';
import type { EndpointSlice, Pod, Service } from '@weir/kube';
import { serviceNameLabel } from '../../services/service-port.ts';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { NamespaceIndex } from '../namespace-index.ts';
import type { ObjectStore } from '../shared-informers.ts';
import {
  desiredEndpointSlices,
  desiredEndpoints,
  type Endpoints,
  hasManagedEndpoints,
  managedByLabel,
  managedByValue,
  serviceSelects,
} from './endpoint-slices.ts';
import { ignoring, merged, settleSlices } from './settle-slices.ts';

interface Stores {
  readonly services: ObjectStore<Service>;
  readonly pods: NamespaceIndex<Pod>;
  readonly slices: NamespaceIndex<EndpointSlice>;
  readonly endpoints: ObjectStore<Endpoints>;
}

/** Starts the controller. */
export function startEndpointController(context: ControllerContext): Controller {
  const { client, informers, log } = context;
  const pods = new NamespaceIndex<Pod>();
  const slices = new NamespaceIndex<EndpointSlice>();
  const servicesOfNamespace = new NamespaceIndex<Service>();
  const touchServices = (pod: Pod | undefined): void => {
    if (pod === undefined) return;
    for (const service of servicesOfNamespace.inNamespace(pod.metadata.namespace ?? '')) {
      if (serviceSelects(service, pod)) queue.add(objectKey(service));
    }
  };
  const services = informers.follow<Service>(servicesPath(), {
    upsert: (service) => {
      servicesOfNamespace.put(service);
      queue.add(objectKey(service));
    },
    remove: (service) => {
      servicesOfNamespace.delete(service);
      queue.add(objectKey(service));
    },
  });
  informers.follow<Pod>(podsPath(), {
    // Services that selected the pod as it was lose it, those that select it now gain it.
    upsert: (pod) => {
      touchServices(pods.put(pod));
      touchServices(pod);
    },
    remove: (pod) => touchServices(pods.delete(pod) ?? pod),
  });
  informers.follow<EndpointSlice>(endpointSlicesPath(), {
    upsert: (slice) => {
      slices.put(slice);
      touchOwner(slice, queue);
    },
    remove: (slice) => {
      slices.delete(slice);
      touchOwner(slice, queue);
    },
  });
  const endpoints = informers.follow<Endpoints>(endpointsPath(), {
    upsert: () => undefined,
    remove: (object) => queue.add(objectKey(object)),
  });
  const stores: Stores = { services, pods, slices, endpoints };
  const queue = new KeyedQueue({
    work: (key) => settle(client, stores, key),
    onError: (service, error) => log.warn({ service, error: String(error) }, 'endpoints not settled yet'),
  });
  return { stop: () => queue.stop() };
}

function touchOwner(slice: EndpointSlice, queue: KeyedQueue): void {
  const service = slice.metadata.labels?.[serviceNameLabel];
  if (service !== undefined && isManaged(slice)) queue.add(`${slice.metadata.namespace ?? ''}/${service}`);
}

function isManaged(slice: EndpointSlice): boolean {
  return slice.metadata.labels?.[managedByLabel] === managedByValue;
}

async function settle(client: KubeClient, stores: Stores, key: string): Promise<void> {
  const { namespace = '', name } = splitObjectKey(key);
  const service = stores.services.get(namespace, name);
  const managed = service !== undefined && hasManagedEndpoints(service) && service.metadata.deletionTimestamp === undefined;
  const pods = [...stores.pods.inNamespace(namespace)];
  const desired = managed ? desiredEndpointSlices(service, pods) : [];
  const present = [...stores.slices.inNamespace(namespace)].filter(
    (slice) => isManaged(slice) && slice.metadata.labels?.[serviceNameLabel] === name,
  );
  await settleSlices(client, desired, present);
  if (managed) await settleEndpoints(client, desiredEndpoints(service, pods), stores.endpoints.get(namespace, name));
  else if (service === undefined) await removeEndpoints(client, stores.endpoints.get(namespace, name));
}

async function settleEndpoints(client: KubeClient, desired: Endpoints, present: Endpoints | undefined): Promise<void> {
  const path = endpointsPath(desired.metadata.namespace);
  if (present === undefined) await ignoring(isAlreadyExists, client.create(path, desired));
  else if (!same(present.subsets ?? [], desired.subsets ?? []) || !same(present.metadata.labels, desired.metadata.labels)) {
    await client.update(path, { ...present, subsets: desired.subsets ?? [], metadata: merged(present, desired) });
  }
}

async function removeEndpoints(client: KubeClient, present: Endpoints | undefined): Promise<void> {
  if (present?.metadata.labels?.['endpoints.kubernetes.io/managed-by'] === undefined) return;
  await ignoring(isNotFound, client.delete(endpointsPath(present.metadata.namespace), present.metadata.name ?? ''));
}

function same(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}
