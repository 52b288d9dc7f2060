/**
 * The network that a world of Kubernetes objects describes, made of namespaces: nodes with their
 * pods behind them, hosts outside, and a router between. Links come and go as the world changes,
 * the namespaces and the servers in them stay.
 *
 *   pod ── veth ── node ──┐
 *   pod ── veth ── node ──┤ router
 *   host outside ─────────┘
 *
 * Every host answers TCP and UDP on all ports that flows use, on every address that it ever has.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { createNetns, deleteNetns, listenTcp, openUdp, setNetSysctls } from '@weir/kernel';
import type { Node, Pod } from '@weir/kube';
import { defined } from '@weir/net';
import { endsOf, type World } from '@weir/testkit';
import { claimNetwork, netnsPrefix, releaseNetwork } from './network-owner.ts';

/** Ports on which every host answers: those of generated flows. */
const servedPorts = [80, 81, 443, 8080] as const;
const routerMac = 'ee:ee:ee:ee:ee:ee';
const gateway4 = '169.254.1.1';
const router6 = 'fd00:ffff::1';

/** Something with addresses at the end of a link. */
interface Leaf {
  readonly netns: string;
  /** The namespace at the other end, and the name and number of the link there. */
  readonly hub: string;
  readonly link: string;
  readonly mac: string;
  readonly addresses: readonly string[];
}

/** A pod that has a link, as the start gate would announce it. */
export interface LinkedPod {
  readonly pod: Pod;
  readonly node: string;
  readonly interface: string;
  readonly addresses: readonly string[];
}

/** The pods of a world that run on the pod network, live and with addresses. */
export function linkedPodsOf(world: World): Pod[] {
  return world.pods.filter(
    ({ spec, status }) =>
      spec?.hostNetwork !== true && status?.phase !== 'Succeeded' && status?.phase !== 'Failed' && podAddressesOf(status).length > 0,
  );
}

/** Namespaces, links and servers; {@link close} takes everything away. */
export class PacketNetwork {
  readonly #id = randomBytes(3).toString('hex');
  readonly #netns = new Set<string>();
  readonly #servers: Server[] = [];
  readonly #datagramServers: UdpSocket[] = [];
  readonly #connections = new Set<Socket>();
  readonly #nodes = new Map<string, Leaf>();
  readonly #outside = new Map<string, Leaf>();
  readonly #pods = new Map<string, { readonly leaf: Leaf; readonly linked: LinkedPod }>();
  readonly #holders = new Map<string, string>();
  #router: string | undefined;
  #macs = 0;

  /** What the names of links to pods begin with, on every node. */
  get podInterfacePrefix(): string {
    return `weirt${this.#id}p`;
  }

