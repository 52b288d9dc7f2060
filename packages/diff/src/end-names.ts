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

/** Ends by their names. */
export interface NamedEnds {
  readonly ends: readonly ChangedEndJson[];
  readonly text: string;
}

/** So many names are listed before the others are counted. */
const listedMax = 4;

/** Names the ends of one comparison. */
export class EndNames {
  readonly #classes: readonly JointClass[];
  readonly #isWorkload: (name: string) => boolean;
  readonly #all: Readonly<Record<'pods' | 'nodes', number>>;
  readonly #ofNamespace: ReadonlyMap<string, number>;

  constructor({ classes, parties }: Pick<ConnectionComparison, 'classes' | 'parties'>, isWorkload: (name: string) => boolean) {
    this.#classes = classes;
    this.#isWorkload = isWorkload;
    const pods = [...new Set([...parties.before, ...parties.after])];
    this.#all = { pods: pods.length, nodes: namesOf(classes.filter(({ kind }) => kind === 'nodes')).length };
    this.#ofNamespace = new Map([...byNamespace(pods)].map(([namespace, names]) => [namespace, names.length]));
  }

  /** The ends of some classes. */
  of(places: readonly number[]): NamedEnds {
    const chosen = places.flatMap((at) => this.#classes[at] ?? []);
    const of = (kind: JointClass['kind']): JointClass[] => chosen.filter((one) => one.kind === kind);
    const pods = namesOf(of('pods'));
    const nodes = namesOf(of('nodes'));
    const ranges = unionOfAddressRanges(of('outside').flatMap((one) => one.ranges));
    const texts = [this.#podText(pods), this.#nodeText(nodes), this.#outsideText(ranges)];
    return {
      ends: [
        ...pods.map((name) => ({ kind: this.#isWorkload(name) ? ('workload' as const) : ('pod' as const), name })),
        ...nodes.map((name) => ({ kind: 'node' as const, name })),
        ...describeRanges(ranges).map((name) => ({ kind: 'outside' as const, name })),
      ],
      text: texts.filter((text) => text !== '').join(' and '),
    };
  }

  #podText(names: readonly string[]): string {
    if (names.length > 1 && names.length === this.#all.pods) return `every workload (${names.length})`;
    if (names.length <= listedMax) return names.join(', ');
    const parts = [...byNamespace(names)].map(([namespace, members]) => {
      if (members.length > 1 && members.length === this.#ofNamespace.get(namespace))
        return `every workload of ${namespace} (${members.length})`;
      return members.length <= 2 ? members.join(', ') : `${members.slice(0, 2).join(', ')} and ${members.length - 2} more of ${namespace}`;
    });
    return parts.length <= listedMax ? parts.join(', ') : `${names.length} workloads of ${parts.length} namespaces`;
  }

  #nodeText(names: readonly string[]): string {
    if (names.length > 1 && names.length === this.#all.nodes) return `every node (${names.length})`;
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

function namesOf(classes: readonly JointClass[]): string[] {
  return [...new Set(classes.flatMap(({ ends }) => ends.map(({ name }) => name)))].sort();
}

function byNamespace(names: readonly string[]): ReadonlyMap<string, string[]> {
  const found = new Map<string, string[]>();
  for (const name of names) {
    const namespace = name.slice(0, name.indexOf('/'));
    addToGroup(found, namespace, name);
  }
  return found;
}
