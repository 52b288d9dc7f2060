/**
 * The ends of all traffic of one family, in classes that policies treat alike: pods, addresses of
 * nodes (which pods on the host's network share), and addresses outside of the cluster, one for each
 * part into which the blocks of all policies cut the rest of the address space.
 */

import { addressInRanges, type Endpoint, type FlowEnd, type PolicyWorld, type Selector, selectorText, systemOfEndpoint } from '@weir/model';
import { type Address, type AddressRange, BitSet, type Family, formatAddress } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import { AddressParts } from './address-parts.ts';
import type { Bounds } from './bounds.ts';
import { conditionsOf, type EndConditions, groupBits, rangesKey } from './end-conditions.ts';
import { LabelAnswerer } from './label-answers.ts';
import { type AlikeMembers, LazyRows } from './lazy-rows.ts';
import { outsideAddresses } from './outside-addresses.ts';

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
  selected(selector: Selector): Bounds;
  /** The classes whose addresses lie in the ranges, whatever they are; unknown for pods without an address. */
  inside(nets: readonly AddressRange[]): Bounds;
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
  /** Whether pods without any address are ends too. Default: no. */
  readonly withUnaddressed?: boolean;
}

/** Classifies. */
export function classifyEnds(input: ClassifiedWorlds): EndClasses {
  const conditions = conditionsOf(input.worlds);
  const classes = new GrowingClasses(conditions, input);
  const taken = new Set<string>();
  for (const { end, kind, text } of clusterEnds(input)) {
    if (text !== undefined) taken.add(text);
    if (end.kind === 'node') classes.addNode(end);
    else if (end.kind === 'endpoint' && input.include(end.endpoint)) classes.addPod(end);
    else if (end.kind !== 'endpoint') throw new TypeError(`no ${kind}`);
  }
  for (const host of input.hosts ?? []) if (host.family === input.family && !taken.has(formatAddress(host))) classes.addOutside(host);
  for (const { address } of conditions.members)
    if (address.family === input.family && !taken.has(formatAddress(address))) classes.addOutside(address);
  for (const address of outsideAddresses(classes.parts.starts, input.family, taken)) {
    if (!classes.hasOutside(address)) classes.addOutside(address);
  }
  return classes.indexed();
}

/** What is known of a class while others are added. */
interface GrowingClass {
  readonly kind: EndClass['kind'];
  readonly ends: FlowEnd[];
  readonly labels: { readonly yes: readonly number[]; readonly unknown: readonly number[] };
  /** The blocks that hold its addresses; undefined: unknown. */
  readonly blocks: readonly number[] | undefined;
}

/** A pod of which nobody told anything. */
const somePod: FlowEnd = {
  kind: 'endpoint',
  endpoint: {
    uid: '',
    namespace: '',
    name: '',
    addresses: [],
    labels: { pod: {}, namespace: {}, serviceAccount: {}, reserved: {} },
    namedPorts: [],
  },
};

const noLabels: GrowingClass['labels'] = { yes: [], unknown: [] };

class GrowingClasses {
  readonly parts: AddressParts;
  readonly #conditions: EndConditions;
  readonly #worlds: readonly PolicyWorld[];
  readonly #family: Family;
  readonly #answerer: LabelAnswerer;
  readonly #groupsOf: (address: Address) => string;
  readonly #found: Map<string, GrowingClass> = new Map();
  readonly #idOfBlocks: Map<readonly number[], number> = new Map();

