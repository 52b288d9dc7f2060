/** The names of a cluster, kept up to date from its API server and from the lab's external hosts. */
import { endpointSlicesPath, Informer, type KubeClient, namespacesPath, servicesPath } from '@weir/client';
import type { EndpointSlice, Namespace, Service } from '@weir/kube';
import type { Logger } from 'pino';
import type { AnswerSources } from './answer-query.ts';
import { buildZone, type ZoneTable } from './cluster-zone.ts';

/** An external host as far as names go. */
interface NamedHost {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** Where the names come from. */
export interface ClusterNamesOptions {
  readonly client: KubeClient;
  /** The cluster's domain, `cluster.local`. */
  readonly domain: string;
  /** The external hosts as they are now. */
  readonly hosts: () => Promise<readonly NamedHost[]>;
  readonly log: Logger;
}

/** The list of external hosts is read again for a question when it is older than this, in milliseconds. */
const hostsAgeMs = 1_000;

/** Names that follow the cluster. */
export class ClusterNames {
  /** Resolves when the first lists are complete; a server should not answer before. */
  readonly synced: Promise<void>;
  readonly #options: ClusterNamesOptions;
  readonly #informers: readonly Pick<Informer<Namespace>, 'start' | 'stop' | 'synced'>[];
  readonly #build: () => ZoneTable;
  #hostsReadAtMs = 0;
  #reading: Promise<void> | undefined;
  #zone: ZoneTable | undefined;
  #hosts = new Map<string, readonly string[]>();

  constructor(options: ClusterNamesOptions) {
    this.#options = options;
    const { client, domain, log } = options;
    const changed = (): void => {
      this.#zone = undefined;
    };
    const handlers = { upsert: changed, remove: changed };
    const settings = {
      onError: (error: unknown): void => log.warn({ error: String(error) }, 'watch of names interrupted'),
      backoff: { initialMs: 20, maximumMs: 2_000 },
    };
    const namespaces = new Informer<Namespace>(client, namespacesPath, handlers, settings);
    const services = new Informer<Service>(client, servicesPath(), handlers, settings);
    const slices = new Informer<EndpointSlice>(client, endpointSlicesPath(), handlers, settings);
    this.#informers = [namespaces, services, slices];
    this.#build = () => buildZone({ domain, namespaces: namespaces.list(), services: services.list(), slices: slices.list() });
    for (const informer of this.#informers) informer.start();
    this.synced = Promise.all([...this.#informers.map((informer) => informer.synced), this.#readHosts()]).then(() => undefined);
    this.synced.catch(() => undefined);
  }

  /** The names as they are now; the table is built at the first question after a change. */
  async sources(): Promise<AnswerSources> {
    if (Date.now() - this.#hostsReadAtMs > hostsAgeMs) await this.#readHosts();
    this.#zone ??= this.#build();
    return { domain: this.#options.domain, zone: this.#zone, hostAddresses: (name) => this.#hosts.get(name) ?? [] };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.stop()));
  }

  #readHosts(): Promise<void> {
    this.#reading ??= this.#readHostsOnce().finally(() => {
      this.#reading = undefined;
      this.#hostsReadAtMs = Date.now();
    });
    return this.#reading;
  }

  async #readHostsOnce(): Promise<void> {
    try {
      this.#hosts = new Map((await this.#options.hosts()).map(({ name, addresses }) => [name.toLowerCase(), addresses]));
    } catch (error) {
      this.#options.log.warn({ error: String(error) }, 'the external hosts could not be read; the old names stay');
    }
  }
}
