/**
 * How many entries of a policy map of eBPF the policies of pods take: one for each identity of a peer, direction, protocol
 * and prefix of ports that a rule names.
 *
 * An identity is a set of labels, as Cilium has it, or a block of addresses; a range of ports is as many prefixes as it takes
 * to cover it. It is an estimate from above: entries that others cover are counted too.
 */
import {
  type AddressGroupName,
  type Endpoint,
  type Policy,
  type PolicyWorld,
  type Rule,
  requiredLabels,
  type Selector,
  type Side,
  selectorKey,
  selectorMatches,
} from '@weir/model';
import { addToGroup, BitSet, cidrsOfRange, formatCidr, type PortRange } from '@weir/net';

/** What pods under the same policies take. */
export interface MapEntries {
  readonly pods: readonly Endpoint[];
  readonly entries: number;
  /** The policy that takes most of them, and how many; undefined where there is none. */
  readonly largest: () => { readonly policy: Policy; readonly entries: number } | undefined;
}

/** The entries by pods under the same policies. */
export function policyMapEntries(world: PolicyWorld): readonly MapEntries[] {
  const identities = new Identities(world.endpoints);
  const groups = new Map<string, { readonly pods: Endpoint[]; readonly policies: readonly Policy[] }>();
  const numbers = new Map<Policy, number>();
  for (const endpoint of world.endpoints) {
    const policies = world.selecting(endpoint).flatMap((tier) => tier.policies);
    for (const policy of policies) if (!numbers.has(policy)) numbers.set(policy, numbers.size);
    const key = policies.map((policy) => numbers.get(policy)).join();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { pods: [endpoint], policies });
    else group.pods.push(endpoint);
  }
  return [...groups.values()].map(({ pods, policies }) => {
    const largest = (): ReturnType<MapEntries['largest']> =>
      policies.map((policy) => ({ policy, entries: entriesOf(world, [policy], identities) })).sort((a, b) => b.entries - a.entries)[0];
    return { pods, entries: entriesOf(world, policies, identities), largest };
  });
}

/** What one protocol and some ports of one direction are open to. */
interface Openness {
  readonly prefixes: number;
  readonly identities: BitSet;
  readonly others: Set<string>;
}

function entriesOf(world: PolicyWorld, policies: readonly Policy[], identities: Identities): number {
  const found = new Map<string, Openness>();
  for (const direction of ['ingress', 'egress'] as const) {
    for (const rule of policies.flatMap((policy) => policy[direction]?.rules ?? [])) {
      if (rule.action === 'log') continue;
      const peer = direction === 'ingress' ? rule.match.source : rule.match.destination;
      for (const { text, prefixes } of portsOf(rule)) {
        const key = `${direction} ${text}`;
        const open = found.get(key) ?? { prefixes, identities: identities.none(), others: new Set() };
        found.set(key, open);
        addPeer(world, peer, { open, identities });
      }
    }
  }
  return [...found.values()].reduce(
    (sum, { prefixes, identities: some, others }) => sum + prefixes * (some.members().length + others.size),
    0,
  );
}

/** Each range of ports of a rule; one for a protocol, or for everything, where it names none. */
function portsOf({ match: { protocol, destination } }: Rule): readonly { readonly text: string; readonly prefixes: number }[] {
  const { ports = [], namedPorts = [] } = destination;
  const ranges = ports.map(({ first, last }) => ({
    text: `${protocol ?? ''} ${first}-${last}`,
    prefixes: portPrefixCount({ first, last }),
  }));
  const named = namedPorts.map((name) => ({ text: `${protocol ?? ''} ${name}`, prefixes: 1 }));
  return ranges.length + named.length > 0 ? [...ranges, ...named] : [{ text: `${protocol ?? 'any'}`, prefixes: 1 }];
}

function addPeer(world: PolicyWorld, side: Side, { open, identities }: { readonly open: Openness; readonly identities: Identities }): void {
  const { selector, notSelector, nets, groups, node, nodes, outside } = side;
  if (selector !== undefined || notSelector !== undefined) {
    const chosen = selector === undefined ? identities.all() : identities.matching(selector);
    open.identities.addAll(notSelector === undefined ? chosen : chosen.without(identities.matching(notSelector)));
  }
  for (const range of nets ?? []) for (const cidr of cidrsOfRange(range)) open.others.add(formatCidr(cidr));
  for (const group of groups ?? []) for (const member of membersOf(world, group)) open.others.add(member);
  if (node !== undefined || nodes !== undefined) open.others.add(`node ${node ?? ''}`);
  if (outside === true) open.others.add('outside');
  const asks = [selector, notSelector, nets, groups, node, nodes, outside].some((asked) => asked !== undefined);
  if (!asks) open.others.add('anybody');
}

/** Names that are not looked up yet stand for one address at least. */
function membersOf(world: PolicyWorld, group: AddressGroupName): readonly string[] {
  const members = world.membersOf(group).map((member, at) => `${group} ${at} ${member.port ?? ''}`);
  return members.length === 0 ? [group] : members;
}

/** How many prefixes of 16 bits cover a range of ports exactly. */
export function portPrefixCount({ first, last }: PortRange): number {
  let count = 0;
  for (let port = first; port <= last; count++) {
    let size = 1;
    while (port % (size * 2) === 0 && port + size * 2 - 1 <= last && size < 65_536) size *= 2;
    port += size;
  }
  return count;
}

/** Labels that are no part of an identity unless Cilium is told so: they differ from pod to pod. */
const unlistedLabels =
  /^(pod-template-hash|pod-template-generation|controller-revision-hash|controller-uid|job-name|statefulset\.kubernetes\.io\/.*|apps\.kubernetes\.io\/pod-index|batch\.kubernetes\.io\/.*)$/;

/** The identities of pods, one pod for each. */
class Identities {
  readonly #pods: readonly Endpoint[];
  readonly #byNamespace = new Map<string, number[]>();
  readonly #matching = new Map<string, BitSet>();

  constructor(endpoints: readonly Endpoint[]) {
    const byLabels = new Map<string, Endpoint>();
    for (const endpoint of endpoints) {
      const { pod, serviceAccount } = endpoint.labels;
      const lasting = Object.entries(pod).filter(([key]) => !unlistedLabels.test(key));
      const key = JSON.stringify([endpoint.namespace, lasting.sort(([a], [b]) => (a < b ? -1 : 1)), serviceAccount]);
      if (!byLabels.has(key)) byLabels.set(key, endpoint);
    }
    this.#pods = [...byLabels.values()];
    for (const [at, { namespace }] of this.#pods.entries()) addToGroup(this.#byNamespace, namespace, at);
  }

  none(): BitSet {
    return BitSet.empty(this.#pods.length);
  }

  all(): BitSet {
    return BitSet.full(this.#pods.length);
  }

  matching(selector: Selector): BitSet {
    const key = selectorKey(selector);
    let found = this.#matching.get(key);
    if (found === undefined) {
      found = this.none();
      for (const at of this.#candidates(selector)) {
        const pod = this.#pods[at];
        if (pod !== undefined && selectorMatches(selector, pod)) found.add(at);
      }
      this.#matching.set(key, found);
    }
    return found;
  }

  /** All that the selector can match: those of a namespace where it names some. */
  #candidates(selector: Selector): Iterable<number> {
    const names = requiredLabels(selector).find(({ label }) => label.space === 'reserved' && label.key === 'namespace')?.values;
    return names === undefined ? this.#pods.keys() : [...new Set(names)].flatMap((name) => this.#byNamespace.get(name) ?? []);
  }
}
