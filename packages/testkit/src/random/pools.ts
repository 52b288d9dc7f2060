/**
 * The small pools that generated worlds draw from: so few labels, names, ports and addresses that
 * matches and near misses are both frequent. Some label keys and values exist for pods and for
 * namespaces, so that mixing the two up shows.
 */

/** Labels of pods: key to possible values. */
export const podLabelPool: Readonly<Record<string, readonly string[]>> = {
  app: ['web', 'db', 'api'],
  tier: ['front', 'back'],
  team: ['red', 'blue'],
  'example.com/role': ['', 'leader'],
};

/** Labels of namespaces: key to possible values. */
export const namespaceLabelPool: Readonly<Record<string, readonly string[]>> = {
  team: ['red', 'blue'],
  env: ['prod', 'dev'],
  tier: ['front', 'back'],
};

/** Names of namespaces. */
export const namespaceNamePool = ['default', 'x', 'y', 'z', 'demo', 'monitoring'] as const;

/** Names of container ports. */
export const portNamePool = ['web', 'dns', 'metrics'] as const;

/** The four ports that every pair of ends is tried on. */
export const flowPorts = [80, 81, 443, 8080] as const;

/** Numbers of container ports and of rules: the tried ones and some beside them. */
export const portNumberPool = [80, 81, 443, 8080, 82, 8081] as const;

/** First and last ports of ranges: their ends are tried ports, or lie right beside one. */
export const portRangePool: readonly (readonly [number, number])[] = [
  [80, 80],
  [80, 81],
  [81, 443],
  [79, 80],
  [82, 442],
  [444, 8079],
  [443, 8080],
  [1, 65535],
  [80, 65535],
  [1, 79],
];

/** The protocols of ports. */
export const transportPool = ['TCP', 'UDP', 'SCTP'] as const;

/** Addresses outside of the cluster, from the ranges for documentation (RFC 5737, RFC 3849). */
export const externalAddressPool = {
  4: ['203.0.113.10', '203.0.113.77', '198.51.100.5'],
  6: ['2001:db8::10', '2001:db8:1::1'],
} as const;

/** The address of node `index` (from 0) of the family. */
export function nodeAddress(index: number, family: 4 | 6): string {
  return family === 4 ? `10.224.0.${4 + index}` : `fd00:224::${(4 + index).toString(16)}`;
}

/**
 * The pod-network address with the number (1 to 249) of the family, spread over several /24 and
 * /26 blocks (IPv6: over two /48), so that short and long prefixes both divide the pods.
 */
export function podAddress(number: number, family: 4 | 6): string {
  if (family === 4) return `10.224.${1 + ((number >> 2) & 3)}.${((number * 37) % 250) + 2}`;
  return `fd00:224:${1 + (number & 1)}::${number.toString(16)}`;
}
