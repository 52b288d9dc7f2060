/**
 * The ends of all traffic of one family, in classes that policies treat alike: pods, addresses of
 * nodes (which pods on the host's network share), and addresses outside of the cluster, one for each
 * part into which the blocks of all policies cut the rest of the address space.
 */

import {
  type Endpoint,
  type FlowEnd,
  type PolicyWorld,
  requiredLabels,
  type Selector,
  selectorKey,
  selectorMatches,
  systemOfEndpoint,
} from '@weir/model';
import {
  type Address,
  type AddressRange,
  addressRangesContain,
  BitSet,
  compareAddresses,
  type Family,
  formatAddress,
  nextAddress,
  parseAddress,
} from '@weir/net';
import type { Snapshot } from '../snapshot.ts';
import { conditionsOf, type EndConditions, groupBits, rangesKey } from './end-conditions.ts';

/** Ends that are alike. */
export interface EndClass {
  readonly kind: 'pods' | 'nodes' | 'outside';
  /** All of them, each with its address of the family; of addresses outside the known hosts, or one that stands for all others. */
  readonly ends: readonly FlowEnd[];
}

/** The classes, and which of them each selector and each set of addresses holds. */
export interface EndClasses {
  readonly family: Family;
  readonly classes: readonly EndClass[];
  readonly pods: BitSet;
  readonly nodes: BitSet;
  /** The classes of pods that a selector of a rule matches. */
  selected(selector: Selector): BitSet;
  /** The classes whose addresses lie in the ranges, whatever they are. */
  inside(nets: readonly AddressRange[]): BitSet;
}

/** What to classify. */
export interface ClassifiedWorlds {
  readonly snapshot: Snapshot;
  /** Their conditions divide the ends. */
  readonly worlds: readonly PolicyWorld[];
  readonly family: Family;
  /** Whether the policies of this pod are compared; the others are left out. */
  readonly include: (endpoint: Endpoint) => boolean;
  /** Addresses outside that are known to be somebody's: each is an end of its own. */
  readonly hosts?: readonly Address[];
}

/** Classifies. */
export function classifyEnds(input: ClassifiedWorlds): EndClasses {
  const conditions = conditionsOf(input.worlds);
  const found = new Map<string, { kind: EndClass['kind']; ends: FlowEnd[]; bits: Bits }>();
  const add = (kind: EndClass['kind'], end: FlowEnd, bits: Bits): void => {
    const key = `${kind} ${bits.selectors} ${bits.nets} ${bits.extra}`;
    const same = found.get(key);
    if (same === undefined) found.set(key, { kind, ends: [end], bits });
    else same.ends.push(end);
  };
  const netsOf = (address: Address): string =>
    conditions.nets.map(({ ranges }) => (addressRangesContain(ranges, address) ? '1' : '0')).join('');
  const groupsOf = groupBits(conditions.members);
  const selectorsOf = selectorBits(conditions.selectors);
  const taken = new Set<string>();
  for (const { end, kind } of clusterEnds(input)) {
    taken.add(formatAddress(end.address));
    const groups = groupsOf(end.address);
    if (end.kind === 'node')
      add(kind, end, { selectors: '', nets: netsOf(end.address), extra: `${conditions.asksForNodes ? end.node.name : ''}${groups}` });
    else if (end.kind === 'endpoint' && input.include(end.endpoint)) {
      const node = conditions.asksForNodes ? (end.endpoint.node ?? '') : '';
      const extra = JSON.stringify([systemOfEndpoint(end.endpoint), end.endpoint.namedPorts, node, groups]);
      add(kind, end, { selectors: selectorsOf(end.endpoint), nets: netsOf(end.address), extra });
    }
  }
  const outside = (address: Address): void =>
    add('outside', { kind: 'address', address }, { selectors: '', nets: netsOf(address), extra: groupsOf(address) });
  for (const host of input.hosts ?? []) if (host.family === input.family && !taken.has(formatAddress(host))) outside(host);
  for (const { address } of conditions.members) if (address.family === input.family && !taken.has(formatAddress(address))) outside(address);
  for (const address of outsideAddresses(conditions.nets, input.family, taken)) {
    if (!found.has(`outside  ${netsOf(address)} ${groupsOf(address)}`)) outside(address);
  }
  return indexed([...found.values()], conditions, input.family);
}

interface Bits {
  readonly selectors: string;
  readonly nets: string;
  readonly extra: string;
}

function indexed(
  found: readonly { readonly kind: EndClass['kind']; readonly ends: FlowEnd[]; readonly bits: Bits }[],
  conditions: EndConditions,
  family: Family,
): EndClasses {
  const size = found.length;
  const rowsOf = (keys: readonly string[], bitsOf: (bits: Bits) => string): ReadonlyMap<string, BitSet> =>
    new Map(keys.map((key, at) => [key, BitSet.where(size, (i) => bitsOf(found[i]?.bits ?? noBits).charAt(at) === '1')]));
  const selectorRows = rowsOf(
    conditions.selectors.map(({ key }) => key),
    ({ selectors }) => selectors,
  );
  const netRows = rowsOf(
    conditions.nets.map(({ key }) => key),
    ({ nets }) => nets,
  );
  const none = BitSet.empty(size);
  return {
    family,
    classes: found,
    pods: BitSet.where(size, (i) => found[i]?.kind === 'pods'),
    nodes: BitSet.where(size, (i) => found[i]?.kind === 'nodes'),
    selected: (selector) => selectorRows.get(selectorKey(selector)) ?? none,
    inside: (nets) => netRows.get(rangesKey(nets)) ?? none,
  };
}

