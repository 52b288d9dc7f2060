/**
 * Which worlds are tried on packets: NetworkPolicies alone, or several APIs at once. A family makes worlds and what they
 * change into, says what engines are told of one, who knows what is right, and how it is written for a back end that
 * cannot carry all of it.
 */
import {
  type CalicoPolicyObject,
  flowsOf,
  generateChanges,
  generateWorld,
  type HistoryState,
  type MixedFlow,
  MixedOracle,
  type MixedWorld,
  NetworkPolicyOracle,
  type OracleVerdict,
  type PolicyMix,
  toldWorld,
  type World,
  type WorldFlow,
  withMixedPolicies,
} from '@weir/testkit';
import type { BackEnd } from '../packets/back-ends.ts';

/** One family. */
export interface WorldFamily {
  readonly name: 'networkpolicy' | PolicyMix;
  /** The back ends that carry the policies of its worlds, by what is asked of them in `expressibleOn`. */
  readonly backEnds: readonly BackEnd['name'][];
  historyOf(seed: number, changes: number): readonly HistoryState[];
  /** The world in place of one with something that the back end refuses by contract. */
  expressibleOn(backEnd: BackEnd, world: World): World;
  /** What engines hear of. */
  told(world: World): World;
  judge(world: World): { verdict(flow: WorldFlow): OracleVerdict };
  /** Every flow, as a packet of it is. */
  flowsOf(world: World): readonly WorldFlow[];
}

const networkPolicies: WorldFamily = {
  name: 'networkpolicy',
  backEnds: ['nftables', 'iptables', 'ebpf', 'hns'],
  historyOf: (seed, changes) => generateChanges(seed, generateWorld(seed), changes),
  expressibleOn: (backEnd, world) => ({ ...world, networkPolicies: world.networkPolicies.map(backEnd.expressible) }),
  told: (world) => world,
  judge: (world) => new NetworkPolicyOracle(world),
  flowsOf,
};

/** All of them. HNS refuses every ClusterNetworkPolicy, so nothing is mixed there. */
export const worldFamilies: readonly WorldFamily[] = [networkPolicies, ...(['calico', 'cilium', 'all'] as const).map(mixedFamily)];

/** Each state of a history has other policies of the APIs that are mixed. */
function mixedFamily(mix: PolicyMix): WorldFamily {
  return {
    name: mix,
    backEnds: ['nftables', 'iptables', 'ebpf'],
    historyOf: (seed, changes) =>
      generateChanges(seed, generateWorld(seed, { podCountMin: 8, policyCountMin: 2 }), changes).map((state, i) => ({
        ...state,
        world: withMixedPolicies(state.world, seed + i * 1_000, mix),
      })),
    expressibleOn: (backEnd, world) => writtenFor(backEnd.name, asMixed(world)),
    told: (world) => toldWorld(asMixed(world)),
    judge: (world) => new MixedOracle(asMixed(world)),
    flowsOf: (world) => flowsOf(world).map(asPacket),
  };
}

/** Families are asked about worlds that they made. */
function asMixed(world: World): MixedWorld {
  return world as MixedWorld;
}

/** From a port that no rule names, like all packets of the probe; a ping where it is ICMP. */
function asPacket(flow: WorldFlow): MixedFlow {
  if (flow.protocol !== 'ICMP') return { ...flow, sourcePort: 40_000 };
  const isIpv6 = [flow.source, flow.destination].some((end) => (end.kind === 'pod' ? end.family === 6 : end.address.includes(':')));
  const type = isIpv6 ? 128 : 8;
  return { ...flow, icmpType: type, icmp: { type, code: 0 } };
}

type CalicoRule = NonNullable<CalicoPolicyObject['spec']['ingress']>[number];

/** Without source ports on eBPF, and without excluded names of ports of peers on iptables, which refuse such rules. */
function writtenFor(backEnd: BackEnd['name'], world: MixedWorld): MixedWorld {
  const rewrite = backEnd === 'ebpf' ? withoutSourcePorts : backEnd === 'iptables' ? withoutExcludedNames : undefined;
  if (rewrite === undefined) return world;
  const policyObjects = world.policyObjects.map((object) => (isOfCalico(object) ? rewritten(object, rewrite) : object));
  return { ...world, policyObjects };
}

function isOfCalico(object: MixedWorld['policyObjects'][number]): object is CalicoPolicyObject {
  return object.apiVersion === 'projectcalico.org/v3';
}

function rewritten({ spec, ...object }: CalicoPolicyObject, rewrite: (rule: CalicoRule) => CalicoRule): CalicoPolicyObject {
  const { ingress, egress } = spec;
  return {
    ...object,
    spec: { ...spec, ...(ingress && { ingress: ingress.map(rewrite) }), ...(egress && { egress: egress.map(rewrite) }) },
  };
}

function withoutSourcePorts({ source, ...rule }: CalicoRule): CalicoRule {
  if (source === undefined) return rule;
  const { ports: _, notPorts: __, ...others } = source;
  return { ...rule, source: others };
}

function withoutExcludedNames({ destination, ...rule }: CalicoRule): CalicoRule {
  if (destination === undefined) return rule;
  const { notPorts = [], ...others } = destination;
  const numbers = notPorts.filter((port) => typeof port === 'number' || /^[0-9]/.test(port));
  return { ...rule, destination: { ...others, ...(numbers.length === 0 ? {} : { notPorts: numbers }) } };
}
