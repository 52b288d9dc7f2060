/**
 * A world to evaluate flows in: tiers, endpoints, nodes, and what is not known of them.
 *
 * Lookups are prepared once: endpoints by address, policies by the namespaces and labels that their subjects
 * require. Which policies select an endpoint is found at the first question and kept, so one flow
 * costs the rules of its two ends and not the policies of the cluster.
 */
import { type Address, type AddressRange, formatAddress } from '@weir/net';
import type { Endpoint } from './endpoint.ts';
import { createGroupLookup, type GroupLookup, type KnownGroups } from './group-lookup.ts';
import type { HostEndpoint } from './host-endpoint.ts';
import { createHostLookup, type HostLookup } from './host-lookup.ts';
import type { HostSettings } from './host-settings.ts';
import { appliesToPods, type Direction, type Policy, type SelectingTier, type Tier } from './model.ts';
import { comparePolicies, compareTiers } from './policy-order.ts';
import { numbersOfNames, withNumberedNames } from './port-name-numbers.ts';
import { type EngineProfile, engineProfiles } from './profile.ts';
import { SubjectIndex } from './subject-index.ts';
import type { FlowEnd, WorldNode } from './verdict.ts';

/** What a world is made of. */
export interface PolicyWorldOptions extends KnownGroups {
  /** In any order; so are the policies in them. */
  readonly tiers: readonly Tier[];
  readonly endpoints: readonly Endpoint[];
  readonly nodes?: readonly WorldNode[];
  /** Namespaces whose labels nobody told, except the name that every namespace has as a label. */
  readonly namespacesWithUnknownLabels?: readonly string[];
  /** Where the addresses of pods lie, where that is known: sorted and disjoint. */
  readonly podRanges?: readonly AddressRange[];
  /** Of engines that know host endpoints. */
  readonly hosts?: readonly HostEndpoint[];
  /** What holds at a node. Default: what the engine has everywhere. */
  readonly hostSettings?: (node: string) => HostSettings;
  /** Default: `kubernetes`. */
  readonly profile?: EngineProfile;
}

/** A prepared world; make it with {@link createPolicyWorld}. */
export interface PolicyWorld extends GroupLookup {
  /** Tiers in order, each with its policies in order. */
  readonly tiers: readonly Tier[];
  readonly endpoints: readonly Endpoint[];
  readonly profile: EngineProfile;
  readonly unknownNamespaces: ReadonlySet<string>;
  /** Where the addresses of pods lie; empty where nobody told. */
  readonly podRanges: readonly AddressRange[];
  /** Nodes by name. */
  readonly nodes: ReadonlyMap<string, WorldNode>;
  readonly hosts: HostLookup;
  /** What holds for the host endpoints of a node. */
  hostSettings(node: string): HostSettings;
  /** Whether anything at hosts has a say, so that it is worth asking. */
  readonly asksHosts: boolean;
  /** The same world with other policies. */
  withTiers(tiers: readonly Tier[]): PolicyWorld;
  /** The same world with other pods. */
  withEndpoints(endpoints: readonly Endpoint[]): PolicyWorld;
  /** Who has this address: a pod before a node before nobody. */
  endAt(address: Address): FlowEnd;
  /** The enforced policies that select the endpoint, by tier; tiers without any are left out. */
  selecting(endpoint: Endpoint): readonly SelectingTier[];
  /** The tiers of which some enforced policy that selects the endpoint isolates it: what {@link selecting} would say, sooner. */
  isolating(endpoint: Endpoint, direction: Direction): readonly Tier[];
}

const noHostSettings: HostSettings = { failsafes: [], podToHost: 'accept' };

/** Prepares a world. */
export function createPolicyWorld(options: PolicyWorldOptions): PolicyWorld {
  return createWorldAround(createGroupLookup(options), options);
}

