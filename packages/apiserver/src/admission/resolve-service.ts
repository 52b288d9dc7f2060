/** Where a service can be reached: one of its ready endpoints, as its slices list them. */
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { type JsonObject, listAt, numberAt, objectAt, objectsAt, stringMap, textAt } from '@weir/kube';
import type { ObjectStore } from '../storage/object-store.ts';
import type { ResolveService } from './webhooks/call-webhook.ts';

/** Begins to connect to an address of the cluster. */
export type ConnectToCluster = (address: string, port: number) => Socket;

const slices = 'endpointslices.discovery.k8s.io';

/** Resolves services of a store; endpoints are taken in turn. */
export function makeResolveService(
  store: ObjectStore,
  connectTo: ConnectToCluster = (host, port) => connect({ host, port }),
): ResolveService {
  let turn = 0;
  return ({ namespace, name, port }) => {
    const service = store.get({ resource: 'services', namespace, name })?.json;
    if (service === undefined) throw new Error(`service ${JSON.stringify(name)} not found`);
    const declared = objectsAt(objectAt(service, 'spec'), 'ports').find((each) => numberAt(each, 'port') === port);
    if (declared === undefined) throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`);
    const found = Array.from(store.list({ resource: slices, namespace }), ({ object }) => object.json)
      .filter((slice) => stringMap(objectAt(slice, 'metadata'), 'labels')['kubernetes.io/service-name'] === name)
      .flatMap((slice) => endpointsOf(slice, textAt(declared, 'name')));
    const chosen = found[turn++ % Math.max(1, found.length)];
    if (chosen === undefined) throw new Error(`no endpoints available for service ${JSON.stringify(name)}`);
    return { ...chosen, connect: () => connectTo(chosen.address, chosen.port) };
  };
}

function endpointsOf(slice: Readonly<JsonObject>, portName: string): { address: string; port: number }[] {
  const port = objectsAt(slice, 'ports').find((each) => textAt(each, 'name') === portName);
  const number = numberAt(port, 'port');
  if (number === undefined) return [];
  return objectsAt(slice, 'endpoints')
    .filter((endpoint) => objectAt(endpoint, 'conditions')?.['ready'] !== false)
    .flatMap((endpoint) => listAt(endpoint, 'addresses').map((address) => ({ address: String(address), port: number })));
}
