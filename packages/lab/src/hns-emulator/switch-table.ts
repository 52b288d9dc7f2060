/**
 * Endpoints and sets in the kernel of the current network namespace: the virtual switch.
 *
 *   forward  out ──▶ endpoint of the link: own address? established? Out ACLs
 *            in  ──▶ endpoint of the address: established? In ACLs
 *   output   node_to_pod ──▶ Host In ACLs, then In ACLs         (packets of the node itself)
 *   input    pod_to_node ──▶ Host Out ACLs, then Out ACLs       (packets for the node itself)
 *
 * A change is one transaction.
 */
import { type DumpedChain, type Expression, NftablesConnection, nftDataType, type SetElement, Transaction } from '@weir/kernel';
import { addressToBytes, defined, type Family, nextAddress, parseAddress } from '@weir/net';
import { rulesOfAcls } from './acl-rules.ts';
import {
  cameFrom,
  drop,
  endpointChain,
  hasAddress,
  hnsTable,
  isFamily,
  kernelSet,
  letDiscoveryThrough,
  letEstablishedThrough,
} from './kernel-steps.ts';
import { aclsOf, type PolicyStore, type SetContent, type StoredEndpoint } from './policy-store.ts';

const families = [4, 6] as const;
/** As those of a real switch: before whatever filters of the node itself there are. */
const baseChains = [
  { name: 'out', hook: { name: 'forward', priority: -20 } },
  { name: 'in', hook: { name: 'forward', priority: -19 } },
  { name: 'node_to_pod', hook: { name: 'output', priority: -20 } },
  { name: 'pod_to_node', hook: { name: 'input', priority: -20 } },
] as const;
const chainsOfEndpoint = ['in', 'out', 'host_in', 'host_out'] as const;

/** The table, in the namespace in which it was made. */
export class SwitchTable {
  readonly #connection = new NftablesConnection();
  readonly #store: PolicyStore;
  /** What of it is in the kernel. */
  readonly #sets = new Set<string>();
  readonly #endpoints = new Set<string>();
  /** Sets that matched everything when the rules were written. */
  readonly #open = new Set<string>();

  constructor(store: PolicyStore) {
    this.#store = store;
  }

  /** Puts everything in the place of what an earlier process left, or of nothing. */
  replace(): void {
    const transaction = new Transaction(hnsTable).addTable();
    const isThere = this.#connection.hasTable(hnsTable);
    const chains = isThere ? this.#connection.chains(hnsTable) : [];
    const sets = isThere ? this.#connection.sets(hnsTable) : [];
    for (const chain of baseChains) transaction.addChain(chain);
    if (isThere) transaction.flushRules();
    this.#writeSets(transaction, new Set(this.#store.sets.keys()), new Set(sets.map(({ name }) => name)));
    const all = [...this.#store.endpoints.values()];
    for (const endpoint of all) this.#addChains(transaction, endpoint);
    for (const endpoint of all) this.#writeEndpoint(transaction, endpoint);
    this.#writeDispatch(transaction);
    this.#deleteLeftOvers(
      transaction,
      chains,
      sets.map(({ name }) => name),
    );
    this.#connection.commit(transaction);
  }