  /** The namespace of a node of the world. */
  nodeNetns(name: string): string {
    return defined(this.#nodes.get(name), `node ${name} is there`).netns;
  }

  /** The namespace in which an address is. */
  holderOf(address: string): string {
    return defined(this.#holders.get(address), `somebody has ${address}`);
  }

  /** Outside of the cluster packets to the address go to a node from now on. */
  routeOutside(address: string, node: string): void {
    const { addresses, link } = defined(this.#nodes.get(node), `node ${node} is there`);
    const route = `route replace ${hostBlock(address)} via ${sameFamily(address, addresses)} dev ${link} onlink`;
    ip(defined(this.#router, 'the router is made'), [route]);
  }

  /** The pods that have a link now, by uid. */
  linkedPods(): Map<string, LinkedPod> {
    return new Map([...this.#pods].map(([uid, { linked }]) => [uid, linked]));
  }

  /** Makes what the world has and is not there yet, and takes away what it does not have (any more). */
  realise(world: World): void {
    this.#router ??= this.#makeRouter();
    for (const node of world.nodes ?? []) this.#addNode(node);
    const wanted = new Map(linkedPodsOf(world).map((pod) => [pod.metadata.uid ?? '', pod]));
    this.#refuseNodeAddresses(wanted.values());
    for (const [uid, { linked }] of this.#pods) {
      const pod = wanted.get(uid);
      if (pod === undefined || identityOf(pod) !== identityOf(linked.pod)) this.#removePod(uid);
    }
    this.#settleOutside(world);
    for (const [uid, pod] of wanted) this.#addPod(uid, pod);
  }

  /** Runs a program in a namespace and returns what it printed. */
  run(netns: string, command: readonly string[], input?: string): string {
    return execFileSync('ip', ['netns', 'exec', netns, ...command], {
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(input === undefined ? {} : { input }),
    });
  }

  close(): void {
    for (const connection of this.#connections) connection.destroy();
    for (const server of [...this.#servers, ...this.#datagramServers]) server.close();
    for (const netns of this.#netns) deleteNetns(netns);
    releaseNetwork(this.#id);
  }

  /** A pod with the address of a node could not be told from it, and would take the node's links along when it goes. */
  #refuseNodeAddresses(pods: Iterable<Pod>): void {
    const ofNodes = new Set([...this.#nodes.values()].flatMap((leaf) => leaf.addresses));
    for (const { metadata, status } of pods) {
      const taken = podAddressesOf(status).find((address) => ofNodes.has(address));
      if (taken !== undefined) throw new Error(`pod ${metadata.name} has ${taken}, which is the address of a node`);
    }
  }

  #makeRouter(): string {
    const router = this.#makeNetns('router');
    this.#forwards(router);
    // Its errors come from these; a link-local address would not be forwarded.
    ip(router, ['link set lo up', `addr add ${gateway4}/32 dev lo`, `addr add ${router6}/128 dev lo`]);
    return router;
  }

  #addNode(node: Node): void {
    const { name = '' } = node.metadata;
    if (this.#nodes.has(name)) return;
    const netns = this.#makeNetns(`n${this.#nodes.size}`);
    this.#forwards(netns);
    ip(netns, ['link set lo up']);
    const addresses = (node.status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
    const leaf = { netns, hub: defined(this.#router, 'the router is made'), link: `n${this.#nodes.size}`, mac: this.#nextMac(), addresses };
    this.#nodes.set(name, leaf);
    this.#link(leaf);
    this.#serve(netns);
  }

  #addPod(uid: string, pod: Pod): void {
    if (this.#pods.has(uid)) return;
    const name = defined(pod.spec?.nodeName, 'a pod with addresses has a node');
    const node = defined(this.#nodes.get(name), `node ${name} is there`);
    const used = new Set([...this.#pods.values()].map(({ leaf }) => leaf.netns));
    let slot = 0;
    while (used.has(this.#name(`p${slot}`))) slot++;
    const netns = this.#name(`p${slot}`);
    if (!this.#netns.has(netns)) {
      this.#makeNetns(`p${slot}`);
      ip(netns, ['link set lo up']);
      this.#serve(netns);
    }
    const addresses = podAddressesOf(pod.status);
    const leaf = { netns, hub: node.netns, link: `${this.podInterfacePrefix}${slot}`, mac: this.#nextMac(), addresses };
    this.#link(leaf, node.addresses);
    ip(
      defined(this.#router, 'the router is made'),
      addresses.map((address) => `route replace ${hostBlock(address)} via ${sameFamily(address, node.addresses)} dev ${node.link} onlink`),
    );
    this.#pods.set(uid, { leaf, linked: { pod, node: name, interface: leaf.link, addresses } });
  }

  #removePod(uid: string): void {
    const { leaf } = defined(this.#pods.get(uid), `pod ${uid} has a link`);
    this.#unlink(leaf);
    ip(
      defined(this.#router, 'the router is made'),
      leaf.addresses.map((address) => `route del ${hostBlock(address)}`),
    );
    this.#pods.delete(uid);
  }

  /** Addresses that no pod and no node has live outside, those of finished pods among them. */
  #settleOutside(world: World): void {
    const nodes = new Set([...this.#nodes.values()].flatMap((leaf) => leaf.addresses));
    const addressesOf = (family: 4 | 6): string[] =>
      endsOf(world, family).flatMap((end) => (end.kind === 'address' && !nodes.has(end.address) ? [end.address] : []));
    const [four, six] = [addressesOf(4), addressesOf(6)];
    const wanted = Array.from({ length: Math.max(four.length, six.length) }, (_, i) =>
      [four[i], six[i]].filter((each) => each !== undefined),
    );
    for (const [name, leaf] of this.#outside) {
      if (wanted[Number(name)]?.join() === leaf.addresses.join()) continue;
      this.#unlink(leaf);
      this.#outside.delete(name);
    }
    wanted.forEach((addresses, i) => {
      if (this.#outside.has(String(i))) return;
      const netns = this.#name(`e${i}`);
      if (!this.#netns.has(netns)) {
        this.#makeNetns(`e${i}`);
        ip(netns, ['link set lo up']);
        this.#serve(netns);
      }
      const leaf = { netns, hub: defined(this.#router, 'the router is made'), link: `e${i}`, mac: this.#nextMac(), addresses };
      this.#link(leaf);
      this.#outside.set(String(i), leaf);
    });
  }

  /** A routed point-to-point link; `hubAddresses` are what the hub speaks to the leaf with. */
  #link({ netns, hub, link, mac, addresses }: Leaf, hubAddresses: readonly string[] = []): void {
    ip(hub, [
      `link add ${link} address ${routerMac} type veth peer name eth0 address ${mac} netns ${netns}`,
      `link set ${link} up`,
      `addr add fe80::1/64 dev ${link} nodad`,
    ]);
    const six = addresses.some((address) => address.includes(':'));
    const four = addresses.some((address) => !address.includes(':'));
    ip(netns, [
      ...addresses.map((address) => `addr add ${hostBlock(address)} dev eth0${address.includes(':') ? ' nodad' : ''}`),
      'link set eth0 up',
      `route add ${gateway4} dev eth0 scope link`,
      `neigh add ${gateway4} lladdr ${routerMac} dev eth0 nud permanent`,
      `neigh add fe80::1 lladdr ${routerMac} dev eth0 nud permanent`,
      ...(four ? [`route add default via ${gateway4}`] : []),
      ...(six ? ['route add ::/0 via fe80::1 dev eth0'] : []),
    ]);
    // Neighbours are permanent so that a burst of first packets does not wait in a short queue.
    ip(
      hub,
      addresses.flatMap((address) => {
        const source = hubAddresses.length === 0 ? undefined : sameFamily(address, hubAddresses);
        return [
          `route replace ${hostBlock(address)} dev ${link}${source === undefined ? '' : ` src ${source}`}`,
          `neigh replace ${address} lladdr ${mac} dev ${link} nud permanent`,
        ];
      }),
    );
    for (const address of addresses) this.#holders.set(address, netns);
  }

  #unlink({ hub, link, addresses, netns }: Leaf): void {
    ip(hub, [`link del ${link}`]);
    for (const address of addresses) if (this.#holders.get(address) === netns) this.#holders.delete(address);
  }

  #serve(netns: string): void {
    for (const port of servedPorts) {
      const server = createServer((socket) => {
        this.#connections.add(socket);
        socket.on('close', () => this.#connections.delete(socket));
        socket.on('error', () => socket.destroy());
        socket.on('data', (data: Buffer) => socket.write(data));
      });
      this.#servers.push(listenTcp(server, { netns, address: '::', port }));
      const socket = openUdp({ netns, address: '::', port });
      socket.on('error', () => undefined);
      socket.on('message', (message, from) => socket.send(message, from.port, from.address, () => undefined));
      this.#datagramServers.push(socket);
    }
  }

  #forwards(netns: string): void {
    setNetSysctls(netns, { 'ipv4/ip_forward': '1', 'ipv6/conf/all/forwarding': '1', 'ipv4/conf/all/rp_filter': '0' });
  }

  #makeNetns(short: string): string {
    const netns = this.#name(short);
    if (this.#netns.size === 0) claimNetwork(this.#id);
    createNetns(netns);
    this.#netns.add(netns);
    setNetSysctls(netns, { 'ipv6/conf/default/accept_dad': '0', 'ipv4/conf/default/rp_filter': '0', 'ipv4/icmp_ratelimit': '0' });
    return netns;
  }

  #name(short: string): string {
    return `${netnsPrefix(this.#id)}${short}`;
  }

  #nextMac(): string {
    this.#macs++;
    return `02:00:00:00:${hexByte(this.#macs >> 8)}:${hexByte(this.#macs & 255)}`;
  }
}

function ip(netns: string, commands: readonly string[]): void {
  if (commands.length === 0) return;
  execFileSync('ip', ['-n', netns, '-batch', '-'], { input: `${commands.join('\n')}\n`, stdio: ['pipe', 'ignore', 'pipe'] });
}

/** What the link of a pod is made for: another world may give the same uid to another pod. */
function identityOf({ metadata, spec, status }: Pod): string {
  return [metadata.namespace, metadata.name, spec?.nodeName, ...podAddressesOf(status)].join(' ');
}

function podAddressesOf(status: Pod['status']): string[] {
  return (status?.podIPs ?? []).map((each) => each.ip);
}

function hostBlock(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`;
}

function sameFamily(address: string, others: readonly string[]): string {
  const found = others.find((other) => other.includes(':') === address.includes(':'));
  return defined(found, `an address of the family of ${address}`);
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}
