/** Which addresses are those of a cluster's services, for logs that tell addresses alone. */
import { type KubeClient, servicesPath } from '@weir/client';
import type { ObservedFlow, ObservedService } from '@weir/flows';
import type { Service } from '@weir/kube';

/** Services are read again at most so often, in milliseconds. */
const readAgainMs = 2_000;

type ServiceName = Required<Pick<ObservedService, 'namespace' | 'name'>>;

/** Services by what is spoken to: an address of theirs, or a port of every node. Those that are gone stay known. */
export class ServiceDirectory {
  readonly #client: KubeClient | undefined;
  readonly #byAddress = new Map<string, ServiceName>();
  readonly #byNodePort = new Map<number, ServiceName>();
  #readAtMs = 0;

  /** Without a client nothing is known. */
  constructor(client: KubeClient | undefined) {
    this.#client = client;
  }

  /** The same flows, with the names of services; reads them where what was spoken to is not known. */
  async named(flows: readonly ObservedFlow[]): Promise<readonly ObservedFlow[]> {
    const client = this.#client;
    if (client === undefined) return flows;
    if (flows.some(({ service }) => isNameless(service) && this.#nameOf(service) === undefined)) await this.#read(client);
    return flows.map((flow) => {
      const { service } = flow;
      const name = isNameless(service) ? this.#nameOf(service) : undefined;
      return name === undefined ? flow : { ...flow, service: { ...service, ...name } };
    });
  }

  #nameOf({ ip = '', port = 0 }: ObservedService): ServiceName | undefined {
    return this.#byAddress.get(ip) ?? this.#byNodePort.get(port);
  }

  /** What cannot be read stays unknown. */
  async #read(client: KubeClient): Promise<void> {
    if (performance.now() < this.#readAtMs) return;
    this.#readAtMs = performance.now() + readAgainMs;
    const list = await client.list<Service>(servicesPath()).catch(() => undefined);
    for (const { metadata, spec, status } of list?.items ?? []) {
      const service = { namespace: metadata.namespace ?? 'default', name: metadata.name ?? '' };
      const balanced = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
      const addresses = [...(spec?.clusterIPs ?? [spec?.clusterIP ?? '']), ...(spec?.externalIPs ?? []), ...balanced];
      for (const address of addresses) if (address !== '' && address !== 'None') this.#byAddress.set(address, service);
      for (const { nodePort } of spec?.ports ?? []) if (nodePort !== undefined) this.#byNodePort.set(nodePort, service);
    }
  }
}

function isNameless(service: ObservedService | undefined): service is ObservedService {
  return service !== undefined && service.name === undefined;
}
