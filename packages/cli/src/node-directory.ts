/** Which addresses are those of a cluster's nodes, for logs that tell addresses alone. */
import { type KubeClient, nodesPath } from '@weir/client';
import type { ObservedEnd, ObservedFlow } from '@weir/flows';
import type { FieldSelection, Node } from '@weir/kube';
import { formatAddress, parseAddress } from '@weir/net';

/** Nodes are read again at most so often, in milliseconds. */
const readAgainMs = 30_000;
const fields: FieldSelection = { metadata: {}, status: { addresses: true } };

/** Nodes by address; those that are gone stay known. */
export class NodeDirectory {
  readonly #client: KubeClient | undefined;
  readonly #names = new Map<string, string>();
  #readAtMs = 0;

  /** Without a client nothing is known. */
  constructor(client: KubeClient | undefined) {
    this.#client = client;
  }

  /** The same flows, with the names of nodes; reads them where an address is not known. */
  async named(flows: readonly ObservedFlow[]): Promise<readonly ObservedFlow[]> {
    if (this.#client === undefined) return flows;
    if (flows.some(({ source, destination }) => [source, destination].some((end) => this.#isUnknown(end)))) await this.#read(this.#client);
    return flows.map((flow) => ({ ...flow, source: this.#named(flow.source), destination: this.#named(flow.destination) }));
  }

  #isUnknown(end: ObservedEnd): boolean {
    return end.address !== undefined && mayBeNode(end) && !this.#names.has(formatAddress(end.address));
  }

  #named(end: ObservedEnd): ObservedEnd {
    const name = end.address === undefined || !mayBeNode(end) ? undefined : this.#names.get(formatAddress(end.address));
    return name === undefined ? end : { ...end, is: 'node', name };
  }

  /** What cannot be read stays unknown. */
  async #read(client: KubeClient): Promise<void> {
    if (performance.now() < this.#readAtMs) return;
    this.#readAtMs = performance.now() + readAgainMs;
    const list = await client.list<Node>(nodesPath, { fields }).catch(() => undefined);
    for (const { metadata, status } of list?.items ?? []) {
      // Names of hosts are among them.
      const addresses = (status?.addresses ?? []).flatMap(({ address }) => parseAddress(address) ?? []);
      for (const address of addresses) this.#names.set(formatAddress(address), metadata.name ?? '');
    }
  }
}

function mayBeNode({ pod, podPrefix, is }: ObservedEnd): boolean {
  return pod === undefined && podPrefix === undefined && is === undefined;
}
