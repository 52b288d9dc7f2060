/**
 * What the table costs packets: a pod sends to another through a node, the node's rules are in the way
 * or not. Needs root; makes three network namespaces and takes them away.
 *
 *   npm run bench:packets
 *
 * Everything happens inside of the sender's system calls, so its processor time is that of a packet's
 * whole way (and of sending it). Rounds with and without rules alternate; figures are the least of all
 * rounds, and what they are more than without rules.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Delta } from '@weir/calc';
import { createNetns, deleteNetns, inNetns, RawSocket, setNetSysctls } from '@weir/kernel';
import { type Address, addressToBytes, defined, parseAddress } from '@weir/net';
import { interruption } from '@weir/testkit';
import { createNftablesDataplane, type NftablesDataplane } from '../src/nftables/index.ts';
import { stateDelta } from '../test/conformance/state.ts';

const rounds = 9;
const packetsPerRound = 10_000;
const interrupted = interruption();
const id = randomBytes(3).toString('hex');
const netns = { node: `weirt-${id}-node`, a: `weirt-${id}-a`, b: `weirt-${id}-b` };
const addresses = { a: '10.77.0.1', b: '10.77.0.2' } as const;
const ends = { a: defined(parseAddress(addresses.a), 'an address'), b: defined(parseAddress(addresses.b), 'an address') };

type Kind = 'new connections' | 'packets of one connection';

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

function openNetwork(): void {
  for (const name of Object.values(netns)) createNetns(name);
  setNetSysctls(netns.node, { 'ipv4/ip_forward': '1' });
  for (const [i, pod] of (['a', 'b'] as const).entries()) {
    const [mac, hub] = [`02:00:00:00:00:0${i + 1}`, 'ee:ee:ee:ee:ee:ee'];
    execFileSync('ip', ['-n', netns.node, '-batch', '-'], {
      input: [
        `link add w${pod} address ${hub} type veth peer name eth0 address ${mac} netns ${netns[pod]}`,
        `link set w${pod} up`,
        `route add ${addresses[pod]}/32 dev w${pod}`,
        `neigh add ${addresses[pod]} lladdr ${mac} dev w${pod} nud permanent`,
      ].join('\n'),
    });
    execFileSync('ip', ['-n', netns[pod], '-batch', '-'], {
      input: [
        `addr add ${addresses[pod]}/32 dev eth0`,
        'link set eth0 up',
        'route add 169.254.1.1 dev eth0 scope link',
        `neigh add 169.254.1.1 lladdr ${hub} dev eth0 nud permanent`,
        'route add default via 169.254.1.1',
      ].join('\n'),
    });
  }
  // Connection tracking is on in all cases, and nothing answers.
  for (const [name, rules] of [
    [netns.b, 'chain arrived { type filter hook prerouting priority -310; counter drop; }'],
    [netns.node, 'chain track { type filter hook forward priority 10; ct state established counter; }'],
  ] as const) {
    execFileSync('ip', ['netns', 'exec', name, 'nft', `add table inet bench { ${rules}; }`]);
  }
}

/** Nanoseconds of processor time for a packet of a kind, the sender's own work included, with the rules that are in force. */
function time(kind: Kind): number {
  execFileSync('ip', ['netns', 'exec', netns.node, 'conntrack', '-F'], { stdio: 'ignore' });
  const [client, server] = [new RawSocket({ netns: netns.a, family: 4 }), new RawSocket({ netns: netns.b, family: 4 })];
  try {
    const ports = { source: 1_000, destination: 80 };
    client.send(datagram(ends.a, ends.b, ports), ends.b);
    server.send(datagram(ends.b, ends.a, { source: 80, destination: 1_000 }), ends.a);
    const packets = Array.from({ length: packetsPerRound }, (_, i) =>
      datagram(ends.a, ends.b, kind === 'new connections' ? { ...ports, source: 1_024 + i } : ports),
    );
    const before = process.cpuUsage();
    for (const packet of packets) client.send(packet, ends.b);
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1_000) / packets.length;
  } finally {
    client.close();
    server.close();
  }
}

const rule = { peer: ['all'], protocol: 17, ports: [80] };
const link = (pod: string): string => `w${pod}`;
const states: Readonly<Record<string, Delta | undefined>> = {
  'no rules': undefined,
  'nobody isolated': stateDelta({}, link),
  'both ends isolated': stateDelta({ sets: { all: { a: 'member', b: 'member' } }, ingress: { b: [rule] }, egress: { a: [rule] } }, link),
};

/** Puts a state into force in the node, or takes all rules away. */
async function putIntoForce(state: Delta | undefined): Promise<void> {
  let dataplane: NftablesDataplane | undefined;
  inNetns(netns.node, () => {
    dataplane = createNftablesDataplane({ podInterfaces: ['w'] });
  });
  if (state === undefined) await dataplane?.remove();
  else await dataplane?.apply(state);
  await dataplane?.close();
}

try {
  openNetwork();
  for (const kind of ['new connections', 'packets of one connection'] as const) {
    const times = new Map<string, number[]>(Object.keys(states).map((name) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [name, state] of Object.entries(states)) {
        await nextTurn();
        interrupted.throwIfAborted();
        await putIntoForce(state);
        times.get(name)?.push(time(kind));
      }
    }
    const least = (name: string): number => Math.min(...(times.get(name) ?? []));
    for (const name of times.keys()) {
      const more = (least(name) - least('no rules')).toFixed(0);
      console.log(`${kind}, ${name}: ${least(name).toFixed(0)} ns a packet, ${more} more than without rules`);
    }
  }
} finally {
  for (const name of Object.values(netns)) deleteNetns(name);
}
