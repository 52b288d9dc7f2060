/**
 * Gives services of type LoadBalancer an address of the pool and the router's help, and takes both back: the
 * service controller of a cloud.
 */
import { isDeepStrictEqual } from 'node:util';
import { endpointSlicesPath, isConflict, isNotFound, nodesPath, servicesPath } from '@weir/client';
import type { EndpointSlice, Node, Service } from '@weir/kube';
import type { Cidr } from '@weir/net';
import { serviceNameLabel } from '../../services/service-port.ts';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { NamespaceIndex } from '../namespace-index.ts';
import type { ObjectStore } from '../shared-informers.ts';
import { balancedNodes, balancerAddresses, chooseAddresses, loadBalancerFinalizer, wantsLoadBalancer } from './load-balancer-plan.ts';

/** A node as the router knows it. */
interface RoutedNode {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** Where packets for balanced addresses come to, and who sends them on. */
export interface LoadBalancerOptions {
  /** Blocks of addresses to give out. */
  readonly pool: readonly Cidr[];
  /** Sends packets for the address to these nodes from now on. */
  readonly route: (address: string, nodes: readonly RoutedNode[]) => Promise<void>;
  /** Sends them to nobody any more; no error when it did not. */
  readonly withdraw: (address: string) => Promise<void>;
}

/** Starts the controller. */
export function startLoadBalancerController(context: ControllerContext, options: LoadBalancerOptions): Controller {
  const { informers, log } = context;
  const slices = new NamespaceIndex<EndpointSlice>();
  const nodes = informers.follow<Node>(nodesPath, { upsert: () => touchAll(), remove: () => touchAll() });
  const services = informers.follow<Service>(servicesPath(), {
    upsert: (service) => {
      if (concernsBalancers(service)) queue.add(objectKey(service));
    },
    remove: (service) => queue.add(objectKey(service)),
  });
  const touchOwner = ({ metadata }: EndpointSlice): void => {
    const service = services.get(metadata.namespace, metadata.labels?.[serviceNameLabel] ?? '');
    if (service !== undefined && concernsBalancers(service)) queue.add(objectKey(service));
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
  const touchAll = (): void => {
    for (const service of services.list()) if (concernsBalancers(service)) queue.add(objectKey(service));
  };
  const balancer = new Balancer(context, options, { nodes, services, slices });
  const queue = new KeyedQueue({
    work: (key) => balancer.settle(key),
    // One after the other: two services must not choose the same address.
    concurrency: 1,
    onError: (service, error) => log.warn({ service, error: String(error) }, 'a load balancer is not settled yet'),
  });
  return { stop: () => queue.stop() };
}

/** Whether the service has a balancer of ours, or should have one. */
function concernsBalancers(service: Service): boolean {
  return wantsLoadBalancer(service) || service.metadata.finalizers?.includes(loadBalancerFinalizer) === true;
}

interface Stores {
  readonly nodes: ObjectStore<Node>;
  readonly services: ObjectStore<Service>;
  readonly slices: NamespaceIndex<EndpointSlice>;
}

class Balancer {
  readonly #context: ControllerContext;
  readonly #options: LoadBalancerOptions;
  readonly #stores: Stores;
  /** What services have, also before it can be read in their statuses. */
  readonly #given = new Map<string, readonly string[]>();
  /** Nodes behind each address, as the router knows them. */
  readonly #routed = new Map<string, readonly RoutedNode[]>();

  constructor(context: ControllerContext, options: LoadBalancerOptions, stores: Stores) {
    this.#context = context;
    this.#options = options;
    this.#stores = stores;
  }

  /** Brings one service, its addresses and the router to what they should be. */
  async settle(key: string): Promise<void> {
    const { namespace = '', name } = splitObjectKey(key);
    const service = this.#stores.services.get(namespace, name);
    try {
      if (service !== undefined && wantsLoadBalancer(service)) await this.#ensure(key, service);
      else await this.#release(key, service);
    } catch (error) {
      // What was read is no longer so: the next event brings the service back here.
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
  }

  async #ensure(key: string, service: Service): Promise<void> {
    const choice = chooseAddresses(service, this.#options.pool, this.#takenByOthers(key));
    if ('reason' in choice) {
      const message = `Error syncing load balancer: failed to ensure load balancer: ${choice.reason}`;
      this.#context.events.record(service, { type: 'Warning', reason: 'SyncLoadBalancerFailed', message });
      throw new Error(choice.reason);
    }
    const before = this.#given.get(key) ?? balancerAddresses(service);
    this.#given.set(key, choice.addresses);
    if (service.metadata.finalizers?.includes(loadBalancerFinalizer) !== true) {
      this.#context.events.record(service, { type: 'Normal', reason: 'EnsuringLoadBalancer', message: 'Ensuring load balancer' });
      await this.#setFinalizers(service, [...(service.metadata.finalizers ?? []), loadBalancerFinalizer]);
    }
    await this.#withdraw(before.filter((address) => !choice.addresses.includes(address)));
    await this.#routeAll(service, choice.addresses);
    const ingress = choice.addresses.map((ip) => ({ ip, ipMode: 'VIP' }));
    if (isDeepStrictEqual(service.status?.loadBalancer?.ingress, ingress)) return;
    await this.#setIngress(service, ingress);
    this.#context.events.record(service, { type: 'Normal', reason: 'EnsuredLoadBalancer', message: 'Ensured load balancer' });
  }

  async #release(key: string, service: Service | undefined): Promise<void> {
    const addresses = new Set([...(this.#given.get(key) ?? []), ...(service === undefined ? [] : balancerAddresses(service))]);
    await this.#withdraw([...addresses]);
    this.#given.delete(key);
    if (service?.metadata.finalizers?.includes(loadBalancerFinalizer) !== true) return;
    const { events } = this.#context;
    events.record(service, { type: 'Normal', reason: 'DeletingLoadBalancer', message: 'Deleting load balancer' });
    const released = addresses.size > 0 ? await this.#setIngress(service, null) : service;
    await this.#setFinalizers(
      released,
      service.metadata.finalizers.filter((each) => each !== loadBalancerFinalizer),
    );
    events.record(service, { type: 'Normal', reason: 'DeletedLoadBalancer', message: 'Deleted load balancer' });
  }

  async #routeAll(service: Service, addresses: readonly string[]): Promise<void> {
    const { nodes, slices } = this.#stores;
    const own = [...slices.inNamespace(service.metadata.namespace ?? '')].filter(
      ({ metadata }) => metadata.labels?.[serviceNameLabel] === service.metadata.name,
    );
    const routed = balancedNodes(service, nodes.list(), own).map((name) => ({
      name,
      addresses: internalAddresses(nodes.get(undefined, name)),
    }));
    for (const address of addresses) {
      const known = this.#routed.get(address);
      if (isDeepStrictEqual(known, routed)) continue;
      await this.#options.route(address, routed);
      this.#routed.set(address, routed);
      if (known === undefined) continue;
      const message = 'Updated load balancer with new hosts';
      this.#context.events.record(service, { type: 'Normal', reason: 'UpdatedLoadBalancer', message });
    }
  }

  async #withdraw(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) {
      await this.#options.withdraw(address);
      this.#routed.delete(address);
    }
  }

  #takenByOthers(key: string): ReadonlySet<string> {
    const others = this.#stores.services.list().filter((service) => objectKey(service) !== key);
    const given = [...this.#given].flatMap(([owner, addresses]) => (owner === key ? [] : addresses));
    return new Set([...others.flatMap(balancerAddresses), ...given]);
  }

  async #setFinalizers({ metadata }: Service, finalizers: readonly string[]): Promise<void> {
    const { namespace, name = '', resourceVersion } = metadata;
    await this.#context.client.patch(servicesPath(namespace), name, { metadata: { resourceVersion, finalizers } }, { type: 'merge' });
  }

  async #setIngress({ metadata }: Service, ingress: readonly unknown[] | null): Promise<Service> {
    const { namespace, name = '', uid } = metadata;
    const patch = { metadata: { uid }, status: { loadBalancer: { ingress } } };
    return await this.#context.client.patch<Service>(servicesPath(namespace), name, patch, { type: 'merge', subresource: 'status' });
  }
}

function internalAddresses(node: Node | undefined): string[] {
  return (node?.status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
}
