/** Two pods behind a node, and datagrams from the one to the other whose whole way is the sender's work. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createNetns, deleteNetns, RawSocket, setNetSysctls } from '@weir/kernel';
import { type Address, addressToBytes, defined, parseAddress } from '@weir/net';

/** What is sent: each datagram opens a connection, or belongs to the first one's. */
export type Kind = 'new connections' | 'packets of one connection';

const packetsPerRound = 10_000;
const addresses = { a: '10.77.0.1', b: '10.77.0.2' } as const;
const ends = { a: defined(parseAddress(addresses.a), 'an address'), b: defined(parseAddress(addresses.b), 'an address') };

/** The namespaces; {@link close} takes them away. */
export class SenderNetwork {
  /** What the names of links to pods begin with. */
  readonly podInterface = 'w';
  readonly #id = randomBytes(3).toString('hex');

  /** The namespace of the node or of a pod. */
  netns(host: 'node' | 'a' | 'b'): string {
    return `weirt-${this.#id}-${host}`;
  }

  /** The node's ends of links, with the addresses behind them. */
  links(): { readonly interface: string; readonly addresses: readonly string[] }[] {
    return (['a', 'b'] as const).map((pod) => ({ interface: `${this.podInterface}${pod}`, addresses: [addresses[pod]] }));
  }

  open(): void {
    for (const host of ['node', 'a', 'b'] as const) createNetns(this.netns(host));
    setNetSysctls(this.netns('node'), { 'ipv4/ip_forward': '1' });
    for (const [i, pod] of (['a', 'b'] as const).entries()) {
      const [mac, hub, link] = [`02:00:00:00:00:0${i + 1}`, 'ee:ee:ee:ee:ee:ee', `${this.podInterface}${pod}`];
      this.#ip('node', [
        `link add ${link} address ${hub} type veth peer name eth0 address ${mac} netns ${this.netns(pod)}`,
        `link set ${link} up`,
        `route add ${addresses[pod]}/32 dev ${link}`,
        `neigh add ${addresses[pod]} lladdr ${mac} dev ${link} nud permanent`,
      ]);
      this.#ip(pod, [
        `addr add ${addresses[pod]}/32 dev eth0`,
        'link set eth0 up',
        'route add 169.254.1.1 dev eth0 scope link',
        `neigh add 169.254.1.1 lladdr ${hub} dev eth0 nud permanent`,
        'route add default via 169.254.1.1',
      ]);
    }
    // Connection tracking is on whatever the rules are, and nothing answers.
    for (const [host, rules] of [
      ['b', 'chain arrived { type filter hook prerouting priority -310; counter drop; }'],
      ['node', 'chain track { type filter hook forward priority 10; ct state established counter; }'],
    ] as const) {
      execFileSync('ip', ['netns', 'exec', this.netns(host), 'nft', `add table inet bench { ${rules}; }`]);
    }
  }

  close(): void {
    for (const host of ['node', 'a', 'b'] as const) deleteNetns(this.netns(host));
  }

  /** Nanoseconds of processor time for a packet of a kind, the sender's own work included; throws when packets do not arrive. */
  time(kind: Kind): number {
    execFileSync('ip', ['netns', 'exec', this.netns('node'), 'conntrack', '-F'], { stdio: 'ignore' });
    const [client, server] = [new RawSocket({ netns: this.netns('a'), family: 4 }), new RawSocket({ netns: this.netns('b'), family: 4 })];
    try {
      const ports = { source: 1_000, destination: 80 };
      client.send(datagram(ends.a, ends.b, ports), ends.b);
      server.send(datagram(ends.b, ends.a, { source: 80, destination: 1_000 }), ends.a);
      const packets = Array.from({ length: packetsPerRound }, (_, i) =>
        datagram(ends.a, ends.b, kind === 'new connections' ? { ...ports, source: 1_024 + i } : ports),
      );
      const arrivedBefore = this.#arrived();
      const before = process.cpuUsage();
      for (const packet of packets) client.send(packet, ends.b);
      const { user, system } = process.cpuUsage(before);
      const arrived = this.#arrived() - arrivedBefore;
      if (arrived < packets.length) throw new Error(`of ${packets.length} packets ${arrived} arrived`);
      return ((user + system) * 1_000) / packets.length;
    } finally {
      client.close();
      server.close();
    }
  }

  #arrived(): number {
    const listed = execFileSync('ip', ['netns', 'exec', this.netns('b'), 'nft', 'list', 'table', 'inet', 'bench'], { encoding: 'utf8' });
    return Number(/counter packets (\d+)/.exec(listed)?.[1]);
  }

  #ip(host: 'node' | 'a' | 'b', commands: readonly string[]): void {
    execFileSync('ip', ['-n', this.netns(host), '-batch', '-'], { input: commands.join('\n') });
  }
}

/** UDP over IPv4 without a checksum. */
function datagram(source: Address, destination: Address, ports: { readonly source: number; readonly destination: number }): Buffer {
  const packet = Buffer.alloc(28 + 32);
  packet.set([0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17], 0);
  packet.set(addressToBytes(source), 12);
  packet.set(addressToBytes(destination), 16);
  packet.writeUInt16BE(ports.source, 20);
  packet.writeUInt16BE(ports.destination, 22);
  packet.writeUInt16BE(40, 24);
  return packet;
}
