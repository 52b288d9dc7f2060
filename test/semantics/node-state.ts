/** Everything in the kernel that a back end could leave behind on a node, as text that is equal when the state is. */
import { ebpfPinDirectory } from '../packets/back-ends.ts';

/** What is pinned for the node that the command runs in. */
export const nodePins = `${ebpfPinDirectory}/weir-net-$(stat -L -c %i /proc/self/ns/net)`;

const commands = [
  'nft list ruleset',
  // Each alone makes no table of its flavour.
  'iptables-nft-save',
  'ip6tables-nft-save',
  'iptables-legacy-save',
  'ip6tables-legacy-save',
  'ipset save',
  'tc qdisc show',
  'for link in $(ls /sys/class/net); do tc filter show dev $link ingress; tc filter show dev $link egress; done 2>&1',
  'ip rule; ip -6 rule; ip route show table all; ip -6 route show table all',
  'sysctl -a 2>/dev/null | grep -E "^net\\.(ipv4|ipv6|netfilter)\\." | grep -vE "nf_conntrack_count|\\.(neigh|conf)\\..*(weirt|stable_secret)"',
  `find ${nodePins} 2>/dev/null; true`,
];

/** What there is, one entry a command; `inNode` runs a program in the node's namespace. Programs, maps and links of eBPF are those that this process or a pin holds. */
export function nodeState(inNode: (command: readonly string[]) => string): string[] {
  const held = ['prog', 'map', 'link'].map((kind) => {
    const listed = JSON.parse(inNode(['bpftool', '--json', kind, 'list'])) as readonly {
      readonly id: number;
      readonly pids?: readonly { readonly pid: number }[];
    }[];
    return `${kind} ${JSON.stringify(listed.filter(({ pids }) => pids?.some(({ pid }) => pid === process.pid)).map(({ id }) => id))}`;
  });
  return [...commands.map((command) => inNode(['sh', '-c', command]).replaceAll(/^#.*\n/gm, '')), ...held];
}
