/**
 * The nftables table of a node's service proxy, as text for `nft -f -`.
 *
 * One table of its own, replaced as a whole in one transaction: a packet meets the old table or the
 * new one. It translates and refuses; it never decides what a policy allows, and it uses neither
 * packet marks nor priorities, so that the policy table is free to; only where it stands in for a
 * kube-proxy with iptables it sets that one's mark.
 *
 * ```
 * prerouting, output (nat)   port of a pod on the node ──▶ dnat to the pod
 *                            address . protocol . port ──vmap──▶ chain of the port ──▶ dnat to map[index]
 * forward, input, output     still addressed to a service ──▶ reject or drop
 * postrouting (nat)          a pod that reached itself, outside traffic to a node port ──▶ masquerade
 * ```
 *
 * All backends stand in one map per family by index; a port's chain draws an index from its own
 * stretch. No anonymous sets: they make loading slow.
 *
 * With session affinity each backend has a chain and a set of the clients that it had in the last so many seconds, which
 * the kernel fills: the port's chain asks all sets first, and draws a chain for who is in none of them. These sets alone
 * outlive the replacement of the table.
 */
import { shortHash } from '@weir/net';
import type { HostPort } from './host-port.ts';
import { dispatchChains, markChain } from './proxy-chains.ts';
import type { Backend, ServicePortState, ServiceTarget } from './service-port.ts';
import { stateKey } from './service-port.ts';
import { chain, type ProxyTable, type TableObject, tableTransaction } from './table-transaction.ts';

/** What the table is made of. */
export interface ProxyTableOptions {
  /** Name of the table in the family inet. */
  readonly table: string;
  /** The node's own addresses of both families: where node ports answer. */
  readonly nodeAddresses: readonly string[];
  /** The ports, as `servicePortStates` gives them. */
  readonly states: readonly ServicePortState[];
  /** Ports of the node that lead into its pods. */
  readonly hostPorts?: readonly HostPort[];
  /** Addresses of the node's own pods: to them, and to the node itself, a service is never outside. */
  readonly podBlocks?: readonly string[];
  /** Whether what will be masqueraded is marked, for `KUBE-FORWARD` to accept; default no. */
  readonly marksMasqueraded?: boolean | undefined;
}

/** The transaction that puts the table in place of whatever is there. */
export function renderProxyTable(options: ProxyTableOptions): string {
  return tableTransaction(proxyTable(options));
}

/** The transaction that removes the table, also when there is none. */
export function renderProxyTableRemoval(table: string): string {
  return `table inet ${table}\ndelete table inet ${table}\n`;
}

/** The table for these services. */
export function proxyTable(options: ProxyTableOptions): ProxyTable {
  const builder = new TableBuilder(options);
  for (const port of options.hostPorts ?? []) builder.addHostPort(port);
  for (const state of options.states) builder.add(state);
  return { name: options.table, objects: builder.objects(options.marksMasqueraded === true ? markChain : {}) };
}

/** Where connections go: on to a chain of the translation, or to the verdict for what is not translated. */
interface Target {
  readonly served: boolean;
  readonly verdict: string;
}

type FamilySuffix = '4' | '6';
const suffixes: readonly FamilySuffix[] = ['4', '6'];

/** Collects elements and chains state by state, then prints them in the order that nft needs. */
class TableBuilder {
  readonly #backends = { 4: [] as Backend[], 6: [] as Backend[] };
  /** Chains of backends with session affinity. */
  readonly #drawn = { 4: [] as string[], 6: [] as string[] };
  readonly #affinitySets = new Map<string, TableObject>();
  readonly #elements = new Map<string, Set<string>>();
  readonly #chains = new Map<string, readonly string[]>();
  readonly #options: ProxyTableOptions;

  constructor(options: ProxyTableOptions) {
    this.#options = options;
    for (const address of options.nodeAddresses) this.#element(`node_addresses${suffixOf(address)}`, address);
  }

  addHostPort({ family, hostIp, protocol, port, backend }: HostPort): void {
    const hosts = hostIp === undefined ? this.#options.nodeAddresses.filter((address) => suffixOf(address) === String(family)) : [hostIp];
    for (const host of hosts) {
      const key = `${host} . ${protocol.toLowerCase()} . ${port}`;
      this.#element(`host_ports${family}`, `${key} : ${backend.address} . ${backend.port}`);
    }
    this.#element(`hairpin${family}`, `${backend.address} . ${backend.address}`);
    this.#element(`source_kept_${protocol.toLowerCase()}`, String(port));
  }

