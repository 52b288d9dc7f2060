/**
 * What HNS holds of ours on one network, as last read or written, and the requests that change it.
 * Sets, ACLs and policies of others are read around and written back as they were.
 */

import { type AclPolicy, type HnsDoor, type HnsEndpoint, HnsError, type HnsPolicy, type ModifyRequest, type SetPolicy } from '@weir/kernel';
import { formatAddress, parseAddress } from '@weir/net';
import { aclDocument, ownAclOf } from './acl-documents.ts';
import { ownSetOf, setPolicyDocument, valuesOf, withValues } from './set-documents.ts';
import type { HnsStep } from './staged-change.ts';

/** An endpoint of the network with our ACLs. */
export interface HeldEndpoint {
  readonly id: string;
  readonly addresses: readonly string[];
  readonly acls: readonly AclPolicy[];
}

/** Names of networks that Azure CNI and Calico make, in this order. */
const networkNames: readonly string[] = ['azure', 'Calico'];
/** HCN_E_ENDPOINT_NOT_FOUND */
const endpointNotFound = '0x803b0002';
/** Requests stay small enough for the service on the other side. */
const setsPerRequest = 200;

/** The sets and endpoints in HNS. */
export class HnsStore {
  readonly #door: HnsDoor;
  #network = '';
  #sets = new Map<string, SetPolicy>();
  #endpoints = new Map<string, HeldEndpoint>();

  constructor(door: HnsDoor) {
    this.#door = door;
  }

  /** Our sets by id. */
  get sets(): ReadonlyMap<string, SetPolicy> {
    return this.#sets;
  }

  /** The endpoints of the network by id. */
  get endpoints(): ReadonlyMap<string, HeldEndpoint> {
    return this.#endpoints;
  }

  /** Reads everything again. Throws when there is no network of a CNI that is known. */
  async read(): Promise<void> {
    if (await this.readIfThere()) return;
    throw new HnsError(
      `HNS has no network named ${networkNames.join(' or ')}; Azure CNI or Calico makes it when the node's first pod starts`,
    );
  }

  /** The same; false when there is no such network, and so nothing of ours. */
  async readIfThere(): Promise<boolean> {
    const networks = await this.#door.networks();
    const network = networkNames.map((name) => networks.find(({ Name }) => Name === name)).find((found) => found !== undefined);
    if (network === undefined) return false;
    this.#network = network.ID;
    const sets = network.Policies.map(ownSetOf).filter((set) => set !== undefined);
    this.#sets = new Map(sets.map((set) => [set.Id, withValues(set, valuesOf(set))]));
    await this.readEndpoints();
    return true;
  }

  /** Reads only the endpoints: they come and go with pods. */
  async readEndpoints(): Promise<void> {
    const all = await this.#door.endpoints();
    const own = all.filter(({ HostComputeNetwork }) => HostComputeNetwork === this.#network);
    this.#endpoints = new Map(own.map((endpoint) => [endpoint.ID, heldEndpoint(endpoint)]));
  }

  /** Does one step; what it changed is known afterwards. */
  async perform(step: HnsStep): Promise<void> {
    if (step.kind === 'acls') return this.#replaceAcls(step.endpoint, step.acls);
    for (let first = 0; first < step.sets.length; first += setsPerRequest) {
      const part = step.sets.slice(first, first + setsPerRequest);
      await this.#door.modifyNetwork(this.#network, request(step.request, part.map(setPolicyDocument)));
      for (const set of part) {
        if (step.request === 'Remove') this.#sets.delete(set.Id);
        else this.#sets.set(set.Id, set);
      }
    }
  }

  /** HNS replaces all policies of an endpoint at once: those of others are written back, before the ACLs. */
  async #replaceAcls(id: string, acls: readonly AclPolicy[]): Promise<void> {
    const endpoint = await this.#door.endpoint(id);
    // Its pod went meanwhile.
    if (endpoint === undefined) return;
    const others = endpoint.Policies.filter((policy) => ownAclOf(policy) === undefined);
    try {
      await this.#door.modifyEndpoint(id, request('Update', [...others, ...acls.map(aclDocument)]));
      this.#endpoints.set(id, { ...heldEndpoint(endpoint), acls });
    } catch (error) {
      if (!(error instanceof HnsError && error.code === endpointNotFound)) throw error;
    }
  }
}

function request(RequestType: ModifyRequest['RequestType'], Policies: readonly HnsPolicy[]): ModifyRequest {
  return { ResourceType: 'Policy', RequestType, Settings: { Policies } };
}

function heldEndpoint({ ID, IpConfigurations, Policies }: HnsEndpoint): HeldEndpoint {
  return {
    id: ID,
    addresses: IpConfigurations.flatMap(({ IpAddress }) => {
      const address = parseAddress(IpAddress);
      return address === undefined ? [] : [formatAddress(address)];
    }),
    acls: Policies.map(ownAclOf).filter((acl) => acl !== undefined),
  };
}
