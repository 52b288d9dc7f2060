/**
 * The service proxy of one node: follows Services and EndpointSlices and keeps the node's table.
 *
 * Runs in the node's network namespace. A change goes to the kernel at once; changes that arrive
 * meanwhile form the next transaction. The rules stay in force when the proxy stops.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Backoff, endpointSlicesPath, Informer, type KubeClient, servicesPath } from '@weir/client';
import type { EndpointSlice, Pod, Service } from '@weir/kube';
import type { Logger } from 'pino';
import { runWithInput } from '../run-with-input.ts';
import { type HostPort, hostPortsOf, wantsHostPorts } from './host-port.ts';
import { ensureKubeForward } from './kube-forward.ts';
import { proxyTable } from './proxy-table.ts';
import { ServiceHealthServers } from './service-health.ts';
import { type ServicePortState, servicePortStates, stateKey } from './service-port.ts';
import { type ProxyTable, tableTransaction } from './table-transaction.ts';

const run = promisify(execFile);

/** What to proxy, and where. */
export interface ServiceProxyOptions {
  readonly client: KubeClient;
  /** Name of this node, for services that stay on it. */
  readonly node: string;
  /** The node's own addresses of both families: where node ports answer. */
  readonly nodeAddresses: readonly string[];
  /** Blocks of its own pods' addresses. */
  readonly podBlocks?: readonly string[];
  /** The node's pods as they are now, for the ports of the node that they ask for; see {@link ServiceProxy.podChanged}. */
  readonly pods?: () => Iterable<Pod>;
  /** Name of the nftables table, family inet. Default `weir-lab-proxy`. */
  readonly table?: string;
  /** Whether to stand in for a kube-proxy with iptables, which accepts what it will masquerade; default no. */
  readonly hasKubeForward?: boolean | undefined;
  readonly log: Logger;
}

/** A running proxy. */
export interface ServiceProxy {
  /** Resolves when the services known at the start are in the kernel. */
  readonly synced: Promise<void>;
  /** The services that are known, once all of them are. */
  services(): Promise<readonly Service[]>;
  /** A pod of the node came, changed or went. */
  podChanged(pod: Pod): void;
  /** Ends the proxy; its table stays as it is. */
  stop(): Promise<void>;
}

/** Starts the proxy. */
export function startServiceProxy(options: ServiceProxyOptions): ServiceProxy {
  const { client, log } = options;
  const onError = (error: unknown): void => log.warn({ error: String(error) }, 'watch of services interrupted');
  const health = new ServiceHealthServers(options.nodeAddresses, log);
  const changed = (): void => syncer.changed();
  const settings = { onError, backoff: { initialMs: 20, maximumMs: 2_000 } };
  const services = new Informer<Service>(client, servicesPath(), { upsert: changed, remove: changed }, settings);
  const slices = new Informer<EndpointSlice>(client, endpointSlicesPath(), { upsert: changed, remove: changed }, settings);
  // Nothing before both lists are complete: half of them would refuse connections that are fine.
  const isComplete = (): boolean => services.hasSynced && slices.hasSynced;
  const syncer = new TableSyncer(options, () => {
    if (!isComplete()) return undefined;
    const all = { services: services.list(), slices: slices.list() };
    health.update(all.services, all.slices, options.node);
    return { states: servicePortStates(all.services, all.slices, options.node), hostPorts: hostPortsOf(options.pods?.() ?? []) };
  });
  services.start();
  slices.start();
  const synced = Promise.all([services.synced, slices.synced]).then(() => syncer.settled());
  synced.catch(() => undefined);
  return {
    synced,
    services: async () => {
      await services.synced;
      return services.list();
    },
    podChanged: (pod) => {
      if (wantsHostPorts(pod)) changed();
    },
    stop: async () => {
      await Promise.all([services.stop(), slices.stop()]);
      health.stop();
      await syncer.stop();
    },
  };
}

/** What the table shall say. */
interface WantedTable {
  readonly states: readonly ServicePortState[];
  readonly hostPorts: readonly HostPort[];
}

