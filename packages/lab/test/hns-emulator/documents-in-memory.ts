/** HNS as documents only: the emulator's checks without a kernel, and what the documents say of a flow. */
import { type HnsDoor, HnsError } from '@weir/kernel';
import { type Address, addressRangesContain, compareAddresses, type Flow, parseAddress, portRangesContain } from '@weir/net';
import { HnsRejection } from '../../src/hns-emulator/hns-rules.ts';
import { aclsOf, PolicyStore, type StoredEndpoint } from '../../src/hns-emulator/policy-store.ts';
import type { AclDocument, AddressField } from '../../src/hns-emulator/read-document.ts';

const networkId = 'network';

/** Documents without a kernel. `onRequest` is called after every request that changed something. */
export class DocumentsInMemory implements HnsDoor {
  readonly store = new PolicyStore();
  onRequest: () => void = () => undefined;
  /** Throws to make a request fail before it changes anything. */
  beforeRequest: () => void = () => undefined;
  requests = 0;

  constructor(endpoints: readonly { readonly id: string; readonly addresses: readonly string[] }[]) {
    for (const endpoint of endpoints) this.store.putEndpoint({ ...endpoint, interface: endpoint.id, policies: [] });
  }

  async networks(): ReturnType<HnsDoor['networks']> {
    return [
      { ID: 'other', Name: 'nat', Policies: [] },
      { ID: networkId, Name: 'azure', Policies: this.store.networkPolicies() },
    ];
  }

  async endpoints(): ReturnType<HnsDoor['endpoints']> {
    return [...this.store.endpoints.values()].map(endpointDocument);
  }

  async endpoint(id: string): ReturnType<HnsDoor['endpoint']> {
    const endpoint = this.store.endpoints.get(id);
    return endpoint === undefined ? undefined : endpointDocument(endpoint);
  }

  async modifyNetwork(id: string, request: unknown): Promise<void> {
    if (id !== networkId) throw new HnsError('no such network');
    this.#request(() => this.store.modifyNetwork(request));
  }

  async modifyEndpoint(id: string, request: unknown): Promise<void> {
    this.#request(() => this.store.modifyEndpoint(id, request));
  }

  close(): void {
    this.onRequest = () => undefined;
  }

  /** Every document, sorted: two states are equal when these are. */
  everything(): string[] {
    const endpoints = [...this.store.endpoints.values()].flatMap(({ id, policies }) =>
      policies.map((policy) => `${id} ${JSON.stringify(policy)}`),
    );
    return [...this.store.networkPolicies().map((policy) => JSON.stringify(policy)), ...endpoints].sort();
  }

  #request(work: () => unknown): void {
    this.beforeRequest();
    this.requests++;
    try {
      work();
    } catch (error) {
      if (error instanceof HnsRejection) throw new HnsError(error.message, error.code);
      throw error;
    }
    this.onRequest();
  }
}

function endpointDocument({ id, addresses, policies }: StoredEndpoint) {
  return { ID: id, HostComputeNetwork: networkId, IpConfigurations: addresses.map((IpAddress) => ({ IpAddress })), Policies: policies };
}

/** Whether the documents let a new connection through, at both ends. */
export function documentsAllow(store: PolicyStore, flow: Flow): boolean {
  return (['Out', 'In'] as const).every((direction) => {
    const own = direction === 'Out' ? flow.source : flow.destination;
    const endpoint = [...store.endpoints.values()].find(({ addresses }) => addresses.some((text) => same(text, own)));
    if (endpoint === undefined) return true;
    const matching = aclsOf(endpoint.policies)
      .filter((acl) => acl.ruleType === 'Switch' && acl.direction === direction && matches(store, acl, flow))
      .sort((a, b) => a.priority - b.priority);
    return matching[0]?.allows ?? true;
  });
}

function matches(store: PolicyStore, acl: AclDocument, { source, destination, protocol, destinationPort, sourcePort }: Flow): boolean {
  const isIn = acl.direction === 'In';
  const [own, peer] = isIn ? [destination, source] : [source, destination];
  const [ownPort, peerPort] = isIn ? [destinationPort, sourcePort] : [sourcePort, destinationPort];
  const port = (ranges: AclDocument['localPorts'], value: number | undefined): boolean =>
    ranges === undefined || (value !== undefined && portRangesContain(ranges, value));
  return (
    (acl.protocol === undefined || acl.protocol === protocol) &&
    port(acl.localPorts, ownPort) &&
    port(acl.remotePorts, peerPort) &&
    holds(store, acl.local, { set: source, literal: own }) &&
    holds(store, acl.remote, { set: destination, literal: peer })
  );
}

function holds(store: PolicyStore, field: AddressField | undefined, of: { readonly set: Address; readonly literal: Address }): boolean {
  if (field === undefined) return true;
  if (field.kind === 'literals') return field.ranges.some((range) => addressRangesContain([range], of.literal));
  return field.ids.every((id) => {
    const content = store.contentOf(id);
    return content === 'everything' || addressRangesContain(content, of.set);
  });
}

function same(text: string, address: Address): boolean {
  const other = parseAddress(text);
  return other !== undefined && other.family === address.family && compareAddresses(other, address) === 0;
}
