/**
 * Answers load balancers that ask a node whether it has endpoints of a service (`healthCheckNodePort`), as kube-proxy
 * does: 200 or 503, with the count, on the node's own addresses.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { EndpointSlice, Service } from '@weir/kube';
import type { Logger } from 'pino';
import { localEndpointCount, serviceNameLabel } from './service-port.ts';

/** What one port answers. */
interface Health {
  readonly namespace: string;
  readonly name: string;
  readonly localEndpoints: number;
}

/** The servers of one node, by port. */
export class ServiceHealthServers {
  readonly #addresses: readonly string[];
  readonly #log: Logger;
  readonly #health = new Map<number, Health>();
  readonly #servers = new Map<number, readonly Server[]>();

  /** Listens in the namespace of this process, on these addresses. */
  constructor(addresses: readonly string[], log: Logger) {
    this.#addresses = addresses;
    this.#log = log;
  }

  /** Opens and closes ports as the services now want. */
  update(services: Iterable<Service>, slices: readonly EndpointSlice[], node: string): void {
    const wanted = new Map<number, Health>();
    for (const { metadata, spec } of services) {
      const port = spec?.healthCheckNodePort ?? 0;
      if (port === 0) continue;
      const { namespace = '', name = '' } = metadata;
      const own = slices.filter((slice) => slice.metadata.namespace === namespace && slice.metadata.labels?.[serviceNameLabel] === name);
      wanted.set(port, { namespace, name, localEndpoints: localEndpointCount(own, node) });
    }
    this.#health.clear();
    for (const [port, health] of wanted) this.#health.set(port, health);
    for (const port of this.#servers.keys()) if (!wanted.has(port)) this.#close(port);
    for (const port of wanted.keys()) if (!this.#servers.has(port)) this.#open(port);
  }

  /** Closes all ports. */
  stop(): void {
    for (const port of this.#servers.keys()) this.#close(port);
  }

  #open(port: number): void {
    const servers = this.#addresses.map((address) => {
      const server = createServer((_, response) => this.#answer(port, response));
      server.on('error', (error) => this.#log.warn({ error: String(error), port }, 'a health check port cannot be opened'));
      server.listen(port, address);
      return server;
    });
    this.#servers.set(port, servers);
  }

  #close(port: number): void {
    for (const server of this.#servers.get(port) ?? []) {
      server.close();
      server.closeAllConnections();
    }
    this.#servers.delete(port);
  }

  #answer(port: number, response: ServerResponse): void {
    const health = this.#health.get(port);
    const localEndpoints = health?.localEndpoints ?? 0;
    response.writeHead(localEndpoints > 0 ? 200 : 503, {
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      'x-load-balancing-endpoint-weight': String(localEndpoints),
    });
    const service = { namespace: health?.namespace ?? '', name: health?.name ?? '' };
    response.end(`${JSON.stringify({ service, localEndpoints, serviceProxyHealthy: true })}\n`);
  }
}