  add(state: ServicePortState): void {
    const { family, port } = state;
    const protocol = state.protocol.toLowerCase();
    this.#element(`cluster_addresses${family}`, state.clusterIp);
    this.#dispatch(`services${family}`, `${state.clusterIp} . ${protocol} . ${port}`, this.#target(state, state.internal));
    const external = this.#externalTargets(state);
    for (const address of [...state.externalIps, ...state.balancerIps]) {
      const targets = state.balancerIps.includes(address) ? this.#onlyFrom(state, external) : external;
      for (const target of targets) this.#dispatch(`services${family}`, `${address} . ${protocol} . ${port}`, target);
      if (!state.keepsSource) this.#element(`node_addresses${family}`, address);
    }
    if (state.nodePort === undefined) return;
    for (const target of external) this.#dispatch(`node_ports${family}`, `${protocol} . ${state.nodePort}`, target);
    if (state.keepsSource) this.#element(`source_kept_${protocol}`, String(state.nodePort));
  }

  /**
   * Where connections from outside go. With `externalTrafficPolicy: Local` the node and its own pods are not outside:
   * they reach every endpoint, also where the node has none (kube-proxy's short circuit).
   */
  #externalTargets(state: ServicePortState): readonly Target[] {
    const external = this.#target(state, state.external);
    const inside = state.inside === undefined ? external : this.#target(state, state.inside);
    if (!inside.served || inside.verdict === external.verdict) return [external];
    const ip = state.family === 4 ? 'ip' : 'ip6';
    const own = (this.#options.podBlocks ?? []).filter((block) => suffixOf(block) === String(state.family));
    const name = this.#name(state, 'outside');
    this.#chains.set(name, [
      ...own.map((block) => `${ip} saddr ${block} ${inside.verdict}`),
      `fib saddr type local ${inside.verdict}`,
      ...(external.served ? [external.verdict] : []),
    ]);
    return [{ served: true, verdict: `goto ${name}` }, ...(external.served ? [] : [external])];
  }

  /** The targets for the clients that a load balancer lets in; all others get no answer. */
  #onlyFrom(state: ServicePortState, targets: readonly Target[]): readonly Target[] {
    const [target] = targets;
    if (state.sourceRanges === undefined || target?.served !== true) return targets;
    const ip = state.family === 4 ? 'ip' : 'ip6';
    const name = this.#name(state, 'let-in');
    this.#chains.set(
      name,
      state.sourceRanges.map((block) => `${ip} saddr ${block} ${target.verdict}`),
    );
    return [
      { served: true, verdict: `goto ${name}` },
      { served: false, verdict: 'drop' },
    ];
  }

  /** Where to go for the target: the name of a chain made for it, or the verdict for the unserved. */
  #target(state: ServicePortState, target: ServiceTarget): Target {
    if (target.kind === 'drop') return { served: false, verdict: 'drop' };
    if (target.kind === 'refuse') return { served: false, verdict: 'goto refuse' };
    const name = this.#chain(state, target.backends);
    return { served: true, verdict: `goto ${name}` };
  }

  #chain(state: ServicePortState, backends: readonly Backend[]): string {
    const name = this.#name(state, backends.map(({ address, port }) => `${address} ${port}`).join(','));
    if (this.#chains.has(name)) return name;
    for (const { address } of backends) this.#element(`hairpin${state.family}`, `${address} . ${address}`);
    this.#chains.set(name, state.affinitySeconds === undefined ? this.#drawBackend(state, backends) : this.#drawSticky(state, backends));
    return name;
  }

  #drawBackend({ family, protocol }: ServicePortState, backends: readonly Backend[]): readonly string[] {
    const all = this.#backends[family];
    const offset = all.length;
    all.push(...backends);
    const ip = family === 4 ? 'ip' : 'ip6';
    const index = `numgen random mod ${backends.length} offset ${offset}`;
    return [`meta l4proto ${protocol.toLowerCase()} dnat ${ip} to ${index} map @backends${family}`];
  }

  /** Who was with a backend lately goes there again. */
  #drawSticky(state: ServicePortState, backends: readonly Backend[]): readonly string[] {
    const ip = state.family === 4 ? 'ip' : 'ip6';
    const chosen = backends.map((backend) => this.#stickyBackend(state, backend));
    const all = this.#drawn[state.family];
    const offset = all.length;
    all.push(...chosen.map(({ chainName }) => chainName));
    return [
      ...chosen.map(({ chainName, setName }) => `${ip} saddr @${setName} goto ${chainName}`),
      `numgen random mod ${backends.length} offset ${offset} vmap @drawn${state.family}`,
    ];
  }

  #stickyBackend(state: ServicePortState, { address, port }: Backend): { readonly chainName: string; readonly setName: string } {
    const { family, affinitySeconds = 0 } = state;
    const [ip, type, target] = family === 4 ? ['ip', 'ipv4_addr', `${address}:${port}`] : ['ip6', 'ipv6_addr', `[${address}]:${port}`];
    const chainName = this.#name(state, `to ${target}`);
    // A set does not change its timeout: another timeout is another set.
    const setName = this.#name(state, `affinity ${target} ${affinitySeconds}`).replace(/^svc/, 'affinity');
    const lines = [`type ${type}`, 'flags dynamic,timeout', `timeout ${affinitySeconds}s`];
    this.#affinitySets.set(setName, { kind: 'set', name: setName, lines, isLasting: true });
    this.#chains.set(chainName, [
      `update @${setName} { ${ip} saddr }`,
      `meta l4proto ${state.protocol.toLowerCase()} dnat ${ip} to ${target}`,
    ]);
    return { chainName, setName };
  }

  /** The hash keeps names apart that look alike after cleaning; kernel names end at 128 bytes. */
  #name(state: ServicePortState, what: string): string {
    const readable = state.name.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 60);
    return `svc-${readable}-${shortHash(`${stateKey(state)} ${what}`)}`;
  }

  #dispatch(map: string, key: string, target: Target): void {
    this.#element(target.served ? map : `unserved_${map}`, `${key} : ${target.verdict}`);
  }

  #element(set: string, element: string): void {
    const known = this.#elements.get(set);
    if (known === undefined) this.#elements.set(set, new Set([element]));
    else known.add(element);
  }

  /** Sets and maps before the chains that use them. */
  objects(more: Readonly<Record<string, readonly string[]>>): TableObject[] {
    const fixed = { ...dispatchChains, ...more };
    return [
      ...this.#affinitySets.values(),
      ...suffixes.flatMap((family) => this.#familySets(family)),
      ...['tcp', 'udp', 'sctp'].map((protocol) => this.#set('set', `source_kept_${protocol}`, 'type inet_service')),
      chain('refuse', ['reject with icmpx type port-unreachable']),
      ...Array.from(this.#chains, ([name, rules]) => chain(name, rules)),
      ...Object.entries(fixed).map(([name, rules]) => chain(name, rules)),
    ];
  }

  #familySets(family: FamilySuffix): TableObject[] {
    const ip = family === '4' ? 'ip' : 'ip6';
    const address = family === '4' ? 'ipv4_addr' : 'ipv6_addr';
    const portKey = `type ${address} . inet_proto . inet_service : verdict`;
    for (const [index, backend] of this.#backends[family].entries()) {
      this.#element(`backends${family}`, `${index} : ${backend.address} . ${backend.port}`);
    }
    for (const [index, name] of this.#drawn[family].entries()) this.#element(`drawn${family}`, `${index} : goto ${name}`);
    return [
      this.#set('map', `backends${family}`, `typeof numgen random mod 65536 : ${ip} daddr . th dport`),
      this.#set('map', `drawn${family}`, 'typeof numgen random mod 65536 : verdict'),
      this.#set('map', `host_ports${family}`, `typeof ${ip} daddr . meta l4proto . th dport : ${ip} daddr . th dport`),
      this.#set('map', `services${family}`, portKey),
      this.#set('map', `unserved_services${family}`, portKey),
      this.#set('map', `node_ports${family}`, 'type inet_proto . inet_service : verdict'),
      this.#set('map', `unserved_node_ports${family}`, 'type inet_proto . inet_service : verdict'),
      this.#set('set', `cluster_addresses${family}`, `type ${address}`),
      this.#set('set', `node_addresses${family}`, `type ${address}`),
      this.#set('set', `hairpin${family}`, `type ${address} . ${address}`),
    ];
  }

  #set(kind: 'map' | 'set', name: string, type: string): TableObject {
    const elements = [...(this.#elements.get(name) ?? [])];
    const lines = elements.length === 0 ? [type] : [type, 'elements = {', ...elements.map((element) => `  ${element},`), '}'];
    return { kind, name, lines, isLasting: false };
  }
}

function suffixOf(address: string): FamilySuffix {
  return address.includes(':') ? '6' : '4';
}
