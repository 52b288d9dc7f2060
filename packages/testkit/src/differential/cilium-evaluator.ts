/** The engine over a world with policies of Cilium: everything compiled into the model, and flows judged there. */
import { ciliumCompiler, type PlacedPolicy, podToPlannedEndpoint, type ReferredObjects } from '@weir/compile';
import type { KubeObject } from '@weir/kube';
import {
  type AddressGroupName,
  createPolicyWorld,
  type EngineProfile,
  engineProfiles,
  type FlowQuestion,
  type GroupMember,
  type HostVerdict,
  judgeDirection,
  judgeHosts,
  judgeQuestion,
  type FlowEnd as ModelEnd,
  type PolicyWorld,
  type PolicyWorldOptions,
  type Tier,
} from '@weir/model';
import { type Address, defined, isTransportName, parseAddress, transportNumber } from '@weir/net';
import type { CiliumFlow, CiliumWorld } from '../oracle/cilium/cilium-objects.ts';
import type { CiliumVerdict } from '../oracle/cilium/cilium-oracle.ts';
import { nodeAddresses } from '../oracle/inhabitants.ts';
import type { FlowEnd } from '../oracle/world.ts';
import { endAddress, protocolOf } from './engine-parts.ts';
import { placePolicies } from './placed-evaluator.ts';

/** What policies refer to in a world. */
export function referredIn(world: CiliumWorld): ReferredObjects {
  const byKind: Readonly<Record<string, readonly KubeObject[]>> = {
    CiliumCIDRGroup: world.cidrGroups,
    Service: world.services,
    EndpointSlice: world.endpointSlices,
    Node: world.nodes ?? [],
  };
  const list: ReferredObjects['list'] = ({ kind }, namespace) =>
    (byKind[kind] ?? []).filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
  return { list, get: (kind, name, namespace) => list(kind, namespace).find(({ metadata }) => metadata.name === name) };
}

/** Every policy of the world in the model. */
export function placedPoliciesOf(world: CiliumWorld): readonly PlacedPolicy[] {
  return placePolicies([...world.networkPolicies, ...world.ciliumPolicies], referredIn(world));
}

/** The groups of addresses that rules ask for. */
export function groupsOf(world: CiliumWorld): ReadonlyMap<AddressGroupName, readonly GroupMember[]> {
  const groups = new Map<AddressGroupName, readonly GroupMember[]>();
  for (const [name, texts] of Object.entries(world.resolved))
    groups.set(
      `domain/${name}`,
      texts.map((text) => ({ address: read(text) })),
    );
  for (const { metadata, endpoints = [], ports = [] } of world.endpointSlices) {
    const addresses = endpoints.flatMap((each) => each.addresses.map(read));
    const members = addresses.flatMap((address) =>
      ports.map(({ port = 0, protocol = 'TCP' }) => ({
        address,
        port,
        protocol: transportNumber(isTransportName(protocol) ? protocol : 'TCP'),
      })),
    );
    groups.set(`service/${metadata.namespace}/${metadata.name}`, members);
  }
  return groups;
}

function read(text: string): Address {
  return defined(parseAddress(text), `not an address: ${text}`);
}

/** What a world is for the evaluator. */
export function policyWorldOptionsOf(world: CiliumWorld, profile: EngineProfile = engineProfiles.cilium): PolicyWorldOptions {
  const tiers = new Map<string, Tier>();
  for (const { tier, policy } of placedPoliciesOf(world)) {
    tiers.set(tier.name, { ...tier, policies: [...(tiers.get(tier.name)?.policies ?? []), policy] });
  }
  const labels = new Map(world.namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
  return {
    tiers: [...tiers.values()],
    endpoints: world.pods.flatMap((pod) => podToPlannedEndpoint(pod, labels.get(pod.metadata.namespace) ?? {}) ?? []),
    nodes: (world.nodes ?? []).map((node) => ({ name: node.metadata.name ?? '', addresses: nodeAddresses(node).map(read) })),
    groups: groupsOf(world),
    profile,
    hosts: (world.nodes ?? []).flatMap((node) => ciliumCompiler.hostOfNode?.(node, profile) ?? []),
  };
}

/** Judges flows in one world. */
export class CiliumEvaluator {
  readonly #world: CiliumWorld;
  readonly #policyWorld: PolicyWorld;
  readonly #ends: Map<FlowEnd, ModelEnd> = new Map();

  constructor(world: CiliumWorld, profile?: EngineProfile) {
    this.#world = world;
    this.#policyWorld = createPolicyWorld(policyWorldOptionsOf(world, profile));
  }

  /** The verdict of each direction. */
  verdict(flow: CiliumFlow): CiliumVerdict {
    const question = this.#question(flow);
    const egressAllowed = judgeDirection(this.#policyWorld, question, 'egress').verdict === 'allow';
    const ingressAllowed = judgeDirection(this.#policyWorld, question, 'ingress').verdict === 'allow';
    const hostsAllow = judgeHosts(this.#policyWorld, question).every(({ verdict }) => verdict === 'allow');
    return { allowed: judgeQuestion(this.#policyWorld, question) === 'allow', egressAllowed, ingressAllowed, hostsAllow };
  }

  /** What the nodes on the way say. */
  hostsOf(flow: CiliumFlow): readonly HostVerdict[] {
    return judgeHosts(this.#policyWorld, this.#question(flow));
  }

  #question({ source, destination, protocol, port, icmpType }: CiliumFlow): FlowQuestion {
    const from = this.#end(source);
    return {
      source: from,
      destination: this.#end(destination),
      protocol: protocolOf(protocol, from.address?.family ?? 4),
      ...(port === undefined ? {} : { destinationPort: port }),
      ...(icmpType === undefined ? {} : { icmp: { type: icmpType, code: 0 } }),
    };
  }

  #end(end: FlowEnd): ModelEnd {
    const known = this.#ends.get(end) ?? this.#policyWorld.endAt(endAddress(this.#world, end));
    this.#ends.set(end, known);
    return known;
  }
}