  constructor(conditions: EndConditions, { worlds, family }: ClassifiedWorlds) {
    this.#conditions = conditions;
    this.#worlds = worlds;
    this.#family = family;
    this.parts = new AddressParts(conditions.nets, family);
    this.#groupsOf = groupBits(conditions.members);
    this.#answerer = new LabelAnswerer(
      conditions.selectors.map(({ selector }) => selector),
      worlds,
    );
  }

  addPod(end: FlowEnd & { readonly kind: 'endpoint' }): void {
    const { endpoint, address } = end;
    const labels = this.#answerer.of(endpoint);
    const { asksForNodes, portNames } = this.#conditions;
    const named = endpoint.namedPorts.filter(({ name }) => portNames.has(name));
    const node = asksForNodes ? (endpoint.node ?? '') : '';
    const system = systemOfEndpoint(endpoint);
    // Mostly nobody asks for names of ports or nodes, and there are thousands of pods.
    const extra = named.length === 0 && node === '' ? system : JSON.stringify([system, named, node]);
    this.#add(`pods ${labels.id} ${extra}`, { kind: 'pods', ends: [end], labels, blocks: this.#blocksAt(address) }, address);
  }

  addNode(end: FlowEnd & { readonly kind: 'node' }): void {
    const { asksForNodes, asksHosts } = this.#conditions;
    const { node, address } = end;
    const place = `${asksForNodes ? node.name : ''} ${asksHosts && address !== undefined ? formatAddress(address) : ''}`;
    this.#add(`nodes ${place}`, { kind: 'nodes', ends: [end], labels: noLabels, blocks: this.#blocksAt(address) }, address);
  }

  addOutside(address: Address): void {
    const blocks = this.#blocksAt(address);
    this.#add('outside', { kind: 'outside', ends: [{ kind: 'address', address }], labels: noLabels, blocks }, address);
  }

  hasOutside(address: Address): boolean {
    return this.#found.has(this.#keyOf('outside', this.#blocksAt(address), address));
  }

  indexed(): EndClasses {
    const classes = [...this.#found.values()];
    const { selectors, nets } = this.#conditions;
    const placeOfSelector = new Map<Selector, number>(selectors.map(({ selector }, at) => [selector, at]));
    const placeOfKey = new Map(selectors.map(({ key }, at) => [key, at]));
    const placeOfRanges = new Map<readonly AddressRange[], number>(nets.map(({ ranges }, at) => [ranges, at]));
    const placeOfRangesKey = new Map(nets.map(({ key }, at) => [key, at]));
    const rowsOfSelectors = new LazyRows(
      classes.map(({ labels }) => labels.yes),
      { unknown: classes.map(({ labels }) => labels.unknown) },
    );
    const rowsOfNets = new LazyRows(
      classes.map(({ blocks = [] }) => blocks),
      { alike: this.#unaddressedAmong(classes) },
    );
    return {
      family: this.#family,
      classes,
      pods: BitSet.where(classes.length, (at) => classes[at]?.kind === 'pods'),
      nodes: BitSet.where(classes.length, (at) => classes[at]?.kind === 'nodes'),
      selected: (selector) => rowsOfSelectors.row(placeOf(selector, placeOfSelector, () => placeOfKey.get(selectorText(selector)))),
      inside: (ranges) => rowsOfNets.row(placeOf(ranges, placeOfRanges, () => placeOfRangesKey.get(rangesKey(ranges)))),
    };
  }

  /** Of pods of which nobody told the address, the blocks that hold it in every world; the others unless in no world. */
  #unaddressedAmong(classes: readonly GrowingClass[]): AlikeMembers | undefined {
    const members = BitSet.where(classes.length, (at) => classes[at]?.blocks === undefined);
    if (members.isEmpty) return undefined;
    const truths = this.#conditions.nets.map(({ ranges }) =>
      this.#worlds.map((world) => addressInRanges(world, ranges, somePod, this.#family)),
    );
    const places = truths.map((_, at) => at);
    return {
      members,
      yes: new Set(places.filter((at) => truths[at]?.every((truth) => truth === 'yes'))),
      unknown: new Set(places.filter((at) => truths[at]?.some((truth) => truth !== 'no') && !truths[at].every((truth) => truth === 'yes'))),
    };
  }

  #add(key: string, one: GrowingClass, address: Address | undefined): void {
    const whole = this.#keyOf(key, one.blocks, address);
    const same = this.#found.get(whole);
    if (same === undefined) this.#found.set(whole, one);
    else same.ends.push(...one.ends);
  }

  #keyOf(key: string, blocks: readonly number[] | undefined, address: Address | undefined): string {
    if (blocks === undefined || address === undefined) return key;
    let id = this.#idOfBlocks.get(blocks);
    if (id === undefined) this.#idOfBlocks.set(blocks, (id = this.#idOfBlocks.size));
    return `${key} ${id} ${this.#groupsOf(address)}`;
  }

  #blocksAt(address: Address | undefined): readonly number[] | undefined {
    return address === undefined ? undefined : this.parts.holding(address);
  }
}

/** Looks an object up by itself, and the first time by what it says. */
function placeOf<T>(one: T, places: Map<T, number>, bySaying: () => number | undefined): number {
  let place = places.get(one);
  if (place === undefined) places.set(one, (place = bySaying() ?? -1));
  return place;
}

/** An end of the cluster, with the text of its address. */
interface ClusterEnd {
  readonly kind: 'pods' | 'nodes';
  readonly end: FlowEnd;
  readonly text: string | undefined;
}

/** By the snapshot, which nobody changes: for each policy whose changes are looked at its ends are classified anew. */
const knownEnds = new WeakMap<Snapshot, Map<string, readonly ClusterEnd[]>>();

function clusterEnds({ snapshot, family, withUnaddressed = false }: ClassifiedWorlds): readonly ClusterEnd[] {
  const known = knownEnds.get(snapshot) ?? new Map<string, readonly ClusterEnd[]>();
  knownEnds.set(snapshot, known);
  const key = `${family} ${withUnaddressed ? 'all' : 'addressed'}`;
  let ends = known.get(key);
  if (ends === undefined) known.set(key, (ends = findClusterEnds({ snapshot, family, withUnaddressed })));
  return ends;
}

/** Pods and nodes with their addresses of the family; an address is that of a pod before that of a node, as in evaluation. */
function findClusterEnds({
  snapshot,
  family,
  withUnaddressed,
}: Pick<ClassifiedWorlds, 'snapshot' | 'family' | 'withUnaddressed'>): readonly ClusterEnd[] {
  const pods = snapshot.world.endpoints.flatMap((endpoint): ClusterEnd[] => {
    const address = endpoint.addresses.find((candidate) => candidate.family === family);
    if (address !== undefined) return [{ kind: 'pods', end: { kind: 'endpoint', endpoint, address }, text: formatAddress(address) }];
    const isEnd = withUnaddressed === true && endpoint.addresses.length === 0;
    return isEnd ? [{ kind: 'pods', end: { kind: 'endpoint', endpoint }, text: undefined }] : [];
  });
  const taken = new Set(pods.map(({ text }) => text));
  const nodes = snapshot.nodes.flatMap((node) =>
    node.addresses
      .map((address) => ({ kind: 'nodes' as const, end: { kind: 'node' as const, node, address }, text: formatAddress(address) }))
      .filter(({ end, text }) => end.address.family === family && !taken.has(text)),
  );
  return [...pods, ...nodes];
}
