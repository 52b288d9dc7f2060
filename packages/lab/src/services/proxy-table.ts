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
 */
import { shortHash } from '@weir/net';
import type { HostPort } from './host-port.ts';
import { masqueradeMark } from './kube-forward.ts';
import type { Backend, ServicePortState, ServiceTarget } from './service-port.ts';
import { stateKey } from './service-port.ts';

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

/** The transaction that puts the table in place of its predecessor. */
export function renderProxyTable(options: ProxyTableOptions): string {
  const builder = new TableBuilder(options);
  for (const port of options.hostPorts ?? []) builder.addHostPort(port);
  for (const state of options.states) builder.add(state);
  const chains = [...builder.lines(), ...(options.marksMasqueraded === true ? markChain : [])];
  const table = `table inet ${options.table}`;
  // Naming the table first makes the deletion succeed also when there is none yet.
  return [table, `delete ${table}`, `${table} {`, ...chains.map((line) => `  ${line}`), '}', ''].join('\n');
}

/** The transaction that removes the table, also when there is none. */
export function renderProxyTableRemoval(table: string): string {
  return `table inet ${table}\ndelete table inet ${table}\n`;
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
    const all = this.#backends[state.family];
    const offset = all.length;
    all.push(...backends);
    for (const { address } of backends) this.#element(`hairpin${state.family}`, `${address} . ${address}`);
    const ip = state.family === 4 ? 'ip' : 'ip6';
    const draw = state.sticky ? `jhash ${ip} saddr` : 'numgen random';
    const index = `${draw} mod ${backends.length} offset ${offset}`;
    this.#chains.set(name, [`meta l4proto ${state.protocol.toLowerCase()} dnat ${ip} to ${index} map @backends${state.family}`]);
    return name;
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

  lines(): string[] {
    return [
      ...suffixes.flatMap((family) => this.#familySets(family)),
      ...['tcp', 'udp', 'sctp'].flatMap((protocol) => this.#set('set', `source_kept_${protocol}`, 'type inet_service')),
      'chain refuse {',
      '  reject with icmpx type port-unreachable',
      '}',
      ...[...this.#chains].flatMap(([name, rules]) => [`chain ${name} {`, ...rules.map((rule) => `  ${rule}`), '}']),
      ...dispatchChains,
    ];
  }

  #familySets(family: FamilySuffix): string[] {
    const ip = family === '4' ? 'ip' : 'ip6';
    const address = family === '4' ? 'ipv4_addr' : 'ipv6_addr';
    const portKey = `type ${address} . inet_proto . inet_service : verdict`;
    for (const [index, backend] of this.#backends[family].entries()) {
      this.#element(`backends${family}`, `${index} : ${backend.address} . ${backend.port}`);
    }
    return [
      ...this.#set('map', `backends${family}`, `typeof numgen random mod 65536 : ${ip} daddr . th dport`),
      ...this.#set('map', `host_ports${family}`, `typeof ${ip} daddr . meta l4proto . th dport : ${ip} daddr . th dport`),
      ...this.#set('map', `services${family}`, portKey),
      ...this.#set('map', `unserved_services${family}`, portKey),
      ...this.#set('map', `node_ports${family}`, 'type inet_proto . inet_service : verdict'),
      ...this.#set('map', `unserved_node_ports${family}`, 'type inet_proto . inet_service : verdict'),
      ...this.#set('set', `cluster_addresses${family}`, `type ${address}`),
      ...this.#set('set', `node_addresses${family}`, `type ${address}`),
      ...this.#set('set', `hairpin${family}`, `type ${address} . ${address}`),
    ];
  }

  #set(kind: 'map' | 'set', name: string, type: string): string[] {
    const elements = this.#elements.get(name);
    if (elements === undefined) return [`${kind} ${name} {`, `  ${type}`, '}'];
    return [`${kind} ${name} {`, `  ${type}`, '  elements = {', ...[...elements].map((element) => `    ${element},`), '  }', '}'];
  }
}

function suffixOf(address: string): FamilySuffix {
  return address.includes(':') ? '6' : '4';
}

/** The chains that are the same whatever the services are. */
const dispatchChains: readonly string[] = [
  'chain dispatch {',
  '  dnat ip to ip daddr . meta l4proto . th dport map @host_ports4',
  '  dnat ip6 to ip6 daddr . meta l4proto . th dport map @host_ports6',
  '  ip daddr . meta l4proto . th dport vmap @services4',
  '  ip6 daddr . meta l4proto . th dport vmap @services6',
  '  ip daddr @node_addresses4 meta l4proto . th dport vmap @node_ports4',
  '  ip6 daddr @node_addresses6 meta l4proto . th dport vmap @node_ports6',
  '}',
  'chain unserved {',
  '  ip daddr . meta l4proto . th dport vmap @unserved_services4',
  '  ip6 daddr . meta l4proto . th dport vmap @unserved_services6',
  '  ip daddr @node_addresses4 meta l4proto . th dport vmap @unserved_node_ports4',
  '  ip6 daddr @node_addresses6 meta l4proto . th dport vmap @unserved_node_ports6',
  // What is translated has left these addresses behind: only ports that no service has come here.
  '  ip daddr @cluster_addresses4 goto refuse',
  '  ip6 daddr @cluster_addresses6 goto refuse',
  '}',
  'chain prerouting {',
  '  type nat hook prerouting priority -100; policy accept;',
  '  goto dispatch',
  '}',
  'chain output {',
  '  type nat hook output priority -100; policy accept;',
  '  goto dispatch',
  '}',
  'chain refuse-input {',
  '  type filter hook input priority -90; policy accept;',
  '  ct state new goto unserved',
  '}',
  'chain refuse-forward {',
  '  type filter hook forward priority -90; policy accept;',
  '  ct state new goto unserved',
  '}',
  'chain refuse-output {',
  '  type filter hook output priority -90; policy accept;',
  '  ct state new goto unserved',
  '}',
  'chain postrouting {',
  '  type nat hook postrouting priority 100; policy accept;',
  '  ct status dnat ip saddr . ip daddr @hairpin4 masquerade',
  '  ct status dnat ip6 saddr . ip6 daddr @hairpin6 masquerade',
  // Outside traffic to a node port must come back through this node.
  '  ct status dnat meta l4proto tcp ct original proto-dst @source_kept_tcp return',
  '  ct status dnat meta l4proto udp ct original proto-dst @source_kept_udp return',
  '  ct status dnat meta l4proto sctp ct original proto-dst @source_kept_sctp return',
  '  ct status dnat ct original ip daddr @node_addresses4 masquerade',
  '  ct status dnat ct original ip6 daddr @node_addresses6 masquerade',
  '}',
];

/** Before the translation, which the first packet of a connection alone meets. */
const markChain: readonly string[] = [
  'chain mark-masqueraded {',
  '  type filter hook prerouting priority -110; policy accept;',
  '  meta l4proto tcp th dport @source_kept_tcp return',
  '  meta l4proto udp th dport @source_kept_udp return',
  '  meta l4proto sctp th dport @source_kept_sctp return',
  `  ip daddr @node_addresses4 ct state new meta mark set meta mark or ${masqueradeMark}`,
  `  ip6 daddr @node_addresses6 ct state new meta mark set meta mark or ${masqueradeMark}`,
  '}',
];