/** Worlds of which one was made from the other have the same groups, as the same functions. */
function createWorldAround(groups: GroupLookup, options: PolicyWorldOptions): PolicyWorld {
  const profile = options.profile ?? engineProfiles.kubernetes;
  const read = policyReader(profile, options.endpoints);
  const tiers = [...options.tiers].sort(compareTiers).map((tier) => ({ ...tier, policies: tier.policies.map(read).sort(comparePolicies) }));
  const indexes = tiers.map((tier) => ({
    tier,
    index: new SubjectIndex(tier.policies.filter((policy) => !policy.staged && appliesToPods(policy))),
  }));
  let endpointsByAddress: ReadonlyMap<string, Endpoint> | undefined;
  const nodesByAddress = new Map<string, WorldNode>();
  for (const node of options.nodes ?? []) {
    for (const address of node.addresses) nodesByAddress.set(formatAddress(address), node);
  }
  const hosts = profile.hosts === undefined ? [] : (options.hosts ?? []);
  const selecting = new WeakMap<Endpoint, readonly SelectingTier[]>();
  return {
    tiers,
    endpoints: options.endpoints,
    profile,
    nodes: new Map((options.nodes ?? []).map((node) => [node.name, node])),
    hosts: createHostLookup(tiers, hosts),
    hostSettings: options.hostSettings ?? ((): HostSettings => profile.hosts ?? noHostSettings),
    asksHosts: options.hostSettings !== undefined || hostsHaveSay(hosts, tiers, profile),
    podRanges: options.podRanges ?? [],
    unknownNamespaces: new Set(options.namespacesWithUnknownLabels),
    ...groups,
    withTiers: (others) => createWorldAround(groups, { ...options, tiers: others }),
    withEndpoints: (others) => createWorldAround(groups, { ...options, endpoints: others }),
    endAt(address) {
      const key = formatAddress(address);
      endpointsByAddress ??= indexByAddress(options.endpoints);
      const endpoint = endpointsByAddress.get(key);
      if (endpoint !== undefined) return { kind: 'endpoint', endpoint, address };
      const node = nodesByAddress.get(key);
      return node === undefined ? { kind: 'address', address } : { kind: 'node', node, address };
    },
    selecting(endpoint) {
      let found = selecting.get(endpoint);
      if (found === undefined) {
        found = indexes
          .map(({ tier, index }) => ({ tier, policies: index.selecting(endpoint) }))
          .filter(({ policies }) => policies.length > 0);
        selecting.set(endpoint, found);
      }
      return found;
    },
    isolating: (endpoint, direction) =>
      indexes.flatMap(({ tier, index }) => (index.hasSelecting(endpoint, (policy) => policy[direction]?.isolates === true) ? [tier] : [])),
  };
}

/** Hosts that are open while no policy is about them say nothing without one. */
function hostsHaveSay(
  hosts: readonly HostEndpoint[],
  tiers: readonly Tier[],
  { hosts: settings = noHostSettings }: EngineProfile,
): boolean {
  if (hosts.length === 0) return false;
  if (settings.podToHost === 'drop' || settings.podToHost === 'return' || hosts.some(({ otherwise }) => otherwise === 'deny')) return true;
  return tiers.some(({ policies }) => policies.some(({ appliesTo = [] }) => appliesTo.some((one) => one !== 'pods')));
}

function indexByAddress(endpoints: readonly Endpoint[]): ReadonlyMap<string, Endpoint> {
  return new Map(endpoints.flatMap((endpoint) => endpoint.addresses.map((address) => [formatAddress(address), endpoint] as const)));
}

/** What the engine reads in a policy, in a cluster of these pods. */
function policyReader({ egressPortNames }: EngineProfile, endpoints: readonly Endpoint[]): (policy: Policy) => Policy {
  if (egressPortNames === 'of the destination') return (policy) => policy;
  const numberOf = numbersOfNames(endpoints.map(({ namedPorts }) => namedPorts));
  return (policy) => withNumberedNames(policy, numberOf);
}
