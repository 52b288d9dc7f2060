/**
 * Compares what the data planes of a cluster's nodes would do with what the oracle says: egress at
 * the source's node, ingress at the destination's.
 */
import { type Address, defined, type Flow, parseAddress } from '@weir/net';
import type { DeltaModel, NodeVerdict } from '../delta-model.ts';
import type { CalicoFlow } from '../oracle/calico/calico-objects.ts';
import type { OracleEngine } from '../oracle/engine-rules.ts';
import { nodeAddresses } from '../oracle/inhabitants.ts';
import { NetworkPolicyOracle } from '../oracle/network-policy-oracle.ts';
import type { FlowEnd, OracleVerdict, World, WorldFlow } from '../oracle/world.ts';
import { flowsOf } from '../random/flows.ts';
import { endAddress, protocolOf } from './engine-parts.ts';
import { renderFlow } from './render-world.ts';

/** Whatever says what one node does with a flow: a model of its data plane, or the running engine. */
export interface NodeJudge {
  judge(flow: Flow, nodeAddresses: readonly Address[]): NodeVerdict;
}

/** One node's judge and which node it is. */
export interface NodeModel<Judge extends NodeJudge = DeltaModel> {
  readonly node: string;
  readonly model: Judge;
}

/** Which flows to compare: those of which the index leaves this remainder. */
export interface FlowSample {
  readonly every: number;
  readonly offset: number;
  /** As which engine the oracle judges. Default: `kubernetes`. */
  readonly engine?: OracleEngine;
  /** Who says what is right. Default: the oracle of Kubernetes' NetworkPolicies alone. */
  readonly oracle?: { verdict(flow: CalicoFlow): OracleVerdict };
  /** The flows to choose from. Default: every flow of the world, with nothing said of source ports and messages. */
  readonly flows?: readonly CalicoFlow[];
}

/**
 * The first flow that a node judges differently from the oracle, as a sentence, or undefined. Also
 * a difference: a pod that no node or the wrong node knows, and an endpoint where there is no pod.
 */
export function findNodeDifference(
  world: World,
  nodes: readonly NodeModel<NodeJudge>[],
  sample: FlowSample = { every: 1, offset: 0 },
): string | undefined {
  const oracle = sample.oracle ?? new NetworkPolicyOracle(world, sample.engine);
  const flows = (sample.flows ?? flowsOf(world)).filter((_, i) => i % sample.every === sample.offset % sample.every);
  const addresses = new Map<FlowEnd, Address>();
  const addressOf = (end: FlowEnd): Address => {
    const known = addresses.get(end) ?? endAddress(world, end);
    addresses.set(end, known);
    return known;
  };
  const own = new Map(nodes.map(({ node }) => [node, ownAddresses(world, node)]));
  for (const flow of flows) {
    const expected = oracle.verdict(flow);
    const packet = packetOf(flow, addressOf);
    for (const { node, model } of nodes) {
      const actual = model.judge(packet, own.get(node) ?? []);
      const wanted = expectedAt(world, node, { flow, expected });
      if (actual.egressAllowed === wanted.egressAllowed && actual.ingressAllowed === wanted.ingressAllowed) continue;
      return `${renderFlow(flow)} at ${node}: oracle ${JSON.stringify(wanted)}, data plane ${JSON.stringify(actual)}`;
    }
  }
  return undefined;
}

/** A flow of the oracle as a packet bears it. */
export function packetOf(flow: CalicoFlow, addressOf: (end: FlowEnd) => Address): Flow {
  const source = addressOf(flow.source);
  return {
    source,
    destination: addressOf(flow.destination),
    protocol: protocolOf(flow.protocol, source.family),
    ...(flow.port === undefined ? {} : { destinationPort: flow.port }),
    ...(flow.sourcePort === undefined ? {} : { sourcePort: flow.sourcePort }),
    ...(flow.icmp === undefined ? {} : { message: flow.icmp.type * 256 + flow.icmp.code }),
  };
}

function expectedAt(world: World, node: string, { flow, expected }: { flow: WorldFlow; expected: OracleVerdict }): NodeVerdict {
  return {
    ...(nodeOfEnd(world, flow.source) === node && { egressAllowed: expected.egressAllowed }),
    ...(nodeOfEnd(world, flow.destination) === node && { ingressAllowed: expected.ingressAllowed }),
  };
}

/** The node of a pod end; ends that `flowsOf` gives as addresses are no pods. */
function nodeOfEnd(world: World, end: FlowEnd): string | undefined {
  if (end.kind === 'address') return undefined;
  return world.pods.find(({ metadata }) => metadata.namespace === end.namespace && metadata.name === end.name)?.spec?.nodeName;
}

function ownAddresses(world: World, name: string): Address[] {
  const node = (world.nodes ?? []).find(({ metadata }) => metadata.name === name);
  return node === undefined ? [] : nodeAddresses(node).map((text) => defined(parseAddress(text), `not an address: ${text}`));
}