const noBits: Bits = { selectors: '', nets: '', extra: '' };

/** The selectors' answers about a pod, one sign each; pods of equal labels are asked once, and selectors of other namespaces not at all. */
function selectorBits(selectors: EndConditions['selectors']): (endpoint: Endpoint) => string {
  const everywhere: number[] = [];
  const byNamespace = new Map<string, number[]>();
  for (const [at, { selector }] of selectors.entries()) {
    const names = requiredLabels(selector).find(({ label }) => label.space === 'reserved' && label.key === 'namespace')?.values;
    if (names === undefined) everywhere.push(at);
    for (const name of new Set(names)) byNamespace.set(name, [...(byNamespace.get(name) ?? []), at]);
  }
  const known = new Map<string, string>();
  return (endpoint) => {
    const { pod, serviceAccount, reserved } = endpoint.labels;
    const { name: _name, ...others } = reserved;
    const sorted = [pod, serviceAccount, others].map((own) => Object.entries(own).sort(([a], [b]) => (a < b ? -1 : 1)));
    const labels = JSON.stringify([endpoint.namespace, sorted]);
    let bits = known.get(labels);
    if (bits === undefined) {
      const signs = new Array<string>(selectors.length).fill('0');
      for (const at of [...everywhere, ...(byNamespace.get(endpoint.namespace) ?? [])]) {
        const selector = selectors[at]?.selector;
        if (selector !== undefined && selectorMatches(selector, endpoint)) signs[at] = '1';
      }
      bits = signs.join('');
      known.set(labels, bits);
    }
    return bits;
  };
}

type AddressedEnd = FlowEnd & { readonly address: Address };

/** Pods and nodes with their addresses of the family; an address is that of a pod before that of a node, as in evaluation. */
function clusterEnds({ snapshot, family }: ClassifiedWorlds): { readonly kind: 'pods' | 'nodes'; readonly end: AddressedEnd }[] {
  const pods = snapshot.world.endpoints.flatMap((endpoint) => {
    const address = endpoint.addresses.find((candidate) => candidate.family === family);
    return address === undefined ? [] : [{ kind: 'pods' as const, end: { kind: 'endpoint' as const, endpoint, address } }];
  });
  const taken = new Set(pods.map(({ end }) => formatAddress(end.address)));
  const nodes = snapshot.nodes.flatMap((node) =>
    node.addresses
      .filter((address) => address.family === family && !taken.has(formatAddress(address)))
      .map((address) => ({ kind: 'nodes' as const, end: { kind: 'node' as const, node, address } })),
  );
  return [...pods, ...nodes];
}

/** Addresses for documentation (RFC 5737, RFC 3849) and some that are not: what people recognise as "outside". */
const wellKnown: Readonly<Record<Family, readonly string[]>> = {
  4: ['203.0.113.10', '198.51.100.10', '192.0.2.10'],
  6: ['2001:db8::10', '2001:db8:1::10'],
};

/** One address that is nobody's in each part into which the ranges cut the address space, where there is one. */
function outsideAddresses(nets: EndConditions['nets'], family: Family, taken: ReadonlySet<string>): Address[] {
  // What is before it is nobody's (RFC 6890).
  const first = parseAddress(family === 4 ? '1.0.0.1' : '::1:0:0:1');
  const starts = new Map<string, Address>();
  const start = (address: Address | undefined): void => {
    if (address?.family === family) starts.set(formatAddress(address), address);
  };
  start(first);
  for (const { first: from, last } of nets.flatMap(({ ranges }) => ranges)) {
    start(from);
    start(nextAddress(last));
  }
  const sorted = [...starts.values()].sort(compareAddresses);
  const known = wellKnown[family].flatMap((text) => parseAddress(text) ?? []);
  const found = sorted.flatMap((from, i) => {
    const end = sorted[i + 1];
    const isInside = (address: Address): boolean =>
      compareAddresses(address, from) >= 0 && (end === undefined || compareAddresses(address, end) < 0);
    const plain = known.find((address) => isInside(address) && !taken.has(formatAddress(address)));
    if (plain !== undefined) return [plain];
    let candidate: Address | undefined = from;
    while (candidate !== undefined && isInside(candidate) && taken.has(formatAddress(candidate))) candidate = nextAddress(candidate);
    return candidate !== undefined && isInside(candidate) ? [candidate] : [];
  });
  // Of equal ones the first stands for all.
  return found.sort((a, b) => Number(known.includes(b)) - Number(known.includes(a)));
}
