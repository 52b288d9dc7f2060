/**
 * The documents that HNS holds: sets of the network, policies of endpoints. A request is checked as a
 * whole against what would be afterwards; only then anything changes.
 */
import { type AddressRange, unionOfAddressRanges } from '@weir/net';
import { HnsRejection, type HnsRuleName } from './hns-rules.ts';
import {
  type AclDocument,
  type AddressField,
  type PolicyDocument,
  type RequestDocument,
  rangeOf,
  readAcl,
  readRequest,
  readSet,
  type SetDocument,
} from './read-document.ts';

/** An endpoint and its policies. */
export interface StoredEndpoint {
  readonly id: string;
  /** At most one of each family. */
  readonly addresses: readonly string[];
  /** The node's end of its link. */
  readonly interface: string;
  readonly policies: readonly PolicyDocument[];
}

/** What a set matches: everything when it has no values. */
export type SetContent = 'everything' | readonly AddressRange[];

/** All documents of one network. */
export class PolicyStore {
  #sets: ReadonlyMap<string, SetDocument> = new Map();
  /** Policies of the network that are no sets. */
  #others: readonly PolicyDocument[] = [];
  readonly #endpoints = new Map<string, StoredEndpoint>();

  get endpoints(): ReadonlyMap<string, StoredEndpoint> {
    return this.#endpoints;
  }

  get sets(): ReadonlyMap<string, SetDocument> {
    return this.#sets;
  }

  /** The policies of the network as they are read back. */
  networkPolicies(): PolicyDocument[] {
    const sets = [...this.#sets.values()].map(({ id, name, nested, values }) => ({
      Type: 'SetPolicy',
      Settings: { Id: id, Name: name, PolicyType: nested ? 'NESTEDIPSET' : 'IPSET', Values: values.join() },
    }));
    return [...this.#others, ...sets];
  }

  /** Changes sets; returns the ids of those whose content may have changed. */
  modifyNetwork(document: unknown): Set<string> {
    const request = readRequest(document);
    const sets = new Map(this.#sets);
    const changed = new Set<string>();
    for (const policy of request.policies) {
      if (policy.Type !== 'SetPolicy') throw new HnsRejection('setDocument', `a policy of type ${policy.Type} is not for a network here`);
      const set = readSet(policy.Settings);
      changeSet(sets, request.type, set);
      changed.add(set.id);
    }
    for (const set of sets.values()) if (set.nested) checkMembers(set, sets);
    this.#checkSetsOfAcls(sets, this.#endpoints.values(), 'setInUse');
    this.#sets = sets;
    for (const { id, nested, values } of sets.values()) if (nested && values.some((value) => changed.has(value))) changed.add(id);
    return changed;
  }

  modifyEndpoint(id: string, document: unknown): void {
    const endpoint = this.#endpoints.get(id);
    if (endpoint === undefined) throw new HnsRejection('endpointNotFound', `there is no endpoint ${id}`);
    this.putEndpoint({ ...endpoint, policies: changedPolicies(endpoint.policies, readRequest(document)) });
  }

  /** Makes an endpoint, or puts it in place of the one with its id. */
  putEndpoint(endpoint: StoredEndpoint): void {
    this.#checkSetsOfAcls(this.#sets, [endpoint], 'unknownSet');
    this.#endpoints.set(endpoint.id, endpoint);
  }

  deleteEndpoint(id: string): StoredEndpoint | undefined {
    const endpoint = this.#endpoints.get(id);
    this.#endpoints.delete(id);
    return endpoint;
  }

  /** Whether a set matches every address. */
  matchesAll(id: string): boolean {
    return (this.#sets.get(id)?.values.length ?? 0) === 0;
  }

  /** What a set matches now, lists resolved. */
  contentOf(id: string): SetContent {
    const set = this.#sets.get(id);
    if (set === undefined || set.values.length === 0) return 'everything';
    const values = set.nested ? set.values.flatMap((member) => this.#sets.get(member)?.values ?? []) : set.values;
    return unionOfAddressRanges(values.map((value) => rangeOf(value, `set ${id}`)));
  }

  #checkSetsOfAcls(sets: ReadonlyMap<string, SetDocument>, endpoints: Iterable<StoredEndpoint>, rule: HnsRuleName): void {
    for (const { id, policies } of endpoints) {
      for (const { local, remote } of aclsOf(policies)) {
        const missing = [...setsOf(local), ...setsOf(remote)].find((set) => !sets.has(set));
        if (missing !== undefined) throw new HnsRejection(rule, `an ACL of endpoint ${id} refers to set ${missing}`);
      }
    }
  }
}

/** The ACLs among policies, in their order. */
export function aclsOf(policies: readonly PolicyDocument[]): AclDocument[] {
  return policies.filter(({ Type }) => Type === 'ACL').map(({ Settings }) => readAcl(Settings));
}

/** The sets of an address field. */
function setsOf(field: AddressField | undefined): readonly string[] {
  return field?.kind === 'sets' ? field.ids : [];
}

function changeSet(sets: Map<string, SetDocument>, request: RequestDocument['type'], set: SetDocument): void {
  const isThere = sets.has(set.id);
  if (request === 'Add' && isThere) throw new HnsRejection('setExists', `set ${set.id} is there`);
  if (request !== 'Add' && !isThere) throw new HnsRejection('setNotFound', `set ${set.id} is not there`);
  if (request !== 'Remove') {
    // Within a request too, a list comes after its members.
    if (set.nested) checkMembers(set, sets);
    sets.set(set.id, set);
    return;
  }
  const list = [...sets.values()].find(({ nested, values }) => nested && values.includes(set.id));
  if (list !== undefined) throw new HnsRejection('setInUse', `set ${set.id} is in ${list.id}`);
  sets.delete(set.id);
}

function checkMembers(list: SetDocument, sets: ReadonlyMap<string, SetDocument>): void {
  const wrong = list.values.find((value) => sets.get(value)?.nested !== false);
  if (wrong !== undefined) throw new HnsRejection('nestedMember', `set ${list.id} has the member ${wrong}`);
}

function changedPolicies(before: readonly PolicyDocument[], { type, policies }: RequestDocument): PolicyDocument[] {
  switch (type) {
    case 'Add':
      return [...before, ...policies];
    case 'Update':
      return [...policies];
    case 'Remove': {
      const gone = new Set(policies.map((policy) => JSON.stringify(policy)));
      return before.filter((policy) => !gone.has(JSON.stringify(policy)));
    }
    default:
      return type satisfies never;
  }
}
