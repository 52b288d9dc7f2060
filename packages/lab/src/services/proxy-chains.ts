/** The chains of a node's service proxy that are the same whatever the services are, as rules by name. */
import { masqueradeMark } from './kube-forward.ts';

/** Where packets come in, and what becomes of them after the translation. */
export const dispatchChains: Readonly<Record<string, readonly string[]>> = {
  dispatch: [
    'dnat ip to ip daddr . meta l4proto . th dport map @host_ports4',
    'dnat ip6 to ip6 daddr . meta l4proto . th dport map @host_ports6',
    'ip daddr . meta l4proto . th dport vmap @services4',
    'ip6 daddr . meta l4proto . th dport vmap @services6',
    'ip daddr @node_addresses4 meta l4proto . th dport vmap @node_ports4',
    'ip6 daddr @node_addresses6 meta l4proto . th dport vmap @node_ports6',
  ],
  unserved: [
    'ip daddr . meta l4proto . th dport vmap @unserved_services4',
    'ip6 daddr . meta l4proto . th dport vmap @unserved_services6',
    'ip daddr @node_addresses4 meta l4proto . th dport vmap @unserved_node_ports4',
    'ip6 daddr @node_addresses6 meta l4proto . th dport vmap @unserved_node_ports6',
    // What is translated has left these addresses behind: only ports that no service has come here.
    'ip daddr @cluster_addresses4 goto refuse',
    'ip6 daddr @cluster_addresses6 goto refuse',
  ],
  prerouting: ['type nat hook prerouting priority -100; policy accept;', 'goto dispatch'],
  output: ['type nat hook output priority -100; policy accept;', 'goto dispatch'],
  'refuse-input': ['type filter hook input priority -90; policy accept;', 'ct state new goto unserved'],
  'refuse-forward': ['type filter hook forward priority -90; policy accept;', 'ct state new goto unserved'],
  'refuse-output': ['type filter hook output priority -90; policy accept;', 'ct state new goto unserved'],
  postrouting: [
    'type nat hook postrouting priority 100; policy accept;',
    'ct status dnat ip saddr . ip daddr @hairpin4 masquerade',
    'ct status dnat ip6 saddr . ip6 daddr @hairpin6 masquerade',
    // Outside traffic to a node port must come back through this node.
    'ct status dnat meta l4proto tcp ct original proto-dst @source_kept_tcp return',
    'ct status dnat meta l4proto udp ct original proto-dst @source_kept_udp return',
    'ct status dnat meta l4proto sctp ct original proto-dst @source_kept_sctp return',
    'ct status dnat ct original ip daddr @node_addresses4 masquerade',
    'ct status dnat ct original ip6 daddr @node_addresses6 masquerade',
  ],
};

/** Before the translation, which the first packet of a connection alone meets. */
export const markChain: Readonly<Record<string, readonly string[]>> = {
  'mark-masqueraded': [
    'type filter hook prerouting priority -110; policy accept;',
    'meta l4proto tcp th dport @source_kept_tcp return',
    'meta l4proto udp th dport @source_kept_udp return',
    'meta l4proto sctp th dport @source_kept_sctp return',
    `ip daddr @node_addresses4 ct state new meta mark set meta mark or ${masqueradeMark}`,
    `ip6 daddr @node_addresses6 ct state new meta mark set meta mark or ${masqueradeMark}`,
  ],
};