  /** Brings sets and endpoints, by id, to what the store has. */
  update({ sets = new Set(), endpoints = [] }: { readonly sets?: ReadonlySet<string>; readonly endpoints?: readonly string[] }): void {
    const transaction = new Transaction(hnsTable);
    // Whether a set matches everything is part of the rules.
    const turned = [...sets].some(
      (id) => this.#sets.has(id) && this.#store.sets.has(id) && this.#open.has(id) !== this.#store.matchesAll(id),
    );
    this.#writeSets(transaction, sets, new Set());
    const ids = new Set(turned ? [...this.#endpoints, ...endpoints] : endpoints);
    const present = [...ids].flatMap((id) => this.#store.endpoints.get(id) ?? []);
    const hasCome = present.some(({ id }) => !this.#endpoints.has(id));
    for (const endpoint of present) this.#addChains(transaction, endpoint);
    for (const endpoint of present) this.#writeEndpoint(transaction, endpoint);
    const gone = [...ids].filter((id) => !this.#store.endpoints.has(id) && this.#endpoints.delete(id));
    for (const id of gone) for (const chain of chainsOfEndpoint) transaction.flushChain(endpointChain(chain, id));
    if (hasCome || gone.length > 0) {
      for (const { name } of baseChains) transaction.flushChain(name);
      this.#writeDispatch(transaction);
    }
    for (const id of gone) for (const chain of chainsOfEndpoint) transaction.deleteChain(endpointChain(chain, id));
    this.#deleteSets(transaction, sets);
    if (transaction.messages > 0) this.#connection.commit(transaction);
  }

  /** Takes the table out of the kernel. */
  remove(): void {
    if (this.#connection.hasTable(hnsTable)) this.#connection.commit(new Transaction(hnsTable).deleteTable());
  }

  close(): void {
    this.#connection.close();
  }

  #writeSets(transaction: Transaction, ids: ReadonlySet<string>, present: ReadonlySet<string>): void {
    for (const id of ids) {
      if (!this.#store.sets.has(id)) continue;
      const content = this.#store.contentOf(id);
      if (content === 'everything') this.#open.add(id);
      else this.#open.delete(id);
      for (const family of families) {
        const name = kernelSet(id, family);
        const type = family === 4 ? nftDataType.ipv4 : nftDataType.ipv6;
        if (this.#sets.has(id) || present.has(name)) transaction.flushSet(name);
        else transaction.addSet({ name, key: [{ dataType: type, length: family === 4 ? 4 : 16 }], interval: true });
        if (content !== 'everything') transaction.addElements(name, elementsOf(content, family));
      }
      this.#sets.add(id);
    }
  }

  #deleteSets(transaction: Transaction, ids: ReadonlySet<string>): void {
    for (const id of ids) {
      if (this.#store.sets.has(id) || !this.#sets.delete(id)) continue;
      for (const family of families) transaction.deleteSet(kernelSet(id, family));
    }
  }

  #addChains(transaction: Transaction, { id }: StoredEndpoint): void {
    for (const chain of chainsOfEndpoint) {
      transaction.addChain({ name: endpointChain(chain, id) });
      if (this.#endpoints.has(id)) transaction.flushChain(endpointChain(chain, id));
    }
    this.#endpoints.add(id);
  }

  #writeEndpoint(transaction: Transaction, { id, addresses, policies }: StoredEndpoint): void {
    const acls = aclsOf(policies);
    const own = addresses.map(bytesOf);
    const matchesAll = (set: string): boolean => this.#store.matchesAll(set);
    const write = (chain: (typeof chainsOfEndpoint)[number], rules: readonly (readonly Expression[])[]): void => {
      for (const expressions of rules) transaction.addRule({ chain: endpointChain(chain, id), expressions });
    };
    write('out', [
      ...forgedSources(own),
      letEstablishedThrough,
      ...rulesOfAcls(acls, { direction: 'Out', ruleType: 'Switch' }, matchesAll),
    ]);
    write('in', [letEstablishedThrough, ...rulesOfAcls(acls, { direction: 'In', ruleType: 'Switch' }, matchesAll)]);
    write('host_out', [...forgedSources(own), ...rulesOfAcls(acls, { direction: 'Out', ruleType: 'Host' }, matchesAll)]);
    write('host_in', rulesOfAcls(acls, { direction: 'In', ruleType: 'Host' }, matchesAll));
  }

  /** The base chains: which endpoint a packet comes from and goes to. */
  #writeDispatch(transaction: Transaction): void {
    const rule = (chain: (typeof baseChains)[number]['name'], expressions: readonly Expression[]): Transaction =>
      transaction.addRule({ chain, expressions });
    for (const { name } of baseChains) rule(name, letDiscoveryThrough);
    for (const { id, addresses, interface: link } of this.#store.endpoints.values()) {
      const jump = (chain: (typeof chainsOfEndpoint)[number]): Expression => ({ kind: 'jump', chain: endpointChain(chain, id) });
      for (const own of addresses.map(bytesOf)) {
        const forged = [...hasAddress(own, 'source', 'eq'), ...cameFrom(link, 'neq'), drop];
        rule('out', forged);
        rule('pod_to_node', forged);
        const toPod = hasAddress(own, 'destination', 'eq');
        rule('in', [...toPod, jump('in')]);
        rule('node_to_pod', [...toPod, jump('host_in')]);
        rule('node_to_pod', [...toPod, jump('in')]);
      }
      rule('out', [...cameFrom(link, 'eq'), jump('out')]);
      rule('pod_to_node', [...cameFrom(link, 'eq'), jump('host_out')]);
      rule('pod_to_node', [...cameFrom(link, 'eq'), jump('out')]);
    }
  }

  #deleteLeftOvers(transaction: Transaction, chains: readonly DumpedChain[], sets: readonly string[]): void {
    const keptChains = new Set([
      ...baseChains.map(({ name }) => name as string),
      ...[...this.#endpoints].flatMap((id) => chainsOfEndpoint.map((chain) => endpointChain(chain, id))),
    ]);
    const keptSets = new Set([...this.#sets].flatMap((id) => families.map((family) => kernelSet(id, family))));
    for (const { name } of chains) if (!keptChains.has(name)) transaction.deleteChain(name);
    for (const name of sets) if (!keptSets.has(name)) transaction.deleteSet(name);
  }
}

/** Packets from an endpoint's link with another address than its own; of a family without one, all. */
function forgedSources(own: readonly Uint8Array[]): Expression[][] {
  return families.map((family) => {
    const address = own.find(({ length }) => length === (family === 4 ? 4 : 16));
    return address === undefined ? [...isFamily(family), drop] : [...hasAddress(address, 'source', 'neq'), drop];
  });
}

function elementsOf(content: Exclude<SetContent, 'everything'>, family: Family): SetElement[] {
  return content
    .filter(({ first }) => first.family === family)
    .flatMap(({ first, last }) => {
      const after = nextAddress(last);
      const start: SetElement = { key: addressToBytes(first) };
      // The last range of a family has no end.
      return after === undefined ? [start] : [start, { key: addressToBytes(after), intervalEnd: true }];
    });
}

function bytesOf(address: string): Uint8Array {
  return addressToBytes(defined(parseAddress(address), 'an endpoint has addresses'));
}
