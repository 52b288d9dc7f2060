/**
 * The Host Networking Service of a Windows node of the lab.
 *
 *   documents ──▶ read-document ──▶ PolicyStore ──▶ SwitchTable ──▶ the kernel
 *                     hns-rules: what is rejected, and what it means
 *
 * It takes the documents of HNS and knows nothing of policies, of Weir's engine or of its back ends, so
 * that a mistake there is not made here too. The node makes and deletes endpoints as a CNI plugin does.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { ConntrackConnection } from '@weir/kernel';
import { defined, parseAddress } from '@weir/net';
import { HnsRejection } from './hns-rules.ts';
import { PolicyStore, type StoredEndpoint } from './policy-store.ts';
import type { PolicyDocument } from './read-document.ts';
import { SwitchTable } from './switch-table.ts';

/** The one network of a node, as Azure CNI names it. */
const network = { ID: '7a5e3c1d-9b2f-4e6a-8c40-000000000001', Name: 'azure' } as const;

/** A network as it is read back. */
export interface NetworkDocument {
  readonly ID: string;
  readonly Name: string;
  readonly Policies: readonly PolicyDocument[];
}

/** An endpoint as it is read back. */
export interface EndpointDocument {
  readonly ID: string;
  readonly HostComputeNetwork: string;
  readonly IpConfigurations: readonly { readonly IpAddress: string }[];
  readonly Policies: readonly PolicyDocument[];
}

/** A pod's link, for which an endpoint is made. */
export interface EndpointRequest {
  /** At most one of each family. */
  readonly addresses: readonly string[];
  /** The node's end of the link. */
  readonly interface: string;
  readonly policies?: readonly PolicyDocument[];
}

/** HNS in the current network namespace. */
export class HnsEmulator {
  readonly #store = new PolicyStore();
  readonly #table = new SwitchTable(this.#store);
  readonly #conntrack = new ConntrackConnection();
  readonly #stateFile: string | undefined;

  /** With a file, what it holds is put into force, and what changes is written to it. */
  constructor(stateFile?: string) {
    this.#stateFile = stateFile;
    if (stateFile !== undefined) this.#restore(stateFile);
    this.#table.replace();
  }

  networks(): NetworkDocument[] {
    return [{ ...network, Policies: this.#store.networkPolicies() }];
  }

  endpoints(): EndpointDocument[] {
    return [...this.#store.endpoints.values()].map(endpointDocument);
  }

  endpoint(id: string): EndpointDocument | undefined {
    const endpoint = this.#store.endpoints.get(id);
    return endpoint === undefined ? undefined : endpointDocument(endpoint);
  }

  /** Throws {@link HnsRejection}; then nothing has changed. */
  modifyNetwork(id: string, request: unknown): void {
    if (id !== network.ID) throw new HnsRejection('networkNotFound', `there is no network ${id}`);
    this.#table.update({ sets: this.#store.modifyNetwork(request) });
    this.#save();
  }

  /** Throws {@link HnsRejection}; then nothing has changed. */
  modifyEndpoint(id: string, request: unknown): void {
    this.#store.modifyEndpoint(id, request);
    this.#table.update({ endpoints: [id] });
    this.#save();
  }

  /** Makes an endpoint and returns its id; one that has the link or an address already goes. */
  async createEndpoint({ addresses, interface: link, policies = [] }: EndpointRequest): Promise<string> {
    const stale = [...this.#store.endpoints.values()].filter(
      (each) => each.interface === link || each.addresses.some((own) => addresses.includes(own)),
    );
    for (const { id } of stale) await this.deleteEndpoint(id);
    const id = randomUUID();
    this.#store.putEndpoint({ id, addresses, interface: link, policies });
    this.#table.update({ endpoints: [id] });
    this.#save();
    return id;
  }

  /** Deletes the endpoint, and ends its connections; one that is not there is deleted. */
  async deleteEndpoint(id: string): Promise<void> {
    const endpoint = this.#store.deleteEndpoint(id);
    if (endpoint === undefined) return;
    this.#table.update({ endpoints: [id] });
    this.#save();
    await this.#conntrack.deleteByAddress(endpoint.addresses.map((address) => defined(parseAddress(address), 'an endpoint has addresses')));
  }

  /** The id of the endpoint with that link. */
  endpointOf(link: string): string | undefined {
    return [...this.#store.endpoints.values()].find((endpoint) => endpoint.interface === link)?.id;
  }

  /** Takes everything out of the kernel. */
  remove(): void {
    this.#table.remove();
  }

  /** Lets go of its sockets; what is in force stays. */
  close(): void {
    this.#table.close();
    this.#conntrack.close();
  }

  #restore(file: string): void {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
      throw error;
    }
    const saved = JSON.parse(text) as { readonly policies: readonly PolicyDocument[]; readonly endpoints: readonly StoredEndpoint[] };
    if (saved.policies.length > 0) {
      this.#store.modifyNetwork({ ResourceType: 'Policy', RequestType: 'Add', Settings: { Policies: membersFirst(saved.policies) } });
    }
    for (const endpoint of saved.endpoints) this.#store.putEndpoint(endpoint);
  }

  #save(): void {
    if (this.#stateFile === undefined) return;
    const state = { policies: this.#store.networkPolicies(), endpoints: [...this.#store.endpoints.values()] };
    writeFileSync(`${this.#stateFile}.new`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${this.#stateFile}.new`, this.#stateFile);
  }
}

function endpointDocument({ id, addresses, policies }: StoredEndpoint): EndpointDocument {
  return { ID: id, HostComputeNetwork: network.ID, IpConfigurations: addresses.map((IpAddress) => ({ IpAddress })), Policies: policies };
}

/** An updated list can have members that are younger than itself. */
function membersFirst(policies: readonly PolicyDocument[]): PolicyDocument[] {
  const isList = ({ Settings }: PolicyDocument): boolean => (Settings as { PolicyType?: unknown }).PolicyType === 'NESTEDIPSET';
  return [...policies.filter((policy) => !isList(policy)), ...policies.filter(isList)];
}