/** Brings the table to the wanted state, one transaction after the other. */
class TableSyncer {
  readonly #options: ServiceProxyOptions;
  readonly #wanted: () => WantedTable | undefined;
  readonly #backoff = new Backoff({ initialMs: 100, maximumMs: 5_000 });
  #inForce: readonly ServicePortState[] = [];
  #text = '';
  #table: ProxyTable | undefined;
  #dirty = false;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  readonly #waiters: (() => void)[] = [];

  constructor(options: ServiceProxyOptions, wanted: () => WantedTable | undefined) {
    this.#options = options;
    this.#wanted = wanted;
  }

  changed(): void {
    this.#dirty = true;
    if (this.#running !== undefined || this.#stopped) return;
    this.#running = this.#work().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when everything known now is in the kernel. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.changed();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #work(): Promise<void> {
    // Let the events that came together be one transaction.
    await Promise.resolve();
    while (this.#dirty && !this.#stopped) {
      this.#dirty = false;
      try {
        if (!(await this.#apply())) return;
        this.#backoff.reset();
      } catch (error) {
        this.#options.log.error({ error: String(error) }, 'the service table could not be written; the old one stays in force');
        this.#timer = setTimeout(() => this.changed(), this.#backoff.next());
        return;
      }
    }
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  async #apply(): Promise<boolean> {
    const wanted = this.#wanted();
    if (wanted === undefined) return false;
    const { states } = wanted;
    const { table = 'weir-lab-proxy', nodeAddresses, podBlocks = [], hasKubeForward = false } = this.#options;
    const next = proxyTable({ ...wanted, table, nodeAddresses, podBlocks, marksMasqueraded: hasKubeForward });
    const text = tableTransaction(next);
    if (text === this.#text) return true;
    if (hasKubeForward) await ensureKubeForward();
    await this.#replace(next);
    const before = this.#inForce;
    this.#text = text;
    this.#inForce = states;
    await forgetUdpFlows(before, states);
    return true;
  }

  async #replace(next: ProxyTable): Promise<void> {
    const before = this.#table;
    // Until it has succeeded nobody knows what is there: the next attempt starts from nothing.
    this.#table = undefined;
    await runWithInput(['nft', '-f', '-'], tableTransaction(next, before));
    this.#table = next;
  }
}

/**
 * UDP has no end of a connection: without this, a client that keeps its port would be sent to an
 * endpoint that is gone, or past a service that has only just got its first.
 */
async function forgetUdpFlows(before: readonly ServicePortState[], after: readonly ServicePortState[]): Promise<void> {
  const current = new Map(after.map((state) => [stateKey(state), state]));
  const earlier = new Map(before.map((state) => [stateKey(state), state]));
  const filters: string[][] = [];
  for (const state of before.filter(({ protocol }) => protocol === 'UDP')) {
    const kept = new Set(backendAddresses(current.get(stateKey(state))));
    for (const address of backendAddresses(state)) if (!kept.has(address)) filters.push([...flowFilter(state), '--reply-src', address]);
  }
  for (const state of after.filter(({ protocol }) => protocol === 'UDP')) {
    if (backendAddresses(state).length > 0 && backendAddresses(earlier.get(stateKey(state))).length === 0) filters.push(flowFilter(state));
  }
  // conntrack exits with 1 when there was nothing to delete.
  for (const filter of filters) await run('conntrack', ['-D', '-p', 'udp', ...filter]).catch(() => undefined);
}

function flowFilter(state: ServicePortState): string[] {
  return ['-f', state.family === 4 ? 'ipv4' : 'ipv6', '--orig-dst', state.clusterIp, '--orig-port-dst', String(state.port)];
}

function backendAddresses(state: ServicePortState | undefined): string[] {
  if (state === undefined) return [];
  return [state.internal, state.external].flatMap((target) =>
    target.kind === 'backends' ? target.backends.map(({ address }) => address) : [],
  );
}
