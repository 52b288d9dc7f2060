/** Sets of classes of joint ends as lists of names, and in few words. */
import { describeRanges } from '@weir/connectivity';
import {
  type AddressRange,
  addToGroup,
  type Cidr,
  cidrContains,
  cidrOf,
  cidrRange,
  defined,
  familyBits,
  formatCidr,
  subtractAddressRanges,
  unionOfAddressRanges,
} from '@weir/net';
import { listed } from '@weir/snapshot';
import type { ConnectionComparison } from './changed-connections.ts';
import type { ChangedEndJson } from './diff-json.ts';
import type { JointClass } from './joint-ends.ts';

/** Ends by their names, each once and in order. */
export interface NamedEnds {
  readonly ends: readonly ChangedEndJson[];
  readonly text: string;
  readonly pods: readonly string[];
  readonly nodes: readonly string[];
  /** Whether some are outside of the cluster. */
  readonly hasOutside: boolean;
}

/** So many names are listed before the others are counted. */
const listedMax = 4;

/** Names the ends of one comparison. */
export class EndNames {
  readonly #classes: readonly JointClass[];
  readonly #isWorkload: (name: string) => boolean;
  readonly #parties: ConnectionComparison['parties'];
  readonly #nodeCount: number;
  readonly #podEnds: Map<string, ChangedEndJson> = new Map();

  constructor({ classes, parties }: Pick<ConnectionComparison, 'classes' | 'parties'>, isWorkload: (name: string) => boolean) {
    this.#classes = classes;
    this.#isWorkload = isWorkload;
    this.#parties = parties;
    this.#nodeCount = sortedNames(classes.filter(({ kind }) => kind === 'nodes')).length;
  }

  /** The ends of some classes. */
  of(places: readonly number[]): NamedEnds {
    const chosen = places.flatMap((at) => this.#classes[at] ?? []);
    const of = (kind: JointClass['kind']): JointClass[] => chosen.filter((one) => one.kind === kind);
    const pods = this.#podNames(of('pods'));
    const nodes = sortedNames(of('nodes'));
    const ranges = unionOfAddressRanges(of('outside').flatMap((one) => one.ranges));
    const texts = [this.#podText(pods), this.#nodeText(nodes), this.#outsideText(ranges)];
    return {
      ends: [
        ...pods.map((name) => this.#podEnd(name)),
        ...nodes.map((name) => ({ kind: 'node' as const, name })),
        ...describeRanges(ranges).map((name) => ({ kind: 'outside' as const, name })),
      ],
      text: texts.filter((text) => text !== '').join(' and '),
      pods,
      nodes,
      hasOutside: ranges.length > 0,
    };
  }

  /** Of thousands of pods the order is that of all parties, which is known. */
  #podNames(classes: readonly JointClass[]): readonly string[] {
    const count = classes.reduce((sum, { ends }) => sum + ends.length, 0);
    if (count < fewNames) return sortedNames(classes);
    const { names, places } = orderOf(this.#parties);
    const isNamed = new Uint8Array(names.length);
    for (const { ends } of classes) for (const { name } of ends) isNamed[places.get(name) ?? -1] = 1;
    const found: string[] = [];
    for (let place = 0; place < names.length; place++) if (isNamed[place] === 1) found.push(names[place] ?? '');
    return found;
  }

  /** The same object wherever a pod is named. */
  #podEnd(name: string): ChangedEndJson {
    let end = this.#podEnds.get(name);
    if (end === undefined) this.#podEnds.set(name, (end = { kind: this.#isWorkload(name) ? 'workload' : 'pod', name }));
    return end;
  }

  #podText(names: readonly string[]): string {
    if (names.length > 1 && names.length === countOf(this.#parties)) return `every workload (${names.length})`;
    if (names.length <= listedMax) return names.join(', ');
    const parts = [...byNamespace(names)].map(([namespace, members]) => {
      if (members.length > 1 && members.length === orderOf(this.#parties).ofNamespace.get(namespace))
        return `every workload of ${namespace} (${members.length})`;
      return members.length <= 2 ? members.join(', ') : `${members.slice(0, 2).join(', ')} and ${members.length - 2} more of ${namespace}`;
    });
    return parts.length <= listedMax ? parts.join(', ') : `${names.length} workloads of ${parts.length} namespaces`;
  }

  #nodeText(names: readonly string[]): string {
    if (names.length > 1 && names.length === this.#nodeCount) return `every node (${names.length})`;
    return names.length === 0 ? '' : `node ${listed(names, listedMax)}`;
  }

  #outsideText(ranges: readonly AddressRange[]): string {
    if (ranges.length === 0) return '';
    const blocks = describeRanges(ranges);
    const around = blockAround(ranges);
    const left = describeRanges(subtractAddressRanges([cidrRange(around)], ranges));
    const whole = around.prefixLength === 0 ? 'any address outside' : `outside ${formatCidr(around)}`;
    if (left.length === 0) return around.prefixLength === 0 ? whole : `outside ${listed(blocks, listedMax)}`;
    return left.length + 1 < blocks.length ? `${whole} except ${listed(left, listedMax)}` : `outside ${listed(blocks, listedMax)}`;
  }
}

/** The smallest block that holds all of the ranges, of which there is one at least. */
function blockAround(ranges: readonly AddressRange[]): Cidr {
  const [first, last] = [defined(ranges[0], 'there is a range').first, defined(ranges.at(-1), 'there is a range').last];
  for (let length = familyBits(first.family); ; length--) {
    const block = cidrOf(first, length);
    if (cidrContains(block, last)) return block;
  }
}

/** So few names are sorted sooner than looked up. */
const fewNames = 64;

function sortedNames(classes: readonly JointClass[]): readonly string[] {
  return [...new Set(classes.flatMap(({ ends }) => ends.map(({ name }) => name)))].sort();
}

/** The parties of both sides in order. */
interface PartyOrder {
  readonly after: ReadonlySet<string>;
  readonly names: readonly string[];
  readonly places: ReadonlyMap<string, number>;
  /** How many there are of each namespace. */
  readonly ofNamespace: ReadonlyMap<string, number>;
}

/** By the parties before: edits of one snapshot share them. */
const orders: WeakMap<ReadonlySet<string>, PartyOrder> = new WeakMap();

function orderOf({ before, after }: ConnectionComparison['parties']): PartyOrder {
  let order = orders.get(before);
  if (order === undefined || order.after !== after) {
    const names = [...new Set([...before, ...after])].sort();
    const counts = [...byNamespace(names)].map(([namespace, members]) => [namespace, members.length] as const);
    order = { after, names, places: new Map(names.map((name, place) => [name, place])), ofNamespace: new Map(counts) };
    orders.set(before, order);
  }
  return order;
}

/** How many there are; of two sides that share theirs nobody need be put in order. */
function countOf(parties: ConnectionComparison['parties']): number {
  return parties.before === parties.after ? parties.before.size : orderOf(parties).names.length;
}

function byNamespace(names: readonly string[]): ReadonlyMap<string, string[]> {
  const found = new Map<string, string[]>();
  for (const name of names) {
    const namespace = name.slice(0, name.indexOf('/'));
    addToGroup(found, namespace, name);
  }
  return found;
}
